// A counter that many processes use at the same time, without a lock.
//
// The count is a local variable of one process. Nobody else can reach it: whoever wants to change it sends a message,
// and messages are handled one after the other.

#include "lunatic.h"

#include <stdio.h>

// The messages that the counter understands. The tag is the kind of a message.
enum { ADD = 1, READ = 2, ANSWER = 3, FINISHED = 4 };

// The data of ADD is how many to add, and that of READ is whom to answer.
static void counter(uint64_t unused) {
    (void)unused;
    uint64_t count = 0;
    for (;;) {
        uint64_t value;
        receive_bytes(&value, sizeof value);
        switch (lunatic_get_tag()) {
        case ADD:
            count += value;
            break;
        case READ:
            send_bytes(value, ANSWER, &count, sizeof count);
            break;
        }
    }
}

// Asks, and waits for the answer. Meanwhile, other messages may come: the tag picks the right one.
static uint64_t read_counter(uint64_t counter) {
    uint64_t self = lunatic_process_id();
    uint64_t count;
    send_bytes(counter, READ, &self, sizeof self);
    receive_tagged(ANSWER, &count, sizeof count);
    return count;
}

// What one of the users gets. Data pointers mean nothing in another process, so all of it is in the message.
struct task {
    uint64_t counter, parent, times;
};

// Adds one to the counter, many times.
static void user(uint64_t number) {
    struct task task;
    receive_bytes(&task, sizeof task);
    uint64_t one = 1;
    for (uint64_t i = 0; i < task.times; i++) send_bytes(task.counter, ADD, &one, sizeof one);
    // Messages from one process to another arrive in the order they were sent: with this answer, everything has been added.
    read_counter(task.counter);
    send_bytes(task.parent, FINISHED, &number, sizeof number);
}

int main(void) {
    enum { USERS = 10 };
    uint64_t count_keeper = spawn_linked(counter, 0);
    printf("the counter is process %llu and says %llu\n", (unsigned long long)count_keeper,
           (unsigned long long)read_counter(count_keeper));

    struct task task = {.counter = count_keeper, .parent = lunatic_process_id(), .times = 1000};
    for (uint64_t i = 1; i <= USERS; i++) send_bytes(spawn_linked(user, i), NO_TAG, &task, sizeof task);
    printf("%d processes add 1 to it, each of them %llu times\n", USERS, (unsigned long long)task.times);

    for (int i = 0; i < USERS; i++) {
        uint64_t number;
        receive_tagged(FINISHED, &number, sizeof number);
    }
    printf("in the end it says %llu\n", (unsigned long long)read_counter(count_keeper));
    return 0;
}
