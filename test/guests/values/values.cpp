// A value of each kind, to be looked at where the process stands at "here". Tests of the debugger have a table of them.
#include <array>
#include <deque>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <vector>

namespace shop {
enum class Kind : unsigned char { Fruit, Vegetable = 3 };

class Item {
  public:
    Item(std::string name, int price) : name(std::move(name)), price(price) {}
    virtual ~Item() = default;
    std::string name;

  protected:
    int price;
};

class Apple : public Item {
  public:
    explicit Apple(int price) : Item("apple", price) {}
    Kind kind = Kind::Fruit;
};

struct Box {
    static int made;
    int id = ++made;
};
int Box::made = 4;
} // namespace shop

static int total = 6;

template <typename Value> struct Pair {
    Value first;
    Value second;
};

__attribute__((noinline)) static int show(const std::string &name, shop::Apple &apple, shop::Box &&box) {
    std::string brief = "short";
    std::string lengthy = "a text that is too long to be kept inside";
    std::string empty;
    std::string_view view = "a view";
    std::vector<int> numbers = {1, 2, 3};
    std::vector<std::string> words = {"one", "two"};
    std::vector<bool> bits = {true, false, true};
    std::vector<int> none;
    std::array<short, 3> few = {7, 8, 9};
    std::map<int, std::string> names = {{2, "two"}, {1, "one"}, {3, "three"}};
    std::set<int> unique = {5, 3, 4};
    std::unordered_map<std::string, int> counts = {{"many", 100}};
    std::list<int> list = {1, 2};
    std::deque<int> queue = {4, 5, 6};
    std::unique_ptr<shop::Item> owned = std::make_unique<shop::Apple>(9);
    std::unique_ptr<int> no_one;
    std::shared_ptr<int> shared = std::make_shared<int>(77);
    std::optional<int> some = 5;
    std::optional<int> nothing;
    std::pair<int, char> pair = {1, 'b'};
    std::tuple<int, bool, double> tuple = {1, true, 2.5};
    Pair<float> halves = {0.5f, 1.5f};
    shop::Kind kind = shop::Kind::Vegetable;
    int value = 3;
    int &reference = value;
    wchar_t wide = L'é';
    char32_t rune = U'ß';
    auto closure = [value, &numbers](int by) { return value * by + (int)numbers.size(); };
    total += closure(2) + (int)brief.size() + (int)lengthy.size() + (int)empty.size() + (int)view.size() +
             (int)words.size() + (int)bits.size() + (int)none.size() + few[0] + (int)names.size() + (int)unique.size() +
             (int)counts.size() + (int)list.size() + (int)queue.size() + !owned + !no_one + *shared + *some +
             nothing.has_value() + pair.first + std::get<0>(tuple) + (int)halves.first + (int)kind + reference +
             (int)wide + (int)rune + (int)name.size() + (int)apple.kind + box.id; // here
    return total;
}

int main() {
    shop::Apple apple(3);
    return show("a name", apple, shop::Box()) > 0 ? 0 : 1;
}
