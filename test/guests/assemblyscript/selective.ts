// Selective receive: messages are taken by tag, out of their order.

import { print, number, receive, receiveTagged, self, sendNumber } from "./lunatic";

const RED: i64 = 1;
const GREEN: i64 = 2;
// Tags have 64 bits.
const WIDE: i64 = i64.MIN_VALUE + 5;

export function _start(): void {
  sendNumber(self(), 10);
  sendNumber(self(), 11, RED);
  sendNumber(self(), 12, GREEN);
  sendNumber(self(), 13, WIDE);
  sendNumber(self(), 14, RED);

  receiveTagged([GREEN]);
  print(`green: ${number()}`);
  receiveTagged([WIDE, RED]);
  print(`red or wide: ${number()}`);
  receiveTagged([WIDE]);
  print(`wide: ${number()}`);
  print(`no green any more: code ${receiveTagged([GREEN], 0)}`);
  print(`a filter of 0 matches nothing: code ${receiveTagged([0], 5)}`);
  receive();
  print(`any: ${number()}`);
  receive();
  print(`any: ${number()}`);
  print(`none left: code ${receive(0)}`);
}
