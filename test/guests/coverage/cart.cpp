// Prices carts. At the end of each line that has code stands, in brackets, which tests reach it.
#include <algorithm>
#include <vector>

#define TEST(name) extern "C" __attribute__((export_name("#lunatic_test_" #name))) void name()

static int total;

template <typename T>
static T largest(T a, T b) { // [generic]
  if (a > b) // [generic]
    return a; // [generic]
  return b; // [generic]
} // [generic]

class Cart { // [bulk few]
 public:
  explicit Cart(int discount) : discount(discount) {} // [bulk few]

  void add(int count) { counts.push_back(count); } // [bulk few]

  int price() const { // [bulk few]
    int sum = 0; // [bulk few]
    std::for_each(counts.begin(), counts.end(), [&](int count) { // [bulk few]
      sum += 3 * count; // [bulk few]
    }); // [bulk few]
    if (sum > 30) // [bulk few]
      sum -= discount; // [bulk]
    return sum; // [bulk few]
  }

  // Nobody calls it, so the compiler makes no code of it.
  bool is_empty() const { return counts.empty(); }

 private:
  std::vector<int> counts;
  int discount;
};

static int never_called(int count) { // []
  return count + 1; // []
}

TEST(few) { // [few]
  Cart cart(5); // [few]
  for (int i = 0; i < 3; i++) // [few]
    cart.add(i); // [few]
  total += cart.price(); // [few]
} // [few]

TEST(bulk) { // [bulk]
  Cart cart(5); // [bulk]
  cart.add(40); // [bulk]
  total += cart.price(); // [bulk]
  if (total < 0) // [bulk]
    total = never_called(total); // []
} // [bulk]

TEST(generic) { // [generic]
  total = largest(1, 2); // [generic]
  total += static_cast<int>(largest(2.5, 1.5)); // [generic]
} // [generic]
