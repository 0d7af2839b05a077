// Objects of C++ behind pointers to their base classes, to be looked at where the process stands at "here".
#include <memory>
#include <string>
#include <vector>

namespace shop {
class Item {
  public:
    explicit Item(int price) : price(price) {}
    virtual ~Item() = default;
    virtual int total() const { return price; }
    int price;
};

class Fruit : public Item {
  public:
    Fruit(std::string name, int price) : Item(price), name(std::move(name)) {}
    std::string name;
};

namespace inner {
class Apple final : public Fruit {
  public:
    Apple(int price, bool sour) : Fruit("apple", price), sour(sour) {}
    int total() const override { return price * 2; }
    bool sour;
};
} // namespace inner

struct Named {
    virtual const char *label() const { return "named"; }
    long id = 77;
};

// A second base stands behind the first one.
class Basket : public Item, public Named {
  public:
    Basket() : Item(1) {}
    int count = 3;
};

template <typename Value, int most> class Box : public Item {
  public:
    explicit Box(Value value) : Item(5), value(value) {}
    Value value;
};
} // namespace shop

struct Plain {
    int x = 1;
};
struct Widened : Plain {
    int y = 2;
};

namespace {
struct Hidden : shop::Item {
    Hidden() : Item(9) {}
    int secret = 42;
};
} // namespace

__attribute__((noinline)) static int show(const shop::Item &reference, shop::Item *pointer, shop::Named *second,
                                          const Plain *plain) {
    shop::Item base(4);
    shop::Item *same = &base;
    shop::Item *nobody = nullptr;
    std::unique_ptr<shop::Item> owned = std::make_unique<shop::inner::Apple>(6, false);
    std::shared_ptr<shop::Item> shared = std::make_shared<shop::Fruit>("pear", 8);
    std::unique_ptr<shop::Item> numbers = std::make_unique<shop::Box<int, 3>>(31);
    std::unique_ptr<shop::Item> letters = std::make_unique<shop::Box<const char *, 3>>("text");
    std::unique_ptr<shop::Item> hidden = std::make_unique<Hidden>();
    std::vector<shop::Item *> all = {pointer, owned.get(), same};
    struct Local : shop::Item {
        Local() : Item(3) {}
        int mine = 12;
    } local;
    shop::Item *own = &local;
    int sum = reference.price + same->total() + !nobody + shared->price + (int)all.size() + second->id + plain->x +
              numbers->total() + letters->total() + hidden->total() + own->total(); // here
    return sum;
}

int main() {
    shop::inner::Apple apple(2, true);
    shop::Basket basket;
    shop::Fruit fruit("plum", 3);
    Widened widened;
    return show(apple, &fruit, &basket, &widened) > 0 ? 0 : 1;
}
