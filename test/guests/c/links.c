// Deaths of linked and monitored processes, received as messages.

#include "lunatic.h"

static void returns(uint64_t unused) { (void)unused; }

static void traps(uint64_t unused) {
    (void)unused;
    __builtin_trap();
}

static void waits(uint64_t unused) {
    (void)unused;
    lunatic_receive(NULL, 0, FOREVER);
}

// Starts a linked process that fails, and waits: the failure ends this one, too.
static void dies_with_its_child(uint64_t unused) {
    (void)unused;
    spawn_function(traps, 0, 1);
    lunatic_receive(NULL, 0, FOREVER);
    printf("this is never printed\n");
}

static void expect_link_death(const char *what, int64_t tag) {
    uint32_t code = lunatic_receive(NULL, 0, FOREVER);
    printf("%s: code %u, tag %lld, expected tag %lld\n", what, code, (long long)lunatic_get_tag(), (long long)tag);
}

int main(void) {
    setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
    lunatic_die_when_link_dies(0);

    spawn_function(traps, 0, 11);
    expect_link_death("a child that traps", 11);

    process_id waiting = spawn_function(waits, 0, -12345678901234);
    lunatic_kill(waiting);
    expect_link_death("a child that is killed", -12345678901234);

    lunatic_link(33, waiting);
    expect_link_death("a link to the dead", 33);

    spawn_function(dies_with_its_child, 0, 44);
    expect_link_death("a child whose child traps", 44);

    process_id quick = spawn_function(returns, 0, 55);
    while (lunatic_exists(quick)) lunatic_sleep_ms(1);
    uint32_t code = lunatic_receive(NULL, 0, 5);
    printf("a child that returns: code %u\n", code);

    process_id watched = spawn_function(waits, 0, NO_LINK);
    lunatic_monitor(watched);
    lunatic_kill(watched);
    code = lunatic_receive(NULL, 0, FOREVER);
    printf("a monitored process: code %u, tag %lld, its id: %s\n", code, (long long)lunatic_get_tag(),
           lunatic_get_process_id() == watched ? "yes" : "no");
    return 0;
}
