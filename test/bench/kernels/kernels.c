/* The kernels of kernels.ts in C, freestanding: what clang and rustc make of loops. Each returns a checksum. */
typedef unsigned int u32;
typedef unsigned char u8;
typedef unsigned long long u64;

#define EXPORT(name) __attribute__((export_name(#name)))

static u8 bytes[1 << 20];
static u32 words[1 << 16];
static double reals[3 * 96 * 96];

static u32 seed;
static u32 next(void) { return seed = seed * 1664525u + 1013904223u; }

EXPORT(fib) u32 fib(u32 n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }

EXPORT(sieve) u32 sieve(u32 rounds) {
  u32 found = 0;
  while (rounds--) {
    u32 limit = 1 << 18;
    for (u32 i = 0; i < limit; i++) bytes[i] = 1;
    for (u32 i = 2; i * i < limit; i++)
      if (bytes[i])
        for (u32 j = i * i; j < limit; j += i) bytes[j] = 0;
    for (u32 i = 2; i < limit; i++) found += bytes[i];
  }
  return found;
}

EXPORT(matrix) u32 matrix(u32 rounds) {
  enum { n = 96 };
  double *a = reals, *b = reals + n * n, *c = reals + 2 * n * n;
  for (int i = 0; i < n * n; i++) a[i] = i % 7, b[i] = i % 5;
  while (rounds--)
    for (int i = 0; i < n; i++)
      for (int j = 0; j < n; j++) {
        double sum = 0;
        for (int k = 0; k < n; k++) sum += a[i * n + k] * b[k * n + j];
        c[i * n + j] = sum;
      }
  return (u32)c[n * n - 1];
}

EXPORT(mandelbrot) u32 mandelbrot(u32 size) {
  u32 inside = 0;
  for (u32 py = 0; py < size; py++)
    for (u32 px = 0; px < size; px++) {
      double cx = 3.0 * px / size - 2.0, cy = 2.0 * py / size - 1.0, x = 0, y = 0;
      int i = 0;
      for (; i < 200 && x * x + y * y < 4.0; i++) {
        double t = x * x - y * y + cx;
        y = 2 * x * y + cy;
        x = t;
      }
      inside += i == 200;
    }
  return inside;
}

EXPORT(nbody) u32 nbody(u32 steps) {
  static double p[5][3], v[5][3], m[5];
  for (int i = 0; i < 5; i++) {
    m[i] = 1.0 / (i + 1);
    for (int k = 0; k < 3; k++) p[i][k] = i * 3 + k, v[i][k] = 0.01 * (k - i);
  }
  while (steps--) {
    for (int i = 0; i < 5; i++)
      for (int j = i + 1; j < 5; j++) {
        double d[3], r2 = 0.01;
        for (int k = 0; k < 3; k++) d[k] = p[i][k] - p[j][k], r2 += d[k] * d[k];
        double f = 0.001 / (r2 * __builtin_sqrt(r2));
        for (int k = 0; k < 3; k++) v[i][k] -= d[k] * m[j] * f, v[j][k] += d[k] * m[i] * f;
      }
    for (int i = 0; i < 5; i++)
      for (int k = 0; k < 3; k++) p[i][k] += 0.001 * v[i][k];
  }
  return (u32)(p[0][0] * 1e6);
}

static void quick(u32 *a, int low, int high) {
  while (low < high) {
    u32 pivot = a[(low + high) >> 1];
    int i = low, j = high;
    while (i <= j) {
      while (a[i] < pivot) i++;
      while (a[j] > pivot) j--;
      if (i <= j) {
        u32 t = a[i];
        a[i++] = a[j];
        a[j--] = t;
      }
    }
    quick(a, low, j);
    low = i;
  }
}

EXPORT(sort) u32 sort(u32 rounds) {
  seed = 42;
  while (rounds--) {
    for (int i = 0; i < 1 << 15; i++) words[i] = next();
    quick(words, 0, (1 << 15) - 1);
  }
  return words[1000];
}

static u32 length(const u8 *text) {
  u32 n = 0;
  while (text[n]) n++;
  return n;
}

static int equal(const u8 *a, const u8 *b, u32 n) {
  for (u32 i = 0; i < n; i++)
    if (a[i] != b[i]) return 0;
  return 1;
}

/* Short calls in a long loop: the shape of most string code. */
EXPORT(search) u32 search(u32 rounds) {
  static const u8 *volatile needle = (const u8 *)"abcabd";
  seed = 7;
  u32 size = 1 << 16, hits = 0;
  for (u32 i = 0; i < size; i++) bytes[i] = 'a' + (next() >> 24) % 4;
  while (rounds--)
    for (u32 i = 0; i < size - 8; i++) {
      const u8 *pattern = needle;
      hits += equal(bytes + i, pattern, length(pattern));
    }
  return hits;
}

static u32 rotate(u32 x, int n) { return x >> n | x << (32 - n); }

EXPORT(sha256) u32 sha256(u32 blocks) {
  static u32 k[64], h[8];
  for (u32 i = 0; i < 64; i++) k[i] = 0x428a2f98u * (i * 2 + 1);
  for (u32 i = 0; i < 8; i++) h[i] = 0x6a09e667u * (i + 1);
  for (u32 b = 0; b < blocks; b++) {
    u32 w[64];
    for (u32 i = 0; i < 16; i++) w[i] = b * 31 + i;
    for (u32 i = 16; i < 64; i++) {
      u32 s0 = rotate(w[i - 15], 7) ^ rotate(w[i - 15], 18) ^ w[i - 15] >> 3;
      u32 s1 = rotate(w[i - 2], 17) ^ rotate(w[i - 2], 19) ^ w[i - 2] >> 10;
      w[i] = w[i - 16] + s0 + w[i - 7] + s1;
    }
    u32 s[8];
    for (int i = 0; i < 8; i++) s[i] = h[i];
    for (u32 i = 0; i < 64; i++) {
      u32 s1 = rotate(s[4], 6) ^ rotate(s[4], 11) ^ rotate(s[4], 25);
      u32 t1 = s[7] + s1 + ((s[4] & s[5]) ^ (~s[4] & s[6])) + k[i] + w[i];
      u32 s0 = rotate(s[0], 2) ^ rotate(s[0], 13) ^ rotate(s[0], 22);
      u32 t2 = s0 + ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]));
      s[7] = s[6], s[6] = s[5], s[5] = s[4], s[4] = s[3] + t1;
      s[3] = s[2], s[2] = s[1], s[1] = s[0], s[0] = t1 + t2;
    }
    for (int i = 0; i < 8; i++) h[i] += s[i];
  }
  return h[0];
}

static u32 mix(u32 h, u32 x) { return (h ^ x) * 16777619u; }
static u32 (*const volatile mixers[2])(u32, u32) = {mix, mix};

/* A call through a table in every turn. */
EXPORT(indirect) u32 indirect(u32 n) {
  u32 h = 2166136261u;
  for (u32 i = 0; i < n; i++) h = mixers[i & 1](h, i);
  return h;
}

struct node {
  struct node *left, *right;
};

static u32 used;
static struct node *grow(int depth) {
  struct node *n = (struct node *)bytes + used++;
  n->left = n->right = 0;
  if (depth > 0) n->left = grow(depth - 1), n->right = grow(depth - 1);
  return n;
}
static u32 measure(const struct node *n) { return n ? 1 + measure(n->left) + measure(n->right) : 0; }

EXPORT(trees) u32 trees(u32 rounds) {
  u32 total = 0;
  while (rounds--) {
    used = 0;
    total += measure(grow(14));
  }
  return total;
}

/* A tight loop and nothing else. */
EXPORT(tight) u32 tight(u32 n) {
  u32 x = 1;
  for (u32 i = 0; i < n; i++) {
    x = x * 1664525u + 1013904223u;
    x ^= x >> 7;
  }
  return x;
}

static u32 collatz(u32 n) {
  u32 steps = 0;
  while (n != 1) n = n & 1 ? 3 * n + 1 : n >> 1, steps++;
  return steps;
}

EXPORT(collatz) u32 collatzAll(u32 n) {
  u32 total = 0;
  for (u32 i = 1; i < n; i++) total += collatz(i);
  return total;
}
