// Two processes play ping-pong; then a pair of them plays a longer game in silence.

#include "lunatic.h"

enum { PING = 1, PONG = 2 };

// Answers each number with the next one, and ends after a zero.
static void player(uint64_t partner) {
    for (;;) {
        uint64_t number = receive_number(PING);
        if (number == 0) return;
        send_number(partner, PONG, number + 1);
    }
}

int main(void) {
    setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
    process_id other = spawn_function(player, lunatic_process_id(), NO_LINK);

    uint64_t number = 1;
    for (int round = 0; round < 3; round++) {
        printf("ping %llu\n", (unsigned long long)number);
        send_number(other, PING, number);
        number = receive_number(PONG);
        printf("pong %llu\n", (unsigned long long)number);
        number++;
    }

    uint64_t rounds = 10000;
    for (uint64_t i = 0; i < rounds; i++) {
        send_number(other, PING, number);
        number = receive_number(PONG);
    }
    printf("after %llu more rounds: %llu\n", (unsigned long long)rounds, (unsigned long long)number);

    send_number(other, PING, 0);
    while (lunatic_exists(other)) lunatic_sleep_ms(1);
    printf("ok: the other player has left\n");
    return 0;
}
