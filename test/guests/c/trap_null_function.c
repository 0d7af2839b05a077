// Calls a function pointer that is NULL: the table has no function at index 0.

#include "lunatic.h"

typedef int (*recipe)(int);

static recipe volatile chosen_recipe;

__attribute__((noinline)) static int cook(int portions) { return chosen_recipe(portions) + 1; }

__attribute__((noinline)) static int invite(int friends) { return cook(friends + 1) + 1; }

int main(int count, char **arguments) {
    (void)arguments;
    setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
    printf("looking for a recipe\n");
    printf("dinner: %d\n", invite(count));
    return 0;
}
