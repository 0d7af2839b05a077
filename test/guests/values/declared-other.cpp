// The other source of declared.cpp, which defines its classes.
namespace shop {
struct Coin {
  int worth = 20;
};
class Till {
  int total = 7;
  Coin coin;
  Till *next = nullptr;
  friend int use(Till *);
};
int use(Till *till) { return till->total; }
struct Unknown;
template <typename Value> struct Drawer {
  Value value;
};
struct Wrong {
  struct Till {
    char other[3];
  };
};
} // namespace shop
struct Twice {
  int once = 1;
};
namespace {
struct Hidden {
  int secret = 3;
};
} // namespace

static shop::Till the_till;
static shop::Drawer<int> the_drawer = {5};
static Twice the_twice;
static Hidden the_hidden;
static shop::Wrong::Till the_wrong;

shop::Till *till() { return the_wrong.other[0] ? nullptr : &the_till; }
shop::Drawer<int> *drawer() { return &the_drawer; }
shop::Unknown *unknown() { return (shop::Unknown *)&the_till; }
Twice *twice() { return &the_twice; }
void *hidden() { return &the_hidden; }
