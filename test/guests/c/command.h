// `lunatic::command` for C: programs of the operating system. Upstream's runtime does not have it.
//
//     command_id c = command("sort", NULL);
//     lunatic_command_set_stream(c, STREAM_INPUT, MODE_STREAMED);
//     program_id p = start(c);

#ifndef COMMAND_H
#define COMMAND_H

#include <stdlib.h>

#include "lunatic.h"

typedef uint64_t command_id;
typedef uint64_t program_id;

enum { STREAM_INPUT = 0, STREAM_OUTPUT = 1, STREAM_ERROR = 2 };
enum { MODE_NULL = 0, MODE_INHERITED = 1, MODE_STREAMED = 2, MODE_CAPTURED = 3 };

HOST("command", "create") uint32_t lunatic_command_create(const char *program, size_t length, uint64_t *id);
HOST("command", "add_argument") void lunatic_command_add_argument(command_id, const char *argument, size_t length);
HOST("command", "add_environment_variable")
void lunatic_command_add_environment_variable(command_id, const char *key, size_t key_length, const char *value,
                                              size_t value_length);
HOST("command", "set_stream") void lunatic_command_set_stream(command_id, uint32_t stream, uint32_t mode);
HOST("command", "spawn") uint32_t lunatic_command_spawn(command_id, uint64_t *id);
HOST("command", "write")
uint32_t lunatic_command_write(program_id, const void *data, size_t length, uint64_t timeout, uint64_t *out);
HOST("command", "close_input") void lunatic_command_close_input(program_id);
HOST("command", "read")
uint32_t lunatic_command_read(program_id, uint32_t stream, void *buffer, size_t length, uint64_t timeout,
                              uint64_t *out);
HOST("command", "wait") uint32_t lunatic_command_wait(program_id, uint64_t timeout, uint64_t *status);
HOST("command", "kill") uint32_t lunatic_command_kill(program_id, int32_t signal, uint64_t *out);
HOST("error", "string_size") uint32_t lunatic_error_size(uint64_t error);
HOST("error", "to_string") void lunatic_error_to_string(uint64_t error, char *text);

// Prints what went wrong and ends the process, where a code says so.
static inline void succeed(uint32_t code, uint64_t error) {
    if (code == 0) return;
    char *text = calloc(1, lunatic_error_size(error) + 1);
    lunatic_error_to_string(error, text);
    printf("error: %s\n", text);
    exit(1);
}

// A command with arguments, of which NULL is the last.
static inline command_id command(const char *program, const char *const *arguments) {
    uint64_t id = 0;
    succeed(lunatic_command_create(program, strlen(program), &id), id);
    for (; arguments != NULL && *arguments != NULL; arguments++) {
        lunatic_command_add_argument(id, *arguments, strlen(*arguments));
    }
    return id;
}

static inline void set_variable(command_id command, const char *key, const char *value) {
    lunatic_command_add_environment_variable(command, key, strlen(key), value, strlen(value));
}

static inline program_id start(command_id command) {
    uint64_t id = 0;
    succeed(lunatic_command_spawn(command, &id), id);
    return id;
}

// Writes all of it, however slowly the program reads.
static inline void write_all(program_id program, const char *data, size_t length) {
    while (length > 0) {
        uint64_t written = 0;
        succeed(lunatic_command_write(program, data, length, FOREVER, &written), written);
        data += written;
        length -= written;
    }
}

// Reads something; 0 at the end.
static inline size_t read_some(program_id program, uint32_t stream, char *buffer, size_t length) {
    uint64_t count = 0;
    succeed(lunatic_command_read(program, stream, buffer, length, FOREVER, &count), count);
    return count;
}

typedef struct {
    uint32_t code, signal;
} program_status;

static inline program_status await_end(program_id program) {
    union {
        uint64_t error;
        program_status status;
    } out = {0};
    succeed(lunatic_command_wait(program, FOREVER, &out.error), out.error);
    return out.status;
}

#endif
