// Top-level code runs while the instance is made: in the first process, and in every other one.

import { exists, number, print, receive, self, sendNumber, spawn } from "./lunatic";

export { runProcess } from "./lunatic";

let started = 0;
const born = self();

// The instance is not finished here, so the process does not count as one yet.
print(`top-level code: process exists: ${exists(born)}`);
started++;

function child(parent: i64): void {
  // What the top-level code did in other processes is not seen here.
  started += 10;
  sendNumber(parent, started);
}

export function _start(): void {
  print(`_start: process exists: ${exists(self())}`);
  const process = spawn(child, self());
  print(`spawned another one: ${process != self()}`);
  receive();
  print(`started, in the child: ${number()}`);
  print(`started, here: ${started}, same id: ${born == self()}`);
}
