// Arguments of the root process. Run it with the arguments `one` and `two words`.

#include "lunatic.h"

int main(int count, char **arguments) {
    printf("hello from C\n");
    printf("program: %s\n", arguments[0]);
    for (int i = 1; i < count; i++) printf("argument: %s\n", arguments[i]);
    return 0;
}
