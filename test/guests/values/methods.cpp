// A method and an enum. Tests of the debugger use them in conditions, where "here" stands.
enum class Kind : unsigned char { Fruit, Vegetable = 3 };

struct Shelf {
    int count;
    Kind kind;
    struct {
        short width;
    } size;
    const char *label;

    __attribute__((noinline)) int price(int each) {
        int sum = each * count;
        return sum + size.width + (int)kind + (label != nullptr); // here
    }
};

int total;

extern "C" __attribute__((export_name("_start"))) void start() {
    Shelf shelf = {4, Kind::Vegetable, {7}, "top"};
    total = shelf.price(5);
}
