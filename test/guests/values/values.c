// A value of each kind, to be looked at where the process stands at "here". Tests of the debugger have a table of them.
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EXPORT(name) __attribute__((export_name(name)))

struct point {
    int x, y;
};
struct node {
    int value;
    struct node *next;
};
struct flags {
    unsigned ready : 1;
    int level : 5;
    unsigned : 3;
    unsigned long long wide : 40;
};
union number {
    int32_t whole;
    float real;
    uint8_t bytes[4];
};
struct outer {
    struct {
        int inside;
        union {
            int left;
            int right;
        };
    };
    struct point corners[2];
};
enum color { RED, GREEN = 5, BLUE = -2 };
enum option { BOLD = 1, ITALIC = 2, UNDERLINED = 4 };
typedef struct node node_t;
typedef int (*operation)(int, int);
typedef unsigned long size;

static int counter = 3;
const char *greeting = "hello, world";

static int add(int a, int b) {
    return a + b;
}

static int calls(void) {
    static int count = 7;
    return ++count;
}

__attribute__((noinline)) static int show(int count, const char *name, struct point *corner, int rest[4]) {
    signed char tiny = -5;
    unsigned char byte = 200;
    char letter = 'x';
    char control = '\n';
    short small = -300;
    unsigned short word = 60000;
    long long big = -9000000000000000000ll;
    unsigned long long huge = 18446744073709551615ull;
    float third = 1.0f / 3;
    double pi = 3.141592653589793;
    bool yes = true, no = false;
    enum color color = GREEN;
    enum color strange = (enum color)9;
    enum option options = (enum option)(BOLD | UNDERLINED);
    struct flags flags = {1, -3, 0x123456789a};
    union number number = {.real = 1.5f};
    struct outer outer = {{10, {.left = 20}}, {{1, 2}, {3, 4}}};
    int numbers[5] = {10, 20, 30, 40, 50};
    int grid[2][3] = {{1, 2, 3}, {4, 5, 6}};
    char text[16] = "in an array";
    const char *nothing = NULL;
    const char *quoted = "a \"quote\"\tand \xc3\xa9";
    struct point here = {3, -4};
    struct point *pointer = &here;
    int *second = &numbers[1];
    int **twice = &second;
    void *anything = &here;
    node_t last = {2, NULL};
    node_t first = {1, &last};
    operation apply = add;
    size length = 42;
    volatile const int constant = 11;
    int many[3000];
    for (int i = 0; i < 3000; i++) many[i] = i * i;
    {
        int count = numbers[0] + calls();
        counter += count;
        return count + apply(1, 2) + tiny + byte + letter + control + small + word + (int)big + (int)huge + (int)third +
               (int)pi + yes + no + color + strange + options + flags.level + number.whole + outer.inside + grid[1][1] +
               text[0] + !nothing + quoted[0] + pointer->x + **twice + !anything + first.next->value + (int)length +
               constant + many[9] + name[0] + corner->y + rest[0]; // here
    }
}

static int result;

EXPORT("_start") void start(void) {
    struct point corner = {100, 200};
    int rest[4] = {7, 8, 9, 10};
    result = show(12, "a name", &corner, rest);
    result += counter + greeting[0]; // after
}
