// Reads far outside its memory.

#include "lunatic.h"

__attribute__((noinline)) static int read_far_away(volatile const char *where) { return *where; }

__attribute__((noinline)) static int look_up(uintptr_t address) { return read_far_away((const char *)address) + 1; }

int main(int count, char **arguments) {
    (void)arguments;
    setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
    printf("reading\n");
    printf("found %d\n", look_up(0xFFFFFF00u + (uintptr_t)count));
    return 0;
}
