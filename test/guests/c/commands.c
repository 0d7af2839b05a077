// Programs of the operating system: fed, read, awaited and killed, by several processes at a time.

#include "command.h"

// Hands lines to `sort` and prints what comes back.
static void sort_lines(uint64_t parent) {
    command_id c = command("sort", (const char *const[]){"-r", NULL});
    set_variable(c, "LC_ALL", "C");
    lunatic_command_set_stream(c, STREAM_INPUT, MODE_STREAMED);
    lunatic_command_set_stream(c, STREAM_OUTPUT, MODE_CAPTURED);
    program_id sort = start(c);
    for (int i = 0; i < 20000; i++) {
        char line[32];
        write_all(sort, line, snprintf(line, sizeof line, "%d\n", i));
    }
    lunatic_command_close_input(sort);
    static char sorted[200000];
    size_t length = 0, count;
    do {
        count = read_some(sort, STREAM_OUTPUT, sorted + length, sizeof sorted - length);
        length += count;
    } while (count > 0);
    printf("sorted: %zu bytes, first %.4s, last %c\n", length, sorted, sorted[length - 2]);
    printf("sort ended with %u\n", await_end(sort).code);
    send_number(parent, 1, length);
}

int main(void) {
    setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
    process_id self = lunatic_process_id();

    command_id c = command("sh", (const char *const[]){"-c", "echo $1 >&2; exit 3", "sh", "$HOME; `id`", NULL});
    lunatic_command_set_stream(c, STREAM_ERROR, MODE_CAPTURED);
    program_id sh = start(c);
    char text[64];
    size_t length = read_some(sh, STREAM_ERROR, text, sizeof text);
    printf("sh printed: %.*s", (int)length, text);
    printf("sh ended with %u\n", await_end(sh).code);

    program_id sleep = start(command("sleep", (const char *const[]){"1000", NULL}));
    spawn_function(sort_lines, self, NO_LINK);
    printf("received %llu\n", receive_number(1));
    uint64_t out = 0;
    succeed(lunatic_command_kill(sleep, 15, &out), out);
    printf("sleep was ended by signal %u\n", await_end(sleep).signal);

    printf("reboot is refused: %u\n", lunatic_command_create("reboot", 6, &out));
    return 0;
}
