/**
 * A root process spawns eight workers at once, each of which computes and sends a checksum. Prints the nanoseconds that this took,
 * and the sum of the checksums.
 *
 *     clang --target=wasm32 -O2 -nostdlib -fno-builtin -Wl,--no-entry -Wno-everything -s -o workers.wasm workers.c
 */
#include "../kernels/kernels.c"

#define IMPORT(module, name) __attribute__((import_module(module), import_name(name)))
#define LENGTH(text) (sizeof(text) - 1)

enum { WORKERS = 8 };

IMPORT("lunatic::process", "spawn")
u32 spawn(long long link, long long config, long long module, const char *entry, u32 entry_length, const void *parameters,
          u32 parameters_length, u64 *id);
IMPORT("lunatic::process", "process_id") u64 process_id(void);
IMPORT("lunatic::message", "create_data") void create_data(long long tag, u64 capacity);
IMPORT("lunatic::message", "write_data") u32 write_data(const void *data, u32 length);
IMPORT("lunatic::message", "read_data") u32 read_data(void *data, u32 length);
IMPORT("lunatic::message", "send") u32 send(u64 process);
IMPORT("lunatic::message", "receive") u32 receive(const void *tags, u32 count, u64 timeout);
IMPORT("wasi_snapshot_preview1", "clock_time_get") int clock_time_get(int clock, u64 precision, u64 *time);
IMPORT("wasi_snapshot_preview1", "fd_write") int fd_write(int fd, const void *vectors, u32 count, u32 *written);

enum { ROUNDS = 3 };

/** What a worker does: in each round some hundred milliseconds of each. */
static u32 compute(u32 worker) {
  u32 checksum = 0;
  for (u32 round = 0; round < ROUNDS; round++) {
    seed = worker * ROUNDS + round;
    checksum = checksum * 31 + (sha256(120000 + worker) ^ sort(30) ^ matrix(100) ^ collatzAll(700000 + worker));
  }
  return checksum;
}

EXPORT(work) void work(u64 parent, u32 worker) {
  u64 checksum = compute(worker);
  create_data(1, sizeof checksum);
  write_data(&checksum, sizeof checksum);
  send(parent);
}

static u64 now(void) {
  u64 time;
  clock_time_get(1, 0, &time);
  return time;
}

static void print(u64 number) {
  static char line[32];
  char *at = line + sizeof line;
  *--at = '\n';
  do *--at = '0' + number % 10;
  while (number /= 10);
  struct {
    const char *at;
    u32 length;
  } vector = {at, line + sizeof line - at};
  u32 written;
  fd_write(1, &vector, 1, &written);
}

EXPORT(_start) void start(void) {
  u64 begin = now(), sum = 0, id, checksum;
  for (u32 worker = 1; worker <= WORKERS; worker++) {
    u8 parameters[2 * 17] = {0x7e};
    *(u64 *)(parameters + 1) = process_id();
    parameters[17] = 0x7f;
    *(u32 *)(parameters + 18) = worker;
    if (spawn(0, -1, -1, "work", LENGTH("work"), parameters, sizeof parameters, &id)) __builtin_trap();
  }
  for (u32 worker = 1; worker <= WORKERS; worker++) {
    receive(0, 0, -1);
    read_data(&checksum, sizeof checksum);
    sum += checksum;
  }
  print(now() - begin);
  print(sum);
}
