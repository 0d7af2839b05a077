// Two workers that price what they are sent. Tests of the debugger find lines by the comments at their ends.
#define HOST(module, name) __attribute__((import_module("lunatic::" module), import_name(name)))
#define EXPORT(name) __attribute__((export_name(name)))

HOST("message", "receive") int receive(const void *tags, unsigned count, unsigned long long timeout);
HOST("message", "read_data") unsigned read_data(void *data, unsigned length);
HOST("process", "spawn")
int spawn(long long link, long long config, long long module, const char *function, unsigned function_length,
          const void *parameters, unsigned parameters_length, unsigned long long *id);
HOST("process", "sleep_ms") void sleep_ms(unsigned long long milliseconds);

int total;

int price(int count) {
    int sum = count * 3; // sum
    if (sum > 30) {      // check
        sum = sum - 5;   // discount
    }
    return sum; // result
}

EXPORT("worker") void worker(void) {
    for (;;) {
        int count = 0;
        receive(0, 0, -1);               // receive
        read_data(&count, sizeof count); // read
        int sum = price(count);          // price
        total = total + sum;             // total
    }
}

EXPORT("_start") void start(void) {
    unsigned long long id;
    spawn(0, -1, -1, "worker", 6, 0, 0, &id);
    spawn(0, -1, -1, "worker", 6, 0, 0, &id);
    sleep_ms(1000000000);
}
