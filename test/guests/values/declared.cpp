// Classes that are only declared here and defined in another source, to be looked at where the process stands at "here".
namespace shop {
class Till;
template <typename Value> struct Drawer;
struct Unknown;
} // namespace shop
struct Twice;
namespace {
struct Hidden;
}

shop::Till *till();
shop::Drawer<int> *drawer();
shop::Unknown *unknown();
Twice *twice();
void *hidden();

static int show(shop::Till *a_till, shop::Drawer<int> &a_drawer, shop::Unknown *an_unknown, Twice *a_twice) {
  Hidden *a_hidden = (Hidden *)hidden();
  return a_till == nullptr; // here
}

extern "C" __attribute__((export_name("_start"))) void start() { show(till(), *drawer(), unknown(), twice()); }
