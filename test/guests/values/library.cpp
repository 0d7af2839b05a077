// Values of C++'s library that are built of others, to be looked at where the process stands at "here".
#include <atomic>
#include <bitset>
#include <chrono>
#include <complex>
#include <deque>
#include <forward_list>
#include <functional>
#include <map>
#include <memory>
#include <queue>
#include <set>
#include <span>
#include <stack>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>

struct Point {
    int x = 1;
    double y = 2.5;
};

static int twice(int x) { return 2 * x; }

int main() {
    std::variant<int, std::string, Point> text = std::string("text");
    std::variant<int, std::string, Point> point = Point();
    std::variant<int, std::string> number = 7;
    std::function<int(int)> closure = [&number](int by) { return by + (int)number.index(); };
    std::function<int(int)> plain = twice;
    std::function<int(int)> none;
    int (*pointer)(int) = twice;
    std::bitset<10> bits(0x2a5);
    std::complex<double> complex(1, -2);
    std::stack<int> stack;
    stack.push(4);
    std::queue<std::string> queue;
    queue.push("head");
    std::priority_queue<int> heap;
    heap.push(3);
    heap.push(9);
    std::chrono::milliseconds wait(1500);
    std::chrono::hours hours(-2);
    std::u16string wide = u"wide é";
    std::u32string wider = U"a text that is too long to be inside \U0001F600";
    std::wstring widest = L"w";
    std::u16string_view view = u"view";
    wchar_t letter = L'é';
    int numbers[2][3] = {{1, 2, 3}, {4, 5, 6}};
    long double precise = -1.25L;
    std::atomic<int> atomic(77);
    std::forward_list<int> forward{4, 5, 6};
    std::span<int> span(numbers[1]);
    std::shared_ptr<int> shared = std::make_shared<int>(8);
    std::weak_ptr<int> weak = shared;
    std::nullptr_t nothing = nullptr;
    std::map<std::string, int> ages{{"one", 1}, {"two", 2}};
    std::unordered_map<int, Point> points{{7, Point()}};
    std::set<int> set{3};
    std::deque<int> deque{1, 2};
    auto entry = ages.find("two");
    auto end = ages.end();
    auto place = points.begin();
    auto away = points.find(0);
    auto member = set.begin();
    auto second = deque.begin() + 1;
    char name[8] = "a name";
    atomic++;
    return closure(1) + plain(2) + pointer(3) + (int)bits.count() + (int)complex.real() + stack.top() + (int)queue.size() +
           heap.top() + (int)wait.count() + (int)hours.count() + (int)wide.size() + (int)wider.size() + (int)widest.size() +
           (int)view.size() + (int)letter + numbers[1][2] + (int)precise + (int)text.index() + (int)point.index() + !none; // here
}
