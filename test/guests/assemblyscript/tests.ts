// Tests for test mode. Names of AssemblyScript's exports are identifiers, so these use the older encoding, and say the
// rest while they run. Run as a program, this does nothing.

import { expectEqual, fail, FOREVER, monitor, print, receive, setTestName, shouldTrap, spawn } from "./lunatic";
export { runProcess } from "./lunatic";

export function _start(): void {}

function slice(cake: i32, guests: i32): i32 {
  return cake / guests;
}

export function __lunatic_test_shares(): void {
  expectEqual("slices of four", slice(12, 4).toString(), "3");
}

export function __lunatic_test_counts(): void {
  setTestName("cakes are counted: ✗");
  expectEqual("slices of five", slice(12, 5).toString(), "3");
}

export function __lunatic_test_needs_guests(): void {
  shouldTrap("divide by zero");
  print(slice(12, 0).toString());
}

export function __lunatic_test_needs_flour(): void {
  shouldTrap("no flour");
  assert(false, "there is no flour");
}

export function __lunatic_test_needs_sugar(): void {
  print("looking for sugar");
  assert(false, "there is no sugar");
}

// A child belongs to its parent's test.
export function __lunatic_test_is_whole(): void {
  monitor(spawn((who: i64) => fail("somebody has bitten into the cake")));
  receive(FOREVER);
}
