// Divides by zero, some calls deep. The functions keep their names, for a readable stack.

#include "lunatic.h"

__attribute__((noinline)) static int slice(int cake, volatile int *guests) { return cake / *guests; }

__attribute__((noinline)) static int share_the_cake(int cake, int guests) {
    volatile int invited = guests;
    return slice(cake, &invited) + 1;
}

__attribute__((noinline)) static int party(int guests) { return share_the_cake(12, guests) + 1; }

int main(int count, char **arguments) {
    (void)arguments;
    setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
    printf("the party begins\n");
    printf("each gets %d\n", party(count - 1));
    return 0;
}
