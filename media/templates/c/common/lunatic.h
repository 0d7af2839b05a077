// Lunatic for C: processes, messages, links, supervisors, names and TCP.
//
// A process is an instance of this module with a memory of its own. Processes share nothing: a pointer into memory means
// nothing in another one, and what they tell each other they copy into messages. Ids of processes and pointers to functions
// may travel.
//
// Everything here is a thin layer over Lunatic's host API. A call that can fail only because of a mistake in the program
// prints the reason and ends the process, as a failed `assert` does.

#ifndef LUNATIC_H
#define LUNATIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LUNATIC_HOST(module, name) __attribute__((import_module("lunatic::" module), import_name(name)))

// The host functions themselves. Programs use what is below them.
LUNATIC_HOST("error", "string_size") uint32_t lunatic_host_error_size(uint64_t error);
LUNATIC_HOST("error", "to_string") void lunatic_host_error_text(uint64_t error, char *text);
LUNATIC_HOST("message", "create_data") void lunatic_host_create_data(int64_t tag, uint64_t capacity);
LUNATIC_HOST("message", "write_data") uint32_t lunatic_host_write_data(const void *data, size_t size);
LUNATIC_HOST("message", "read_data") uint32_t lunatic_host_read_data(void *data, size_t size);
LUNATIC_HOST("message", "data_size") uint64_t lunatic_host_data_size(void);
LUNATIC_HOST("message", "get_tag") int64_t lunatic_host_get_tag(void);
LUNATIC_HOST("message", "get_process_id") uint64_t lunatic_host_get_process_id(void);
LUNATIC_HOST("message", "send") uint32_t lunatic_host_send(uint64_t process);
LUNATIC_HOST("message", "receive") uint32_t lunatic_host_receive(const int64_t *tags, size_t count, uint64_t timeout);
LUNATIC_HOST("message", "push_tcp_stream") uint64_t lunatic_host_push_tcp_stream(uint64_t stream);
LUNATIC_HOST("message", "take_tcp_stream") uint64_t lunatic_host_take_tcp_stream(uint64_t index);
LUNATIC_HOST("process", "spawn")
uint32_t lunatic_host_spawn(int64_t link, int64_t config, int64_t module, const char *name, size_t name_size,
                            const void *parameters, size_t parameters_size, uint64_t *id);
LUNATIC_HOST("process", "process_id") uint64_t lunatic_host_process_id(void);
LUNATIC_HOST("process", "exists") int32_t lunatic_host_exists(uint64_t process);
LUNATIC_HOST("process", "die_when_link_dies") void lunatic_host_die_when_link_dies(uint32_t die);
LUNATIC_HOST("process", "link") void lunatic_host_link(int64_t tag, uint64_t process);
LUNATIC_HOST("process", "unlink") void lunatic_host_unlink(uint64_t process);
LUNATIC_HOST("process", "monitor") void lunatic_host_monitor(uint64_t process);
LUNATIC_HOST("process", "kill") void lunatic_host_kill(uint64_t process);
LUNATIC_HOST("process", "sleep_ms") void lunatic_host_sleep_ms(uint64_t milliseconds);
LUNATIC_HOST("registry", "put") void lunatic_host_put(const char *name, size_t size, uint64_t node, uint64_t process);
LUNATIC_HOST("registry", "get")
uint32_t lunatic_host_get(const char *name, size_t size, uint64_t *node, uint64_t *process);
LUNATIC_HOST("registry", "remove") void lunatic_host_remove(const char *name, size_t size);
LUNATIC_HOST("networking", "tcp_bind")
uint32_t lunatic_host_tcp_bind(uint32_t type, const uint8_t *address, uint32_t port, uint32_t flow, uint32_t scope,
                               uint64_t *id);
LUNATIC_HOST("networking", "tcp_local_addr") uint32_t lunatic_host_tcp_local_addr(uint64_t listener, uint64_t *id);
LUNATIC_HOST("networking", "resolve_next")
uint32_t lunatic_host_resolve_next(uint64_t addresses, uint32_t *type, uint8_t *address, uint16_t *port, uint32_t *flow,
                                   uint32_t *scope);
LUNATIC_HOST("networking", "drop_dns_iterator") void lunatic_host_drop_dns_iterator(uint64_t addresses);
LUNATIC_HOST("networking", "tcp_accept")
uint32_t lunatic_host_tcp_accept(uint64_t listener, uint64_t *stream, uint64_t *peer);
LUNATIC_HOST("networking", "tcp_read")
uint32_t lunatic_host_tcp_read(uint64_t stream, void *data, size_t size, uint64_t *count);
LUNATIC_HOST("networking", "tcp_write_vectored")
uint32_t lunatic_host_tcp_write(uint64_t stream, const void *buffers, size_t count, uint64_t *written);
LUNATIC_HOST("networking", "clone_tcp_stream") uint64_t lunatic_host_clone_tcp_stream(uint64_t stream);
LUNATIC_HOST("networking", "drop_tcp_stream") void lunatic_host_drop_tcp_stream(uint64_t stream);
LUNATIC_HOST("test", "fail") void lunatic_host_test_fail(const char *message, size_t size);
LUNATIC_HOST("test", "fail_comparison")
void lunatic_host_test_fail_comparison(const char *message, size_t size, const char *expected, size_t expected_size,
                                       const char *actual, size_t actual_size);

// A line appears as soon as it is printed, also where the output is no terminal, and one of a process that crashes is not lost.
__attribute__((constructor)) static void lunatic_print_lines(void) { setvbuf(stdout, NULL, _IOLBF, BUFSIZ); }

_Noreturn static inline void lunatic_fail(const char *what, uint64_t error) {
    uint32_t size = lunatic_host_error_size(error);
    char *text = calloc(size + 1, 1);
    if (text != NULL) lunatic_host_error_text(error, text);
    fprintf(stderr, "%s: %s\n", what, text == NULL ? "out of memory" : text);
    exit(1);
}

// ---- Processes ------------------------------------------------------------------------------------------------------

// The id of a process. 0 is none.
typedef uint64_t lunatic_process;

// A function at which a process begins. The process ends normally when it returns.
typedef void (*lunatic_entry)(uint64_t argument);

// The export at which each process begins. A pointer to a function is its place in a table that is the same in each process.
__attribute__((export_name("lunatic_run"), weak)) void lunatic_run(lunatic_entry entry, uint64_t argument) {
    entry(argument);
}

// This process.
static inline lunatic_process lunatic_self(void) { return lunatic_host_process_id(); }

// Starts a process that is linked to this one: if one of them fails, so does the other. The tag says which link it is if
// this process catches failures (see lunatic_catch_failures); 0 makes no link.
static inline lunatic_process lunatic_spawn_link(lunatic_entry entry, uint64_t argument, int64_t tag) {
    // Parameters are records of 17 bytes: the type (7F for i32, 7E for i64), then the value in 16, the low byte first.
    uint8_t parameters[34] = {0};
    uint32_t place = (uint32_t)(uintptr_t)entry;
    parameters[0] = 0x7F;
    memcpy(parameters + 1, &place, sizeof place);
    parameters[17] = 0x7E;
    memcpy(parameters + 18, &argument, sizeof argument);
    uint64_t id = 0;
    if (lunatic_host_spawn(tag, -1, -1, "lunatic_run", 11, parameters, sizeof parameters, &id) != 0)
        lunatic_fail("A process could not be started", id);
    return id;
}

// Starts a process. Nobody is told if it fails.
static inline lunatic_process lunatic_spawn(lunatic_entry entry, uint64_t argument) {
    return lunatic_spawn_link(entry, argument, 0);
}

// Links this process to another one, under a tag.
static inline void lunatic_link(lunatic_process process, int64_t tag) { lunatic_host_link(tag, process); }

static inline void lunatic_unlink(lunatic_process process) { lunatic_host_unlink(process); }

// From now on, the failure of a linked process is a message (LUNATIC_LINK_DIED) and no longer ends this one.
static inline void lunatic_catch_failures(void) { lunatic_host_die_when_link_dies(0); }

// Asks for a message (LUNATIC_PROCESS_DIED) when a living process ends, however it ends.
static inline void lunatic_monitor(lunatic_process process) { lunatic_host_monitor(process); }

static inline void lunatic_kill(lunatic_process process) { lunatic_host_kill(process); }

static inline bool lunatic_is_alive(lunatic_process process) { return lunatic_host_exists(process) != 0; }

// Waits. Other processes run meanwhile.
static inline void lunatic_sleep(uint64_t milliseconds) { lunatic_host_sleep_ms(milliseconds); }

// ---- Names ----------------------------------------------------------------------------------------------------------

// Gives a process a name. If another one has it, the name changes hands.
static inline void lunatic_register(const char *name, lunatic_process process) {
    lunatic_host_put(name, strlen(name), 0, process);
}

// The process with a name; 0 if none has it. The process may have ended: a name stays.
static inline lunatic_process lunatic_lookup(const char *name) {
    uint64_t node, process;
    return lunatic_host_get(name, strlen(name), &node, &process) == 0 ? process : 0;
}

static inline void lunatic_unregister(const char *name) { lunatic_host_remove(name, strlen(name)); }

// ---- Messages -------------------------------------------------------------------------------------------------------

#define LUNATIC_FOREVER UINT64_MAX

enum lunatic_kind {
    LUNATIC_MESSAGE = 0,      // a message with data
    LUNATIC_LINK_DIED = 1,    // a linked process has failed; the tag is that of the link
    LUNATIC_PROCESS_DIED = 2, // a process that this one monitors has ended
    LUNATIC_TIMED_OUT = 9027, // nothing has come in time
};

// What has been received.
struct lunatic_message {
    enum lunatic_kind kind;
    int64_t tag;             // what the message is about; 0 for none
    size_t size;             // of its data, in bytes. It may be larger than what was read
    lunatic_process process; // the one that has ended, for LUNATIC_PROCESS_DIED
};

// Sends a copy of some data. Never waits; a message to a process that has ended is lost.
static inline void lunatic_send(lunatic_process to, int64_t tag, const void *data, size_t size) {
    lunatic_host_create_data(tag, size);
    lunatic_host_write_data(data, size);
    lunatic_host_send(to);
}

static inline struct lunatic_message lunatic_receive_any(const int64_t *tags, size_t count, void *data, size_t capacity,
                                                         uint64_t timeout) {
    struct lunatic_message message = {.kind = lunatic_host_receive(tags, count, timeout)};
    if (message.kind == LUNATIC_TIMED_OUT) return message;
    message.tag = lunatic_host_get_tag();
    if (message.kind == LUNATIC_PROCESS_DIED) message.process = lunatic_host_get_process_id();
    if (message.kind == LUNATIC_MESSAGE) {
        message.size = lunatic_host_data_size();
        memset(data, 0, capacity);
        lunatic_host_read_data(data, capacity);
    }
    return message;
}

// Waits for the next message, and copies as much of its data as there is room for.
static inline struct lunatic_message lunatic_receive(void *data, size_t capacity) {
    return lunatic_receive_any(NULL, 0, data, capacity, LUNATIC_FOREVER);
}

// Waits for the next message with this tag, and leaves all others in the mailbox.
static inline struct lunatic_message lunatic_receive_tag(int64_t tag, void *data, size_t capacity, uint64_t timeout) {
    return lunatic_receive_any(&tag, 1, data, capacity, timeout);
}

// ---- Supervisors ----------------------------------------------------------------------------------------------------

// A process that a supervisor starts, and starts again when it has failed.
struct lunatic_child {
    const char *name; // under which others find it
    lunatic_entry entry;
    uint64_t argument;
};

// A supervisor's life: starts the children in order and keeps them alive. One that ends normally stays ended. If more than
// `most` fail within `milliseconds`, the supervisor gives up and fails itself, and whoever supervises it decides.
_Noreturn static inline void lunatic_supervise(const struct lunatic_child *children, size_t count, unsigned most,
                                               uint64_t milliseconds) {
    lunatic_catch_failures();
    for (size_t i = 0; i < count; i++)
        lunatic_register(children[i].name, lunatic_spawn_link(children[i].entry, children[i].argument, (int64_t)i + 1));
    for (unsigned failures = 0;;) {
        char nothing;
        // A time without a failure makes up for those before.
        struct lunatic_message message =
            lunatic_receive_any(NULL, 0, &nothing, sizeof nothing, failures == 0 ? LUNATIC_FOREVER : milliseconds);
        if (message.kind == LUNATIC_TIMED_OUT) failures = 0;
        if (message.kind != LUNATIC_LINK_DIED || message.tag < 1 || (size_t)message.tag > count) continue;
        const struct lunatic_child *child = &children[message.tag - 1];
        if (++failures > most) {
            fprintf(stderr, "supervisor: %s has failed too often\n", child->name);
            exit(1);
        }
        printf("supervisor: %s has failed and is started again\n", child->name);
        lunatic_register(child->name, lunatic_spawn_link(child->entry, child->argument, message.tag));
    }
}

// ---- TCP ------------------------------------------------------------------------------------------------------------

typedef uint64_t lunatic_listener;
// A connection. It is closed when its last reference is dropped, or the last process that has one ends.
typedef uint64_t lunatic_stream;

// Listens on a port of this machine, 127.0.0.1. Port 0 takes any that is free.
static inline lunatic_listener lunatic_listen(uint16_t port) {
    static const uint8_t address[4] = {127, 0, 0, 1};
    uint64_t id;
    if (lunatic_host_tcp_bind(4, address, port, 0, 0, &id) != 0) lunatic_fail("The port cannot be used", id);
    return id;
}

// The port of a listener.
static inline uint16_t lunatic_port(lunatic_listener listener) {
    uint64_t addresses;
    if (lunatic_host_tcp_local_addr(listener, &addresses) != 0) lunatic_fail("The port is not known", addresses);
    uint32_t type, flow, scope;
    uint8_t address[16];
    uint16_t port = 0;
    lunatic_host_resolve_next(addresses, &type, address, &port, &flow, &scope);
    lunatic_host_drop_dns_iterator(addresses);
    return port;
}

// Waits for a connection.
static inline lunatic_stream lunatic_accept(lunatic_listener listener) {
    uint64_t stream, peer;
    if (lunatic_host_tcp_accept(listener, &stream, &peer) != 0) lunatic_fail("No connection could be accepted", stream);
    lunatic_host_drop_dns_iterator(peer);
    return stream;
}

// Waits for bytes, and returns their number; 0 if the other side has closed, or the connection is broken.
static inline size_t lunatic_read(lunatic_stream stream, void *data, size_t capacity) {
    uint64_t count;
    return lunatic_host_tcp_read(stream, data, capacity, &count) == 0 ? (size_t)count : 0;
}

// Reads a line into a buffer, without its end. Returns false if there is none any more. What has no room is left out.
static inline bool lunatic_read_line(lunatic_stream stream, char *line, size_t capacity) {
    size_t length = 0;
    char next;
    while (lunatic_read(stream, &next, 1) == 1) {
        if (next == '\n') {
            if (length > 0 && line[length - 1] == '\r') length--;
            line[length] = '\0';
            return true;
        }
        if (length + 1 < capacity) line[length++] = next;
    }
    return false;
}

// Writes everything. Returns false if the connection is broken.
static inline bool lunatic_write(lunatic_stream stream, const void *data, size_t size) {
    while (size > 0) {
        const struct {
            const void *data;
            size_t size;
        } buffer = {data, size};
        uint64_t written;
        if (lunatic_host_tcp_write(stream, &buffer, 1, &written) != 0) return false;
        data = (const char *)data + written;
        size -= written;
    }
    return true;
}

// Makes another reference to a connection: one process may read while another one writes.
static inline lunatic_stream lunatic_clone(lunatic_stream stream) { return lunatic_host_clone_tcp_stream(stream); }

static inline void lunatic_close(lunatic_stream stream) { lunatic_host_drop_tcp_stream(stream); }

// Hands a connection to another process. This one does not have it any more.
static inline void lunatic_send_stream(lunatic_process to, int64_t tag, lunatic_stream stream) {
    lunatic_host_create_data(tag, 0);
    lunatic_host_push_tcp_stream(stream);
    lunatic_host_send(to);
}

// Waits for a connection that another process hands over under a tag.
static inline lunatic_stream lunatic_receive_stream(int64_t tag) {
    char nothing;
    lunatic_receive_tag(tag, &nothing, sizeof nothing, LUNATIC_FOREVER);
    return lunatic_host_take_tcp_stream(0);
}

// ---- Tests ----------------------------------------------------------------------------------------------------------

// Declares a test, which `lunatic test` finds: LUNATIC_TEST(adds) { lunatic_expect_number(4, 2 + 2); }
// A module that is compiled with LUNATIC_NO_TESTS has none.
#ifdef LUNATIC_NO_TESTS
#define LUNATIC_TEST(name) __attribute__((unused)) static void test_##name(void)
#else
#define LUNATIC_TEST(name) __attribute__((export_name("__lunatic_test_" #name))) void test_##name(void)
#endif

#define LUNATIC_TEXT(text) #text
#define LUNATIC_LINE(line) LUNATIC_TEXT(line)
#define LUNATIC_HERE __FILE__ ":" LUNATIC_LINE(__LINE__)

// Reports a failure if a condition does not hold. The test goes on.
#define lunatic_expect(condition)                                                                                      \
    ((condition) ? (void)0                                                                                             \
                 : lunatic_host_test_fail(LUNATIC_HERE ": " #condition, sizeof LUNATIC_HERE ": " #condition - 1))

// Reports a failure if two numbers, or two texts, differ. The test goes on.
#define lunatic_expect_number(expected, actual)                                                                        \
    lunatic_compare_numbers(LUNATIC_HERE ": " #actual, (long long)(expected), (long long)(actual))
#define lunatic_expect_text(expected, actual) lunatic_compare_texts(LUNATIC_HERE ": " #actual, expected, actual)

static inline void lunatic_compare_texts(const char *what, const char *expected, const char *actual) {
    if (strcmp(expected, actual) != 0)
        lunatic_host_test_fail_comparison(what, strlen(what), expected, strlen(expected), actual, strlen(actual));
}

static inline void lunatic_compare_numbers(const char *what, long long expected, long long actual) {
    char left[21], right[21];
    snprintf(left, sizeof left, "%lld", expected);
    snprintf(right, sizeof right, "%lld", actual);
    lunatic_compare_texts(what, left, right);
}

#endif
