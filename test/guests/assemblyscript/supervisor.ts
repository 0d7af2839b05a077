// A supervisor with four workers. Each works off numbers and fails at a certain one; the link tag tells the
// supervisor which of them failed, and it starts that one again.

import {
  DATA, LINK_DIED, catchLinkDeaths, exists, number, print, receive, self, sendNumber, spawn, tag,
} from "./lunatic";

export { runProcess } from "./lunatic";

const WORKERS = 4;
const FIRST_TAG: i64 = 100;

// The supervisor's own state; in the workers these stay empty.
const pids = new StaticArray<u64>(WORKERS);
const restarts = new StaticArray<i32>(WORKERS);
const sums = new StaticArray<i64>(WORKERS);

/** Receives numbers, and answers with their squares. Number 13 is bad luck. */
function worker(supervisor: i64): void {
  while (true) {
    assert(receive() == DATA);
    const value = number();
    if (value == 13) unreachable();
    if (value == 0) return;
    sendNumber(supervisor, value * value, tag());
  }
}

function start(index: i32): void {
  pids[index] = spawn(worker, self(), FIRST_TAG + index);
}

export function _start(): void {
  catchLinkDeaths();
  for (let i = 0; i < WORKERS; i++) start(i);

  for (let round: i64 = 11; round <= 14; round++) {
    for (let i = 0; i < WORKERS; i++) sendNumber(pids[i], round + i, i + 1);
    // One answer or one death for each number.
    for (let i = 0; i < WORKERS; i++) {
      const kind = receive();
      if (kind == LINK_DIED) {
        const index = <i32>(tag() - FIRST_TAG);
        restarts[index]++;
        start(index);
      } else {
        sums[<i32>tag() - 1] += number();
      }
    }
  }

  for (let i = 0; i < WORKERS; i++) {
    print(`worker ${i}: sum ${sums[i]}, restarts ${restarts[i]}, alive ${exists(pids[i])}`);
    sendNumber(pids[i], 0);
  }
  // A worker that returns does not show up as a link death.
  print(`code of a receive after all returned: ${receive(20)}`);
  for (let i = 0; i < WORKERS; i++) print(`worker ${i}: alive ${exists(pids[i])}`);
}
