// An HTTP server. Each connection is handled by a process of its own, and a counter counts visits.

#include "lunatic.h"

// The messages. A tag says what a message is about.
enum { STREAM = 1, VISIT, COUNT };
enum { MAX_LINE = 1024 };

// ---- The counter ----------------------------------------------------------------------------------------------------

// Nobody else can reach the count, so it needs no lock. The data of VISIT is whom to answer; 0 crashes the counter.
static void counter(uint64_t count) {
    for (;;) {
        lunatic_process visitor;
        lunatic_receive_tag(VISIT, &visitor, sizeof visitor, LUNATIC_FOREVER);
        if (visitor == 0) abort();
        count++;
        lunatic_send(visitor, COUNT, &count, sizeof count);
    }
}

// Counts a visit, and returns which one it is; 0 if the counter does not answer within a second.
static uint64_t visit(lunatic_process visitor) {
    lunatic_send(lunatic_lookup("counter"), VISIT, &visitor, sizeof visitor);
    uint64_t count = 0;
    if (visitor != 0) lunatic_receive_tag(COUNT, &count, sizeof count, 1000);
    return count;
}

// ---- A request ------------------------------------------------------------------------------------------------------

// Finds the path in the first line of a request, as in "GET /path HTTP/1.1". Returns false if it is no such line.
static bool read_path(const char *line, char *path, size_t capacity) {
    if (strncmp(line, "GET /", 5) != 0) return false;
    size_t length = strcspn(line + 4, " ");
    if (length >= capacity) return false;
    memcpy(path, line + 4, length);
    path[length] = '\0';
    return true;
}

static void answer(lunatic_stream stream, const char *status, const char *body) {
    char text[MAX_LINE];
    int length = snprintf(text, sizeof text,
                          "HTTP/1.1 %s\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: %zu\r\n"
                          "Connection: close\r\n\r\n%s",
                          status, strlen(body), body);
    lunatic_write(stream, text, (size_t)length);
}

static void handler(uint64_t unused) {
    (void)unused;
    lunatic_stream stream = lunatic_receive_stream(STREAM);
    char request[MAX_LINE], header[MAX_LINE], path[MAX_LINE];
    if (!lunatic_read_line(stream, request, sizeof request)) return;
    // The headers end with an empty line.
    while (lunatic_read_line(stream, header, sizeof header) && header[0] != '\0') continue;
    if (!read_path(request, path, sizeof path)) {
        answer(stream, "400 Bad Request", "Only GET is understood.\n");
    } else if (strcmp(path, "/") == 0) {
        char body[64];
        snprintf(body, sizeof body, "Hello! You are visitor %d.\n", (int)visit(lunatic_self()));
        answer(stream, "200 OK", body);
    } else if (strcmp(path, "/crash") == 0) {
        abort();
    } else if (strcmp(path, "/crash-counter") == 0) {
        visit(0);
        answer(stream, "200 OK", "The counter crashes.\n");
    } else {
        answer(stream, "404 Not Found", "There is nothing here.\n");
    }
}

// ---- The server -----------------------------------------------------------------------------------------------------

static void listener(uint64_t port) {
    lunatic_listener connections = lunatic_listen((uint16_t)port);
    printf("listening on http://127.0.0.1:%d\n", lunatic_port(connections));
    for (;;) {
        lunatic_stream stream = lunatic_accept(connections);
        // Not linked: a request that crashes is nobody else's concern.
        lunatic_send_stream(lunatic_spawn(handler, 0), STREAM, stream);
    }
}

int main(int count, char **arguments) {
    uint64_t port = count > 1 ? strtoull(arguments[1], NULL, 10) : 8080;
    const struct lunatic_child children[] = {{"counter", counter, 0}, {"listener", listener, port}};
    lunatic_supervise(children, 2, 5, 10000);
}

// ---- Tests: make test -----------------------------------------------------------------------------------------------

LUNATIC_TEST(paths_are_read) {
    char path[MAX_LINE];
    lunatic_expect(read_path("GET /index.html HTTP/1.1", path, sizeof path));
    lunatic_expect_text("/index.html", path);
    lunatic_expect(!read_path("POST / HTTP/1.1", path, sizeof path));
    lunatic_expect(!read_path("", path, sizeof path));
}

LUNATIC_TEST(visits_are_counted) {
    lunatic_register("counter", lunatic_spawn(counter, 0));
    lunatic_expect_number(1, visit(lunatic_self()));
    lunatic_expect_number(2, visit(lunatic_self()));
}
