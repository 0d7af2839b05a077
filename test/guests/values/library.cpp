// Values of C++'s library that are built of others, to be looked at where the process stands at "here".
#include <any>
#include <array>
#include <atomic>
#include <bitset>
#include <chrono>
#include <complex>
#include <deque>
#include <forward_list>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <queue>
#include <set>
#include <span>
#include <sstream>
#include <stack>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <valarray>
#include <variant>
#include <vector>

struct Point {
    int x = 1;
    double y = 2.5;
};

struct Large {
    int numbers[8] = {1};
};

struct Root {
    int root = 1;
    virtual ~Root() = default;
};
struct Left : virtual Root {
    int left = 2;
};
struct Right : virtual Root {
    int right = 3;
};
struct Diamond : Left, Right {
    int both = 4;
    int sum(int more) const { return left + right + more; }
    virtual int product() { return left * right; }
};

struct Failure : std::runtime_error {
    explicit Failure(int code) : std::runtime_error("it failed"), code(code) {}
    int code;
};

thread_local int of_thread = 8;

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
    std::any nothing_held;
    std::any small = 5;
    std::any held = std::string("held");
    std::any large = Large();
    std::list<Point> list{{1, 2}, {3, 4}};
    auto link = list.begin();
    auto list_end = list.end();
    std::vector<int> vector{1, 2, 3};
    auto backwards = vector.rbegin();
    std::vector<bool> flags{false, true};
    auto flag = flags[1];
    std::chrono::system_clock::time_point date(std::chrono::milliseconds(1500000000250));
    std::chrono::steady_clock::time_point since(std::chrono::milliseconds(1500));
    auto day = std::chrono::year(2024) / 2 / 29;
    std::tuple<> no_tuple;
    std::array<int, 0> no_array;
    std::valarray<int> valarray{1, 2};
    std::ostringstream out;
    out << "text " << 5;
    std::istringstream in("in put");
    int Point::*member_pointer = &Point::x;
    int (Diamond::*method)(int) const = &Diamond::sum;
    int (Diamond::*virtual_method)() = &Diamond::product;
    int (Diamond::*no_method)() = nullptr;
    int (&function)(int) = twice;
    Diamond diamond;
    Root *root = &diamond;
    Failure failure(7);
    std::exception &exception = failure;
    std::out_of_range range("too far");
    int length = 3;
    int variable[length];
    for (int i = 0; i < length; i++) variable[i] = 10 * i;
    atomic++;
    return closure(1) + plain(2) + pointer(3) + (int)bits.count() + (int)complex.real() + stack.top() + (int)queue.size() +
           heap.top() + (int)wait.count() + (int)hours.count() + (int)wide.size() + (int)wider.size() + (int)widest.size() +
           (int)view.size() + (int)letter + numbers[1][2] + (int)precise + (int)text.index() + (int)point.index() + !none + link->x + *backwards + flag + (diamond.*method)(1) + (diamond.*virtual_method)() +
           (point.index() ? 1 : Point().*member_pointer) + function(1) + root->root + failure.code + variable[1] + of_thread; // here
}
