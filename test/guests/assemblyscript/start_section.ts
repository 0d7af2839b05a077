// Top-level code runs while the instance is made: in the first process, and in every other one.

import { print, receive, self, sendNumber, spawn, number } from "./lunatic";

export { runProcess } from "./lunatic";

let processes = 0;
const born = self();

print(`top-level code of process ${born == 1 ? "one" : "another"}`);
processes++;
sendNumber(self(), 5);

function child(parent: i64): void {
  // The message that this process sent to itself from its top-level code.
  receive();
  sendNumber(parent, processes * 10 + number());
}

export function _start(): void {
  print("_start");
  receive();
  print(`own message: ${number()}`);
  spawn(child, self());
  receive();
  print(`from the child: ${number()}`);
  print(`processes counted here: ${processes}, same id: ${born == self()}`);
}
