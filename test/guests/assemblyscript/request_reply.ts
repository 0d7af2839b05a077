// Requests: send and wait for the answer in one step, skipping what is in the mailbox already.

import {
  DATA, TIMEOUT, newMessage, number, print, receive, receiveTagged, request, self, sendNumber, sleep, spawn, tag,
  writeNumber,
} from "./lunatic";

export { runProcess } from "./lunatic";

/** Answers (asker, number) with number + 1, under the tag of the question; thinks long about negative ones. */
function server(_: i64): void {
  while (true) {
    receive();
    const asker = number();
    const value = number();
    const answerTag = tag();
    if (value < 0) sleep(40);
    sendNumber(asker, value + 1, answerTag);
  }
}

function ask(server: u64, value: i64, answerTag: i64, timeout: u64): u32 {
  newMessage(answerTag);
  writeNumber(self());
  writeNumber(value);
  return request(server, answerTag, timeout);
}

export function _start(): void {
  const id = spawn(server);
  for (let value: i64 = 1; value <= 3; value++) {
    const code = ask(id, value, 70 + value, u64.MAX_VALUE);
    print(`asked with ${value}: code ${code}, tag ${tag()}, answer ${number()}`);
  }

  // A message with the same tag that was there before is not taken for the answer. It is there after a wait:
  // without one it would still be on its way, although it comes from this very process.
  sendNumber(self(), 1000, 80);
  sleep(1);
  ask(id, 8, 80, u64.MAX_VALUE);
  print(`the answer, not the old message: ${number()}`);
  receive();
  print(`the old message: ${number()}`);

  const late = ask(id, -6, 90, 5);
  print(`timed out: ${late == TIMEOUT}`);
  print(`the late answer has its own tag: ${receiveTagged([90]) == DATA} ${number()}`);

  // The answer to the next question is not mixed up with a late one.
  ask(id, -5, 91, 5);
  ask(id, 20, 92, u64.MAX_VALUE);
  print(`next answer: ${number()}`);
  receive();
  print(`late answer: ${number()}, tag ${tag()}`);
}
