// Many processes, each started at a C function with an argument.

#include "lunatic.h"

static process_id parent;
static int touched = 1;

static void square(uint64_t number) {
    // `parent` was set in another process: here it is still zero.
    if (parent != 0) __builtin_trap();
    touched++;
    // The process that started this one sends its id.
    process_id answer_to = receive_number(0);
    send_number(answer_to, 0, number * number);
}

static void cube(uint64_t number) {
    process_id answer_to = receive_number(0);
    send_number(answer_to, 0, number * number * number);
}

int main(void) {
    parent = lunatic_process_id();

    process_function functions[] = {square, cube};
    const char *names[] = {"squares", "cubes"};
    for (int which = 0; which < 2; which++) {
        uint64_t sum = 0;
        for (uint64_t number = 1; number <= 100; number++) {
            process_id child = spawn_function(functions[which], number, NO_LINK);
            send_number(child, 0, parent);
        }
        for (int i = 0; i < 100; i++) sum += receive_number(0);
        printf("sum of 100 %s: %llu\n", names[which], (unsigned long long)sum);
    }
    printf("touched here: %d time\n", touched);
    return 0;
}
