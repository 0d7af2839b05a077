// A pool of workers that count primes, and the supervisor that keeps them going.

import { catchFailures, expectEqual, Kind, Message, print, Process, receive } from "./lunatic";

export { runProcess } from "./lunatic";

// The tags say what a message is about.
const JOB: i64 = 1; //  supervisor to worker: the number of the job, its limit, how often it was tried
const DONE: i64 = 2; // worker to supervisor: the index of the worker, its result
const STOP: i64 = 3;
/** The tag under which the failure of a worker is reported: this one for the first, the next one for the second. */
const WORKER_DIED: i64 = 100;

const WORKERS = 4;
const JOBS = 8;

function countPrimes(limit: i32): i32 {
  let count = 0;
  for (let candidate = 2; candidate <= limit; candidate++) {
    let divisor = 2;
    while (divisor * divisor <= candidate && candidate % divisor != 0) divisor++;
    if (divisor * divisor > candidate) count++;
  }
  return count;
}

/** What a worker does until it is told to stop. Its supervisor says who that is in the first message. */
function worker(index: u64): void {
  const supervisor = new Process(receive().read());
  while (true) {
    const message = receive();
    if (message.tag == STOP) return;
    const job = message.read();
    const limit = <i32>message.read();
    const attempt = message.read();
    // A bug: the third job crashes the worker, at the first attempt.
    if (job == 3 && attempt == 1) throw new Error("the third job went wrong");
    const primes = countPrimes(limit);
    supervisor.send(new Message(DONE).write(index).write(primes));
  }
}

/** What the supervisor knows of a worker. It is in the memory of the supervisor, and so survives the worker. */
class Post {
  worker: Process;
  job: i32 = 0;
  attempt: i32 = 0;

  constructor(readonly index: i32) {
    this.worker = hire(index);
  }

  /** Puts a new worker in the place of one that has crashed, and has it do the job again. */
  replace(): void {
    this.worker = hire(this.index);
    this.tryJob();
  }

  begin(job: i32): void {
    this.job = job;
    this.attempt = 0;
    this.tryJob();
  }

  tryJob(): void {
    this.attempt++;
    this.worker.send(new Message(JOB).write(this.job).write(this.limit).write(this.attempt));
  }

  get limit(): i32 {
    return this.job * 1000;
  }
}

/** Starts a worker that is linked to this process. */
function hire(index: i32): Process {
  const hired = Process.spawnLink(worker, index, WORKER_DIED + index);
  hired.send(new Message().write(Process.self().id));
  return hired;
}

/** Has some jobs done by a pool of workers, and returns the sum of their results. */
function runPool(workers: i32, jobs: i32): i32 {
  // Otherwise the failure of a worker would be that of its supervisor, too.
  catchFailures();
  const posts: Post[] = [];
  let next = 1;
  let done = 0;
  let primes = 0;
  for (let i = 0; i < workers; i++) {
    posts.push(new Post(i));
    if (next <= jobs) posts[i].begin(next++);
  }
  while (done < jobs) {
    const message = receive();
    if (message.kind == Kind.LinkDied) {
      const post = posts[<i32>(message.tag - WORKER_DIED)];
      print(`worker ${post.index} has crashed in job ${post.job} and is replaced`);
      post.replace();
      continue;
    }
    const post = posts[<i32>message.read()];
    const result = <i32>message.read();
    print(`worker ${post.index}: ${result} primes up to ${post.limit}`);
    primes += result;
    done++;
    if (next <= jobs) post.begin(next++);
  }
  for (let i = 0; i < workers; i++) posts[i].worker.send(new Message(STOP));
  return primes;
}

export function _start(): void {
  const primes = runPool(WORKERS, JOBS);
  print(`${JOBS} jobs are done: ${primes} primes`);
}

// ---- Tests: npm test --------------------------------------------------------------------------------------------------

export function __lunatic_test_primes_are_counted(): void {
  expectEqual(0, countPrimes(1), "up to 1");
  expectEqual(4, countPrimes(10), "up to 10");
  expectEqual(168, countPrimes(1000), "up to 1000");
}

/** The third job crashes a worker, and is done all the same. */
export function __lunatic_test_a_crashed_worker_is_replaced(): void {
  expectEqual(168 + 303 + 430, runPool(2, 3), "primes");
}
