// A chat server. Each member has two processes: one waits for what the others say, one for what the member types.

#include "lunatic.h"

// The messages. A tag says what a message is about.
enum { STREAM = 1, JOIN, SAY, HEAR };
enum { MAX_NAME = 32, MAX_TEXT = 256, MAX_MEMBERS = 100 };

// The data of JOIN and SAY. What has room for a member's name and text has room for both.
struct line {
    lunatic_process member;
    char name[MAX_NAME], text[MAX_TEXT];
};

// ---- The room: knows who is there, and passes on what is said -------------------------------------------------------

static void room(uint64_t unused) {
    (void)unused;
    lunatic_process members[MAX_MEMBERS];
    int count = 0;
    for (;;) {
        struct line line;
        struct lunatic_message message = lunatic_receive(&line, sizeof line);
        if (message.kind == LUNATIC_PROCESS_DIED) {
            for (int i = 0; i < count; i++)
                if (members[i] == message.process) members[i] = members[--count];
            continue;
        }
        char heard[MAX_NAME + MAX_TEXT + 4];
        if (message.tag == JOIN) {
            if (count == MAX_MEMBERS) continue;
            // The room is told when the member leaves.
            lunatic_monitor(line.member);
            members[count++] = line.member;
            snprintf(heard, sizeof heard, "* %s is here", line.name);
        } else {
            // A bug, to see a supervisor at work.
            if (strcmp(line.text, "/crash") == 0) abort();
            snprintf(heard, sizeof heard, "%s: %s", line.name, line.text);
        }
        printf("%s\n", heard);
        for (int i = 0; i < count; i++) lunatic_send(members[i], HEAR, heard, strlen(heard) + 1);
    }
}

// The room, as soon as there is one: after a crash, the supervisor needs a moment.
static lunatic_process find_room(void) {
    lunatic_process found = lunatic_lookup("room");
    while (found == 0 || !lunatic_is_alive(found)) {
        lunatic_sleep(10);
        found = lunatic_lookup("room");
    }
    return found;
}

// ---- A member -------------------------------------------------------------------------------------------------------

// Passes on what the member types, until the connection ends.
static void reader(lunatic_process member) {
    lunatic_stream stream = lunatic_receive_stream(STREAM);
    struct line line = {.member = member};
    lunatic_receive_tag(JOIN, line.name, sizeof line.name, LUNATIC_FOREVER);
    while (lunatic_read_line(stream, line.text, sizeof line.text)) lunatic_send(find_room(), SAY, &line, sizeof line);
    lunatic_kill(member);
}

// Shows the member what is said. When the room has crashed, it joins the next one.
static void member(uint64_t unused) {
    (void)unused;
    lunatic_stream stream = lunatic_receive_stream(STREAM);
    struct line line = {.member = lunatic_self()};
    if (!lunatic_read_line(stream, line.name, sizeof line.name)) return;
    // Linked: neither of the two outlives a failure of the other.
    lunatic_process its_reader = lunatic_spawn_link(reader, line.member, 1);
    lunatic_send_stream(its_reader, STREAM, lunatic_clone(stream));
    lunatic_send(its_reader, JOIN, line.name, sizeof line.name);
    for (;;) {
        lunatic_process joined = find_room();
        lunatic_monitor(joined);
        // Nobody would tell of a room that was dead before.
        if (!lunatic_is_alive(joined)) continue;
        lunatic_send(joined, JOIN, &line, sizeof line);
        char heard[MAX_NAME + MAX_TEXT + 4];
        while (lunatic_receive(heard, sizeof heard).kind == LUNATIC_MESSAGE) {
            lunatic_write(stream, heard, strlen(heard));
            lunatic_write(stream, "\n", 1);
        }
    }
}

// ---- The server -----------------------------------------------------------------------------------------------------

static void listener(uint64_t port) {
    lunatic_listener connections = lunatic_listen((uint16_t)port);
    printf("listening on 127.0.0.1:%d\n", lunatic_port(connections));
    for (;;) {
        lunatic_stream stream = lunatic_accept(connections);
        lunatic_send_stream(lunatic_spawn(member, 0), STREAM, stream);
    }
}

int main(int count, char **arguments) {
    uint64_t port = count > 1 ? strtoull(arguments[1], NULL, 10) : 4000;
    const struct lunatic_child children[] = {{"room", room, 0}, {"listener", listener, port}};
    lunatic_supervise(children, 2, 5, 10000);
}

// ---- Tests: make test -----------------------------------------------------------------------------------------------

static void expect_heard(const char *expected) {
    char heard[MAX_NAME + MAX_TEXT + 4];
    lunatic_receive_tag(HEAR, heard, sizeof heard, LUNATIC_FOREVER);
    lunatic_expect_text(expected, heard);
}

LUNATIC_TEST(members_hear_what_is_said) {
    lunatic_process the_room = lunatic_spawn(room, 0);
    struct line line = {lunatic_self(), "Ada", "hello"};
    lunatic_send(the_room, JOIN, &line, sizeof line);
    expect_heard("* Ada is here");
    lunatic_send(the_room, SAY, &line, sizeof line);
    expect_heard("Ada: hello");
}

static void supervisor(uint64_t unused) {
    (void)unused;
    const struct lunatic_child children[] = {{"room", room, 0}};
    lunatic_supervise(children, 1, 5, 10000);
}

LUNATIC_TEST(a_crashed_room_is_started_again) {
    lunatic_spawn(supervisor, 0);
    lunatic_process first = find_room();
    lunatic_monitor(first);
    struct line line = {lunatic_self(), "Ada", "/crash"};
    lunatic_send(first, SAY, &line, sizeof line);
    char nothing;
    lunatic_expect_number(LUNATIC_PROCESS_DIED, lunatic_receive(&nothing, sizeof nothing).kind);
    lunatic_send(find_room(), JOIN, &line, sizeof line);
    expect_heard("* Ada is here");
}
