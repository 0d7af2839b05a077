/**
 * A program in C++ with exceptions: parses and evaluates expressions, most of which are right, and catches what is thrown
 * for the others some calls above.
 *
 *     clang++ --target=wasm32-wasi --sysroot=/usr -O2 -fwasm-exceptions -fno-rtti -nostdinc++ -nostdlib++ -s
 *         -o exceptions.wasm exceptions.cpp
 *
 * What a C++ runtime brings is in here as far as this program needs it: there is one type of exceptions, `int`.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

struct Error {
  int position;
  int code;
};

extern "C" {
struct LandingPad {
  uintptr_t index;
  uintptr_t lsda;
  uintptr_t selector;
} __wasm_lpad_context;

/** What `typeid(int)` refers to. */
extern const char type_of_int asm("_ZTIi");
const char type_of_int = 0;

static char thrown[sizeof(void *)] __attribute__((aligned(16)));

void *__cxa_allocate_exception(size_t) { return thrown; }
void __cxa_free_exception(void *) {}
[[noreturn]] void __cxa_throw(void *object, void *, void *) { __builtin_wasm_throw(0, object); }
void *__cxa_begin_catch(void *object) { return object; }
void __cxa_end_catch() {}
[[noreturn]] void __cxa_rethrow() { __builtin_wasm_throw(0, thrown); }
int _Unwind_CallPersonality(void *) {
  __wasm_lpad_context.selector = 1;
  return 0;
}
int __gxx_wasm_personality_v0(int, int, uint64_t, void *, void *) { return 0; }
[[noreturn]] void __cxa_pure_virtual() { abort(); }
}

namespace std {
[[noreturn]] void terminate() noexcept { abort(); }
}

static int alive;

/** Something that must be released on every way out. */
struct Scope {
  Scope() { alive++; }
  ~Scope() { alive--; }
};

static Error error;

struct Node {
  virtual int64_t value(int64_t x) const = 0;
};

struct Number final : Node {
  int64_t number = 0;
  int64_t value(int64_t) const override { return number; }
};

struct Variable final : Node {
  int64_t value(int64_t x) const override { return x; }
};

struct Operation final : Node {
  char sign = 0;
  const Node *left = nullptr, *right = nullptr;
  int64_t value(int64_t x) const override {
    int64_t a = left->value(x), b = right->value(x);
    switch (sign) {
      case '+': return a + b;
      case '-': return a - b;
      case '*': return a * b;
      default:
        if (b == 0) {
          error = {0, 2};
          throw 2;
        }
        return a / b;
    }
  }
};

class Parser {
 public:
  explicit Parser(const char *text) : text(text) {}

  const Node *expression() {
    Scope scope;
    const Node *left = term();
    while (text[at] == '+' || text[at] == '-') {
      char sign = text[at++];
      left = operation(sign, left, term());
    }
    return left;
  }

 private:
  const char *text;
  int at = 0, used = 0;
  Operation operations[32];
  Number numbers[32];
  Variable variable;

  const Node *operation(char sign, const Node *left, const Node *right) {
    if (used == 32) fail(3);
    Operation &made = operations[used++];
    made.sign = sign;
    made.left = left;
    made.right = right;
    return &made;
  }

  const Node *term() {
    Scope scope;
    const Node *left = factor();
    while (text[at] == '*' || text[at] == '/') {
      char sign = text[at++];
      left = operation(sign, left, factor());
    }
    return left;
  }

  const Node *factor() {
    Scope scope;
    if (text[at] == 'x') {
      at++;
      return &variable;
    }
    if (text[at] == '(') {
      at++;
      const Node *inner = expression();
      if (text[at++] != ')') fail(4);
      return inner;
    }
    if (text[at] < '0' || text[at] > '9') fail(1);
    if (used == 32) fail(3);
    Number &made = numbers[used++];
    made.number = 0;
    while (text[at] >= '0' && text[at] <= '9') made.number = made.number * 10 + (text[at++] - '0');
    return &made;
  }

  // Inlined, this ends clang 14 by an error of its own.
  __attribute__((noinline)) void fail(int code) {
    error = {at, code};
    throw code;
  }
};

static const char *const texts[] = {
    "1+2*3-4", "(x+1)*(x-1)", "x*x*x-3*x+7", "((x))+((2))*((3))", "100/(x+1)", "12*(34+56*(78-x))/9",
    "7*(8+9", "x-1-2-3-4-5-6", "1+(2*(3+(4*(5+(6*x)))))", "x/(x-x)", "2*+3", "(x*2+1)*(x*3+2)*(x*5+3)",
};

static int64_t total;
static int failed;

static void evaluate(const char *text, int x) {
  Scope scope;
  Parser parser(text);
  const Node *root = parser.expression();
  for (int i = 0; i < 40; i++) total += root->value(x + i) & 0xffff;
}

static void attempt(const char *text, int x) {
  try {
    evaluate(text, x);
  } catch (int) {
    failed += error.code;
  }
}

int main(int count, char **arguments) {
  int rounds = count > 1 ? atoi(arguments[1]) : 1000;
  for (int round = 0; round < rounds; round++)
    for (const char *text : texts)
      if (round % 16 == 0 || (text[0] != '7' && text[2] != '+' && text[1] != '/')) attempt(text, round);
  printf("%lld %d %d\n", (long long)total, failed, alive);
  return 0;
}
