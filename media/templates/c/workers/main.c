// A pool of workers that count primes, and the supervisor that keeps them going.

#include "lunatic.h"

// The messages. A tag says what a message is about.
enum { JOB = 1, DONE, STOP };
// The tag under which the failure of a worker is reported: this one for the first, the next one for the second.
enum { WORKER_DIED = 100 };
enum { WORKERS = 4, JOBS = 8 };

struct job {
    uint64_t number, limit, attempt;
};

struct result {
    uint64_t worker, primes;
};

static uint64_t count_primes(uint64_t limit) {
    uint64_t count = 0;
    for (uint64_t candidate = 2; candidate <= limit; candidate++) {
        uint64_t divisor = 2;
        while (divisor * divisor <= candidate && candidate % divisor != 0) divisor++;
        if (divisor * divisor > candidate) count++;
    }
    return count;
}

// What a worker does until it is told to stop. Its supervisor says who that is in the first message.
static void worker(uint64_t index) {
    lunatic_process supervisor;
    lunatic_receive(&supervisor, sizeof supervisor);
    for (;;) {
        struct job job;
        if (lunatic_receive(&job, sizeof job).tag == STOP) return;
        // A bug: the third job crashes the worker, at the first attempt.
        if (job.number == 3 && job.attempt == 1) abort();
        struct result result = {index, count_primes(job.limit)};
        lunatic_send(supervisor, DONE, &result, sizeof result);
    }
}

// What the supervisor knows of a worker. It is in the memory of the supervisor, and so survives the worker.
struct post {
    lunatic_process worker;
    struct job job; // number 0: none
};

// Starts a worker at a post, linked to this process.
static void hire(struct post *posts, int index) {
    lunatic_process self = lunatic_self();
    posts[index].worker = lunatic_spawn_link(worker, (uint64_t)index, WORKER_DIED + index);
    lunatic_send(posts[index].worker, 0, &self, sizeof self);
}

// Hands a worker its job again, or the next one, if there is one.
static void give_job(struct post *post, uint64_t *next, uint64_t jobs) {
    if (post->job.number == 0 && *next <= jobs) {
        post->job = (struct job){.number = *next, .limit = *next * 1000};
        (*next)++;
    }
    if (post->job.number == 0) return;
    post->job.attempt++;
    lunatic_send(post->worker, JOB, &post->job, sizeof post->job);
}

// Has some jobs done by a pool of workers, and returns the sum of their results.
static uint64_t run_pool(int workers, uint64_t jobs) {
    struct post posts[WORKERS] = {0};
    uint64_t next = 1, done = 0, primes = 0;
    // Otherwise the failure of a worker would be that of its supervisor, too.
    lunatic_catch_failures();
    for (int i = 0; i < workers; i++) {
        hire(posts, i);
        give_job(&posts[i], &next, jobs);
    }
    while (done < jobs) {
        struct result result;
        struct lunatic_message message = lunatic_receive(&result, sizeof result);
        if (message.kind == LUNATIC_LINK_DIED) {
            int index = (int)(message.tag - WORKER_DIED);
            printf("worker %d has crashed in job %d and is replaced\n", index, (int)posts[index].job.number);
            hire(posts, index);
            give_job(&posts[index], &next, jobs);
            continue;
        }
        struct post *post = &posts[result.worker];
        printf("worker %d: %d primes up to %d\n", (int)result.worker, (int)result.primes, (int)post->job.limit);
        primes += result.primes;
        done++;
        post->job.number = 0;
        give_job(post, &next, jobs);
    }
    for (int i = 0; i < workers; i++) lunatic_send(posts[i].worker, STOP, NULL, 0);
    return primes;
}

int main(void) {
    uint64_t primes = run_pool(WORKERS, JOBS);
    printf("%d jobs are done: %d primes\n", JOBS, (int)primes);
    return 0;
}

// ---- Tests: make test -----------------------------------------------------------------------------------------------

LUNATIC_TEST(primes_are_counted) {
    lunatic_expect_number(0, count_primes(1));
    lunatic_expect_number(4, count_primes(10));
    lunatic_expect_number(168, count_primes(1000));
}

// The third job crashes a worker, and is done all the same.
LUNATIC_TEST(a_crashed_worker_is_replaced) { lunatic_expect_number(168 + 303 + 430, run_pool(2, 3)); }
