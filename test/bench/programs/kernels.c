/**
 * Kernels that only compute, as PolyBench has them, written anew: linear algebra, stencils, dynamic programming and
 * sorting. Runs each some times and prints `name microseconds checksum` for the fastest, in time of the thread.
 *
 *     clang --target=wasm32-wasi --sysroot=/usr -O2 -s -o kernels.wasm kernels.c
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

enum { N = 200, LONG = 1000, ROUNDS = 5 };

static double A[N][N], B[N][N], C[N][N], D[N][N];
static int table[LONG][LONG];
static char sequence[LONG];
static uint32_t words[1 << 18];

static void fill(void) {
  for (int i = 0; i < N; i++)
    for (int j = 0; j < N; j++) {
      A[i][j] = (double)((i * j + 1) % N) / N;
      B[i][j] = (double)((i * (j + 1)) % N) / N;
      C[i][j] = (double)((i * (j + 3) + 1) % N) / N;
      D[i][j] = 0;
    }
}

static double sum(double M[N][N]) {
  double s = 0;
  for (int i = 0; i < N; i++)
    for (int j = 0; j < N; j++) s += M[i][j];
  return s;
}

static double gemm(void) {
  for (int i = 0; i < N; i++) {
    for (int j = 0; j < N; j++) C[i][j] *= 1.2;
    for (int k = 0; k < N; k++)
      for (int j = 0; j < N; j++) C[i][j] += 1.5 * A[i][k] * B[k][j];
  }
  return sum(C);
}

/** D = A * B * C, with the column in the innermost loop. */
static double two_products(void) {
  static double T[N][N];
  for (int i = 0; i < N; i++)
    for (int j = 0; j < N; j++) {
      T[i][j] = 0;
      for (int k = 0; k < N; k++) T[i][j] += 1.5 * A[i][k] * B[k][j];
    }
  for (int i = 0; i < N; i++)
    for (int j = 0; j < N; j++) {
      D[i][j] *= 1.2;
      for (int k = 0; k < N; k++) D[i][j] += T[i][k] * C[k][j];
    }
  return sum(D);
}

static double lower_upper(void) {
  for (int i = 0; i < N; i++) A[i][i] += N;
  for (int i = 0; i < N; i++) {
    for (int j = 0; j < i; j++) {
      for (int k = 0; k < j; k++) A[i][j] -= A[i][k] * A[k][j];
      A[i][j] /= A[j][j];
    }
    for (int j = i; j < N; j++)
      for (int k = 0; k < i; k++) A[i][j] -= A[i][k] * A[k][j];
  }
  return sum(A);
}

static double correlation(void) {
  for (int j = 0; j < N; j++) {
    double mean = 0, deviation = 0;
    for (int i = 0; i < N; i++) mean += A[i][j];
    mean /= N;
    for (int i = 0; i < N; i++) deviation += (A[i][j] - mean) * (A[i][j] - mean);
    deviation = sqrt(deviation / N);
    if (deviation < 0.1) deviation = 1;
    for (int i = 0; i < N; i++) A[i][j] = (A[i][j] - mean) / (sqrt(N) * deviation);
  }
  for (int i = 0; i < N - 1; i++)
    for (int j = i + 1; j < N; j++) {
      D[i][j] = 0;
      for (int k = 0; k < N; k++) D[i][j] += A[k][i] * A[k][j];
      D[j][i] = D[i][j];
    }
  return sum(D);
}

static double stencil(void) {
  for (int t = 0; t < 100; t++) {
    for (int i = 1; i < N - 1; i++)
      for (int j = 1; j < N - 1; j++)
        B[i][j] = 0.2 * (A[i][j] + A[i][j - 1] + A[i][j + 1] + A[i + 1][j] + A[i - 1][j]);
    for (int i = 1; i < N - 1; i++)
      for (int j = 1; j < N - 1; j++)
        A[i][j] = 0.2 * (B[i][j] + B[i][j - 1] + B[i][j + 1] + B[i + 1][j] + B[i - 1][j]);
  }
  return sum(A);
}

static double shortest_paths(void) {
  for (int i = 0; i < N; i++)
    for (int j = 0; j < N; j++) table[i][j] = (i + j) % 13 == 0 || (i + j) % 7 == 0 ? 999 : i * j % 7 + 1;
  for (int k = 0; k < N; k++)
    for (int i = 0; i < N; i++)
      for (int j = 0; j < N; j++) {
        int through = table[i][k] + table[k][j];
        if (through < table[i][j]) table[i][j] = through;
      }
  double s = 0;
  for (int i = 0; i < N; i++)
    for (int j = 0; j < N; j++) s += table[i][j];
  return s;
}

#define MATCH(a, b) ((a) + (b) == 3 ? 1 : 0)
#define LARGER(a, b) ((a) > (b) ? (a) : (b))

/** How many bases of a folded strand find their pair. */
static double folding(void) {
  enum { M = 300 };
  for (int i = 0; i < M; i++) {
    sequence[i] = (char)((i + 1) % 4);
    for (int j = 0; j < M; j++) table[i][j] = 0;
  }
  for (int i = M - 1; i >= 0; i--)
    for (int j = i + 1; j < M; j++) {
      if (j - 1 >= 0) table[i][j] = LARGER(table[i][j], table[i][j - 1]);
      if (i + 1 < M) table[i][j] = LARGER(table[i][j], table[i + 1][j]);
      if (j - 1 >= 0 && i + 1 < M) {
        int pair = i < j - 1 ? MATCH(sequence[i], sequence[j]) : 0;
        table[i][j] = LARGER(table[i][j], table[i + 1][j - 1] + pair);
      }
      for (int k = i + 1; k < j; k++) table[i][j] = LARGER(table[i][j], table[i][k] + table[k + 1][j]);
    }
  return table[0][M - 1];
}

static double sieve(void) {
  static char composite[2000000];
  int count = 0;
  for (int i = 0; i < (int)sizeof composite; i++) composite[i] = 0;
  for (int i = 2; i < (int)sizeof composite; i++) {
    if (composite[i]) continue;
    count++;
    for (int64_t j = (int64_t)i * i; j < (int64_t)sizeof composite; j += i) composite[j] = 1;
  }
  return count;
}

static void sort_words(uint32_t *first, uint32_t *last) {
  while (last - first > 12) {
    uint32_t pivot = first[(last - first) / 2], *low = first, *high = last;
    while (low <= high) {
      while (*low < pivot) low++;
      while (*high > pivot) high--;
      if (low <= high) {
        uint32_t word = *low;
        *low++ = *high;
        *high-- = word;
      }
    }
    sort_words(first, high);
    first = low;
  }
  for (uint32_t *at = first + 1; at <= last; at++) {
    uint32_t word = *at, *to = at;
    for (; to > first && to[-1] > word; to--) *to = to[-1];
    *to = word;
  }
}

static double sorting(void) {
  uint32_t seed = 12345;
  int count = sizeof words / sizeof *words;
  for (int i = 0; i < count; i++) words[i] = seed = seed * 1664525 + 1013904223;
  sort_words(words, words + count - 1);
  for (int i = 1; i < count; i++)
    if (words[i - 1] > words[i]) return -1;
  return words[count / 2];
}

/** Lists, a machine of states and checksums, in the mixture that small devices are measured with. */
static double mixture(void) {
  static struct item { struct item *next; uint16_t value; } items[400];
  uint32_t crc = 0xffff;
  for (int round = 0; round < 500; round++) {
    struct item *list = 0;
    for (int i = 0; i < 400; i++) {
      items[i].next = list;
      items[i].value = (uint16_t)(i * 7919 + round);
      list = &items[i];
    }
    struct item *reversed = 0;
    while (list) {
      struct item *next = list->next;
      list->next = reversed;
      reversed = list;
      list = next;
    }
    int state = 0;
    for (struct item *item = reversed; item; item = item->next) {
      switch (state) {
        case 0: state = item->value & 1 ? 1 : 2; break;
        case 1: state = item->value & 6 ? 3 : 0; break;
        case 2: state = item->value % 5 == 0 ? 4 : 1; break;
        case 3: state = item->value > 1000 ? 0 : 2; break;
        default: state = item->value & 8 ? 0 : 3; break;
      }
      uint16_t value = (uint16_t)(item->value + state);
      for (int bit = 0; bit < 16; bit++) {
        int carry = (crc ^ value) & 1;
        crc >>= 1;
        if (carry) crc ^= 0xa001;
        value >>= 1;
      }
    }
  }
  return crc;
}

static int64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return time.tv_sec * 1000000LL + time.tv_nsec / 1000;
}

static void run(const char *name, double (*kernel)(void)) {
  int64_t best = INT64_MAX;
  double checksum = 0;
  for (int round = 0; round < ROUNDS; round++) {
    fill();
    int64_t start = now();
    for (int i = 0; i < 6; i++) checksum = kernel();
    int64_t taken = now() - start;
    if (taken < best) best = taken;
  }
  printf("%s %lld %.6g\n", name, (long long)best, checksum);
}

int main(void) {
  run("gemm", gemm);
  run("two-products", two_products);
  run("lower-upper", lower_upper);
  run("correlation", correlation);
  run("stencil", stencil);
  run("shortest-paths", shortest_paths);
  run("folding", folding);
  run("sieve", sieve);
  run("sorting", sorting);
  run("mixture", mixture);
  return 0;
}
