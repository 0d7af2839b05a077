// The part of the Lunatic host API that these guests use, and a few helpers on top of it.
//
// Every process has its own memory, and its own copy of every global variable. A process begins at an exported
// function; `spawn_function` below uses one export, `run_function`, for all of them.

#ifndef LUNATIC_H
#define LUNATIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define HOST(module, name) __attribute__((import_module("lunatic::" module), import_name(name)))

// A message is built and read in one place per process: create_data empties it, write_data appends, send takes
// it away; receive fills it, read_data reads on from where the last one ended.
HOST("message", "create_data") void lunatic_create_data(int64_t tag, uint64_t capacity);
HOST("message", "write_data") uint32_t lunatic_write_data(const void *data, size_t length);
HOST("message", "read_data") uint32_t lunatic_read_data(void *data, size_t length);
HOST("message", "data_size") uint64_t lunatic_data_size(void);
HOST("message", "get_tag") int64_t lunatic_get_tag(void);
HOST("message", "get_process_id") uint64_t lunatic_get_process_id(void);
HOST("message", "send") uint32_t lunatic_send(uint64_t process);
HOST("message", "receive") uint32_t lunatic_receive(const int64_t *tags, size_t count, uint64_t timeout);

HOST("process", "spawn")
uint32_t lunatic_spawn(int64_t link, int64_t config, int64_t module, const char *function, size_t function_length,
                       const void *parameters, size_t parameters_length, uint64_t *id);
HOST("process", "process_id") uint64_t lunatic_process_id(void);
HOST("process", "exists") uint32_t lunatic_exists(uint64_t process);
HOST("process", "kill") void lunatic_kill(uint64_t process);
HOST("process", "link") void lunatic_link(int64_t tag, uint64_t process);
HOST("process", "monitor") void lunatic_monitor(uint64_t process);
HOST("process", "die_when_link_dies") void lunatic_die_when_link_dies(uint32_t die);
HOST("process", "sleep_ms") void lunatic_sleep_ms(uint64_t milliseconds);

// What a test says of itself; outside of `lunatic test` these do nothing. Upstream's runtime does not have them.
HOST("test", "set_name") void lunatic_test_set_name(const char *name, size_t length);
HOST("test", "should_trap") void lunatic_test_should_trap(const char *message, size_t length);
HOST("test", "fail") void lunatic_test_fail(const char *message, size_t length);
HOST("test", "fail_comparison")
void lunatic_test_fail_comparison(const char *message, size_t message_length, const char *expected,
                                  size_t expected_length, const char *actual, size_t actual_length);

// What lunatic_receive answers.
enum { RECEIVED_DATA = 0, RECEIVED_LINK_DIED = 1, RECEIVED_PROCESS_DIED = 2, RECEIVE_TIMEOUT = 9027 };

#define FOREVER UINT64_MAX
#define INHERIT ((int64_t)-1)
#define NO_LINK 0

typedef uint64_t process_id;
typedef void (*process_function)(uint64_t argument);

// Where a spawned process begins: an index into the function table means the same function in each instance.
// Lines are written as they end, so that the output of several processes does not mix within a line.
__attribute__((export_name("run_function"))) void run_function(process_function function, uint64_t argument) {
    setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
    function(argument);
}

// Parameters travel in records of 17 bytes: a type, then the value in 16 bytes, low byte first.
static inline void put_parameter(uint8_t record[17], uint8_t type, uint64_t value) {
    memset(record, 0, 17);
    record[0] = type;
    memcpy(record + 1, &value, sizeof value);
}

// Starts a process. `link` is 0, or the tag under which its death is reported.
static inline process_id spawn_function(process_function function, uint64_t argument, int64_t link) {
    uint8_t parameters[2 * 17];
    put_parameter(parameters, 0x7F, (uintptr_t)function); // i32
    put_parameter(parameters + 17, 0x7E, argument);       // i64
    static const char name[] = "run_function";
    uint64_t id = 0;
    if (lunatic_spawn(link, INHERIT, INHERIT, name, sizeof name - 1, parameters, sizeof parameters, &id) != 0) {
        __builtin_trap();
    }
    return id;
}

static inline void send_number(process_id to, int64_t tag, uint64_t number) {
    lunatic_create_data(tag, sizeof number);
    lunatic_write_data(&number, sizeof number);
    lunatic_send(to);
}

// Waits for a message with the tag (0: any message) and reads the number in it.
static inline uint64_t receive_number(int64_t tag) {
    uint64_t number = 0;
    if (lunatic_receive(&tag, tag == 0 ? 0 : 1, FOREVER) != RECEIVED_DATA) __builtin_trap();
    lunatic_read_data(&number, sizeof number);
    return number;
}

#endif
