// The part of Lunatic's host API that the example needs, and a few helpers on top of it.

#ifndef LUNATIC_H
#define LUNATIC_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

// A host function is an import: from the module `lunatic::...`, under its name.
#define HOST(module, name) __attribute__((import_module("lunatic::" module), import_name(name)))

// Each process works on one message: create_data begins a new one, write_data appends to it, and send takes it
// away. receive gets the next one from the mailbox, and read_data continues reading in it.
HOST("message", "create_data") void lunatic_create_data(int64_t tag, uint64_t capacity);
HOST("message", "write_data") uint32_t lunatic_write_data(const void *data, size_t length);
HOST("message", "read_data") uint32_t lunatic_read_data(void *data, size_t length);
HOST("message", "send") uint32_t lunatic_send(uint64_t process);
HOST("message", "receive") uint32_t lunatic_receive(const int64_t *tags, size_t count, uint64_t timeout);
HOST("message", "get_tag") int64_t lunatic_get_tag(void);

HOST("process", "process_id") uint64_t lunatic_process_id(void);
HOST("process", "spawn")
uint32_t lunatic_spawn(int64_t link, int64_t config, int64_t module, const char *name, size_t name_length,
                       const void *parameters, size_t parameters_length, uint64_t *id);

// No message without a tag matches this one.
#define NO_TAG 0
#define FOREVER UINT64_MAX

typedef void (*process_function)(uint64_t argument);

// The export where each process begins. A function pointer is an index into a table, and the table looks the same
// in each instance of the module: so a pointer can travel to another process, where data pointers mean nothing.
__attribute__((export_name("run_function"))) void run_function(process_function function, uint64_t argument) {
    function(argument);
}

// Starts a process at a function, linked to this one: when one fails, so does the other.
static inline uint64_t spawn_linked(process_function function, uint64_t argument) {
    // Parameters travel in records of 17 bytes: a type (7F i32, 7E i64), then the value in 16, low byte first.
    uint8_t parameters[34] = {0};
    uint32_t index = (uint32_t)(uintptr_t)function;
    parameters[0] = 0x7F;
    memcpy(parameters + 1, &index, sizeof index);
    parameters[17] = 0x7E;
    memcpy(parameters + 18, &argument, sizeof argument);

    uint64_t id;
    // -1, -1: same permissions, same module as this process.
    if (lunatic_spawn(1, -1, -1, "run_function", 12, parameters, sizeof parameters, &id) != 0) __builtin_trap();
    return id;
}

// Sends a message of bytes.
static inline void send_bytes(uint64_t to, int64_t tag, const void *data, size_t length) {
    lunatic_create_data(tag, length);
    lunatic_write_data(data, length);
    lunatic_send(to);
}

// Waits for a message of any kind. Its tag comes from lunatic_get_tag.
static inline void receive_bytes(void *data, size_t length) {
    lunatic_receive(NULL, 0, FOREVER);
    lunatic_read_data(data, length);
}

// Waits for a message with this tag. Others stay in the mailbox.
static inline void receive_tagged(int64_t tag, void *data, size_t length) {
    lunatic_receive(&tag, 1, FOREVER);
    lunatic_read_data(data, length);
}

#endif
