// Tests for test mode, in today's encoding: the name of the export says what the test is called, and whether it has to
// fail. They report failures through `lunatic::test`. Run as a program, this does nothing.

#include "lunatic.h"

#define TEST(name) __attribute__((export_name("#lunatic_test_" name))) void

static void fail(const char *message) { lunatic_test_fail(message, strlen(message)); }

// Reports numbers that differ, and lets the test go on.
static void expect_number(const char *message, int expected, int actual) {
    if (expected == actual) return;
    char left[12], right[12];
    int left_length = snprintf(left, sizeof left, "%d", expected);
    int right_length = snprintf(right, sizeof right, "%d", actual);
    lunatic_test_fail_comparison(message, strlen(message), left, left_length, right, right_length);
}

static int slice(int cake, int guests) { return cake / guests; }

TEST("cakes::are_shared") shares(void) { expect_number("slices of four", 3, slice(12, 4)); }

TEST("cakes::are_counted") counts(void) {
    expect_number("slices of five", 3, slice(12, 5));
    expect_number("slices of six", 1, slice(12, 6));
}

TEST("#panic_#cakes::need_guests") needs_guests(void) {
    volatile int guests = 0;
    printf("%d\n", slice(12, guests));
}

TEST("cakes::need_flour") needs_flour(void) {
    static const char name[] = "no cake without flour: \xe2\x9c\x97";
    lunatic_test_set_name(name, sizeof name - 1);
    lunatic_test_should_trap("unreachable", 11);
    __builtin_trap();
}

TEST("#ignore_cakes::are_baked") bakes(void) { lunatic_sleep_ms(3600000); }

static void bites(uint64_t who) {
    (void)who;
    fail("somebody has bitten into the cake");
}

// A child belongs to its parent's test.
TEST("cakes::are_whole") is_whole(void) {
    lunatic_monitor(spawn_function(bites, 0, 0));
    lunatic_receive(NULL, 0, FOREVER);
}

int main(void) { return 0; }
