// Four workers and the supervisor that keeps them going.
//
// Every worker is a process: an instance of this very program with a memory of its own. Nothing is shared, so
// when a worker crashes, it takes nothing with it but itself. its supervisor is notified by a message,
// starts a new worker in its place, and hands it the job that was left unfinished.
//
//                      supervisor  (process 1, begins at _start)
//                     /   |   |   \
//                  Ada  Bob  Cleo  Dan        linked: a crash down here is a message up there

import { catchLinkDeaths, number, print, receive, self, sendNumbers, sleep, spawn, tag, LINK_DIED } from "./lunatic";

// The host begins a new process at an export of the program. This one serves for all of them.
export { runProcess } from "./lunatic";

// Top-level code runs in every process, before anything else, so constants belong here.
const NAMES = ["Ada", "Bob", "Cleo", "Dan"];

// The tag of a message tells what it is about.
const HELLO: i64 = 1; //  supervisor to worker: (supervisor)           this is whom you work for
const READY: i64 = 2; //  worker to supervisor: (worker)               I have nothing to do
const JOB: i64 = 3; //    supervisor to worker: (job, limit, attempt)  count the primes up to the limit
const DONE: i64 = 4; //   worker to supervisor: (worker, primes)       that many
const STOP: i64 = 5; //   supervisor to worker: ()                     go home

// The tag under which the death of a worker is reported: this one for Ada, the next for Bob, and so on.
const WORKER_DIED: i64 = 100;

/** One line for one event, with the id of the process where it happened. */
function report(who: string, what: string): void {
  const id = `${self()}`;
  print(`[process ${id.padStart(2)}]  ${who.padEnd(10)}  ${what}`);
}

// --- a worker -------------------------------------------------------------------------------------------------

/** Each worker begins here. `index` says which one it is, and is all that it knows. */
function worker(index: i64): void {
  const name = NAMES[<i32>index];
  receive();
  const supervisor: u64 = number();
  report(name, "is ready");
  sendNumbers(supervisor, READY, [index]);

  while (true) {
    receive();
    if (tag() == STOP) return; // A process ends normally when its first function returns.

    const job = number();
    const limit = number();
    const attempt = number();
    sleep(250 + 80 * index); // Pretend that the numbers come from far away. Others work meanwhile.

    // Two of the jobs hit a bug. Whatever a worker had in its memory is gone then, as it should be:
    // nobody knows what state it was in.
    if ((job == 3 || job == 8) && attempt == 1) {
      report(name, `hits a bug in job ${job}`);
      throw new Error(`job ${job} went wrong`);
    }

    const primes = countPrimes(<i32>limit);
    report(name, `job ${job}: ${primes} primes up to ${limit}`);
    sendNumbers(supervisor, DONE, [index, primes]);
  }
}

function countPrimes(limit: i32): i32 {
  let count = 0;
  for (let candidate = 2; candidate <= limit; candidate++) {
    let isPrime = true;
    for (let divisor = 2; divisor * divisor <= candidate; divisor++) {
      if (candidate % divisor == 0) {
        isPrime = false;
        break;
      }
    }
    if (isPrime) count++;
  }
  return count;
}

// --- the supervisor -------------------------------------------------------------------------------------------

const JOBS = 12;
const NO_JOB = -1;

/** What the supervisor remembers of a worker. It survives the worker, since it is in the memory of the supervisor. */
class Post {
  process: u64 = 0;
  job: i32 = NO_JOB;
  jobsDone: i32 = 0;
  restarts: i32 = 0;
}

/** The program begins here, in process 1. */
export function _start(): void {
  // When a linked process fails, its partners die with it. A supervisor asks for a message instead.
  catchLinkDeaths();

  report("supervisor", `starts ${NAMES.length} workers for ${JOBS} jobs`);
  const posts = new Array<Post>();
  for (let index = 0; index < NAMES.length; index++) {
    posts.push(new Post());
    hire(posts, index);
  }

  const attempts = new StaticArray<i32>(JOBS);
  let nextJob = 0;
  let jobsDone = 0;
  let primes: i64 = 0;

  while (jobsDone < JOBS) {
    // One mailbox for everything: reports of workers, and notifications of their deaths.
    if (receive() == LINK_DIED) {
      const index = <i32>(tag() - WORKER_DIED);
      const post = posts[index];
      report("supervisor", `${NAMES[index]} (process ${post.process}) crashed: starting a new one`);
      post.restarts++;
      hire(posts, index);
      // A real supervisor would also count how often this happens, and give up when it is too often.
      continue;
    }

    const kind = tag();
    const index = <i32>number();
    const post = posts[index];
    if (kind == DONE) {
      primes += number();
      post.jobsDone++;
      post.job = NO_JOB;
      jobsDone++;
    }
    // A worker that was started again gets the job of its predecessor; the others get the next one.
    if (post.job == NO_JOB && nextJob < JOBS) post.job = nextJob++;
    if (post.job != NO_JOB) {
      const limit = 1000 * (post.job + 1);
      sendNumbers(post.process, JOB, [post.job + 1, limit, ++attempts[post.job]]);
    }
  }

  print("");
  report("supervisor", `all ${jobsDone} jobs are done: ${primes} primes counted`);
  for (let index = 0; index < posts.length; index++) {
    const post = posts[index];
    const restarts = post.restarts == 0 ? "" : `, started again ${post.restarts == 1 ? "once" : `${post.restarts} times`}`;
    report("supervisor", `${NAMES[index].padEnd(4)} did ${post.jobsDone} jobs${restarts}`);
    sendNumbers(post.process, STOP, []);
  }
  report("supervisor", "goes home");
}

/** Starts a worker at a post, linked to the supervisor. */
function hire(posts: Array<Post>, index: i32): void {
  posts[index].process = spawn(worker, index, WORKER_DIED + index);
  sendNumbers(posts[index].process, HELLO, [self()]);
}
