// What C programs do with pointers and types, to be looked at where the process stands at "here".
#include <stddef.h>
#include <stdint.h>

#define EXPORT(name) __attribute__((export_name(name)))

typedef uint_least16_t char16_t;
typedef uint_least32_t char32_t;
typedef struct point {
    int x, y;
} point_t;
typedef enum color { RED, GREEN = 5, BLUE } color_t;
/** More constants than most enums have. */
#define TEN(start) start##0, start##1, start##2, start##3, start##4, start##5, start##6, start##7, start##8, start##9
#define HUNDRED(start)                                                                                                  \
    TEN(start##0), TEN(start##1), TEN(start##2), TEN(start##3), TEN(start##4), TEN(start##5), TEN(start##6),            \
        TEN(start##7), TEN(start##8), TEN(start##9)
enum code { HUNDRED(CODE_0), HUNDRED(CODE_1), HUNDRED(CODE_2), HUNDRED(CODE_3), CODE_LAST = 4000 };
typedef int (*operation)(int, int);
struct list {
    int count;
    int items[];
};
struct header {
    unsigned char length;
    char text[];
};

static const int unused = 256;

static int add(int a, int b) {
    return a + b;
}

static int multiply(int a, int b) {
    return a * b;
}

static inline __attribute__((always_inline)) int next_id(void) {
    static int last_id = 100;
    last_id += 3;
    return last_id; // inlined
}

__attribute__((noinline)) static int show(void *buffer) {
    static const size_t discarded = 256;
    int numbers[4] = {10, 20, 30, 40};
    int *second = &numbers[1];
    struct point points[3] = {{1, 2}, {3, 4}, {5, 6}};
    struct point *first = points;
    point_t *nothing = NULL;
    void *untyped = points;
    struct header *missing = NULL;
    const char *missing_text = NULL;
    struct list *list = buffer;
    struct header *header = (struct header *)((char *)buffer + 64);
    const char *text = "some text";
    char name[16] = "a name";
    double _Complex wave = 1.0 + 2.0i;
    float _Complex small_wave = 1.5f - 0.5fi;
    volatile long double precise = 2.5L;
    int number = 6;
    int negative = -1;
    unsigned char byte = 200;
    char letter = '\001';
    color_t color = GREEN;
    enum code code = CODE_321;
    enum code no_code = 3999;
    operation apply = add;
    wchar_t wide[8] = L"w\u00efde";
    const wchar_t *wide_pointer = L"more";
    char16_t short_text[4] = u"sh";
    char32_t long_text[4] = U"lo";
    list->count = 3;
    for (int i = 0; i < 3; i++) list->items[i] = 7 * i;
    header->length = 2;
    header->text[0] = 'h';
    header->text[1] = 'i';
    header->text[2] = 0;
    return (int)discarded + *second + first->x + !nothing + !untyped + !missing + !missing_text + text[0] + name[0] +
           (int)__real__ wave + (int)__real__ small_wave + number + negative + byte + letter + color +
           apply(1, 2) + code + no_code + wide[0] + wide_pointer[0] + short_text[0] + (int)long_text[0]; // here
}

EXPORT("_start") void start(void) {
    static char buffer[128];
    operation other = multiply;
    show(buffer);
    other(next_id(), unused);
}
