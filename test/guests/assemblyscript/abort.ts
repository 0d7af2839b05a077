// A failing assertion: a line on standard error with the place, and an exit that is a failure.

import { print } from "./lunatic";

function check(temperature: i32): void {
  assert(temperature < 100, "it boils");
}

export function _start(): void {
  for (let temperature = 90; ; temperature += 5) {
    print(`${temperature} degrees`);
    check(temperature);
  }
}
