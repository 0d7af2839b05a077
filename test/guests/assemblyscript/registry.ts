// The registry: names for processes, seen by all of them.

import {
  exists, kill, number, print, receive, register, self, sendNumber, sleep, spawn, unregister, whereIs,
} from "./lunatic";

export { runProcess } from "./lunatic";

/** Looks its parent up by name. */
function child(value: i64): void {
  sendNumber(whereIs("the parent"), value);
}

function waits(_: i64): void {
  receive();
}

export function _start(): void {
  print(`unknown: ${whereIs("the parent")}`);
  register("the parent", self());
  print(`known: ${whereIs("the parent") == self()}`);
  spawn(child, 5);
  receive();
  print(`found by a child: ${number()}`);

  const one = spawn(waits);
  const two = spawn(waits);
  register("service", one);
  register("service", two);
  print(`the last one counts: ${whereIs("service") == two}`);
  kill(two);
  while (exists(two)) sleep(1);
  print(`the name stays: ${whereIs("service") == two}`);
  unregister("service");
  unregister("service");
  print(`removed: ${whereIs("service")}`);
  register("", one);
  register("naïve/ünicode ☾", one);
  print(`any text is a name: ${whereIs("") == one} ${whereIs("naïve/ünicode ☾") == one}`);
}
