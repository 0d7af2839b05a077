// Three pickers and a shared count of apples, which a plugin keeps: see counter.mjs.

import { catchLinkDeaths, print, receive, spawn, tag, LINK_DIED } from "./lunatic";

export { runProcess } from "./lunatic";

// --- what the plugin offers -------------------------------------------------------------------------------------

// @ts-ignore: decorator
@external("counter", "add")
declare function counterAdd(name: usize, length: u32, amount: i64): i64;
// @ts-ignore: decorator
@external("counter", "wait_for")
declare function counterWaitFor(name: usize, length: u32, value: i64): i64;

function add(counter: string, amount: i64): i64 {
  const name = String.UTF8.encode(counter);
  return counterAdd(changetype<usize>(name), name.byteLength, amount);
}

function waitFor(counter: string, value: i64): i64 {
  const name = String.UTF8.encode(counter);
  return counterWaitFor(changetype<usize>(name), name.byteLength, value);
}

// --- the harvest ------------------------------------------------------------------------------------------------

const NAMES = ["Ada", "Bob", "Cleo"];

function pick(index: i64): void {
  for (let tree = 1; tree <= 4; tree++) {
    add("apples", 25);
    assert(index != 1 || tree < 3, "Bob falls off the ladder");
  }
  add("baskets", 1);
}

export function _start(): void {
  catchLinkDeaths();
  for (let i = 0; i < NAMES.length; i++) spawn(pick, i, i + 1);

  // This process waits, in the plugin, until two others have finished.
  print(`${waitFor("baskets", 2)} baskets are full`);
  if (receive() == LINK_DIED) print(`${NAMES[<i32>tag() - 1]} did not finish, and what he picked is not counted`);
  print(`${add("apples", 0)} apples`);
}
