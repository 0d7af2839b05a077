// Timers: messages that come later, or not at all.

import {
  TIMEOUT, cancelTimer, number, print, receive, receiveTagged, self, sendNumber, sendNumberAfter, sleep, spawn,
} from "./lunatic";

export { runProcess } from "./lunatic";

function postpones(parent: i64): void {
  sendNumberAfter(parent, 77, 20);
}

export function _start(): void {
  sendNumberAfter(self(), 3, 45);
  sendNumberAfter(self(), 1, 5);
  sendNumberAfter(self(), 2, 25);
  for (let i = 0; i < 3; i++) {
    receive();
    print(`received ${number()}`);
  }

  const timer = sendNumberAfter(self(), 4, 10);
  print(`cancelled: ${cancelTimer(timer)}, again: ${cancelTimer(timer)}, unknown: ${cancelTimer(999)}`);
  print(`nothing comes: ${receive(25) == TIMEOUT}`);

  sendNumberAfter(self(), 5, 0);
  sendNumber(self(), 6);
  receive();
  print(`at once: ${number()}`);
  receive();
  print(`after 0 ms: ${number()}`);

  sendNumberAfter(self(), 7, 5, 70);
  sleep(15);
  sendNumber(self(), 8);
  receiveTagged([70]);
  print(`tagged: ${number()}`);
  receive();
  print(`not tagged: ${number()}`);

  spawn(postpones, self());
  receive();
  print(`from a process that has ended: ${number()}`);
}
