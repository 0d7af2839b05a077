// Prices carts. At the end of each line that has code stands, in brackets, which tests reach it.
#define TEST(name) __attribute__((export_name("#lunatic_test_" #name))) void name(void)

static int total;

static int price(int count) { // [bulk few]
  int sum = count * 3; // [bulk few]
  if (sum > 30) // [bulk few]
    sum -= sum / 10; // [bulk]
  return sum; // [bulk few]
}

static int never_called(int count) { // []
  return count + 1; // []
}

static inline __attribute__((always_inline)) int doubled(int count) {
  return 2 * count; // [bulk]
}

static int kind(int code) { // [kinds]
  switch (code) { // [kinds]
    case 0:
      return 10; // []
    case 1:
      return 11; // [kinds]
    default:
      return 12; // [kinds]
  }
} // [kinds]

static void check(int is_right) { // [stops]
  if (!is_right) // [stops]
    __builtin_trap(); // [stops]
} // []

TEST(few) { // [few]
  for (int i = 0; i < 3; i++) // [few]
    total += price(i); // [few]
} // [few]

TEST(bulk) { // [bulk]
  total += doubled(price(40)); // [bulk]
  if (total < 0) // [bulk]
    total = never_called(total); // []
} // [bulk]

TEST(kinds) { // [kinds]
  total = kind(1) + kind(7); // [kinds]
} // [kinds]

TEST(stops) { // [stops]
  total = 1; // [stops]
  check(total == 2); // [stops]
  total = 3; // []
} // []
