// Monitors: the end of a process as a message, whatever its cause.

import {
  LINK_DIED, PROCESS_DIED, catchLinkDeaths, diedProcess, exists, kill, link, monitor, print, receive, sendNumber,
  spawn, tag, unlink,
} from "./lunatic";

export { runProcess } from "./lunatic";

/** Waits for a word, then ends as told: 0 returns, 1 traps, 2 aborts with a message. */
function ends(how: i64): void {
  receive();
  if (how == 1) unreachable();
  assert(how != 2, "as told");
}

function watch(what: string, process: u64): void {
  const code = receive();
  print(`${what}: code ${code}, same process ${diedProcess() == process}, alive ${exists(process)}`);
}

export function _start(): void {
  const words = ["returned", "trapped", "aborted"];
  for (let how = 0; how < 3; how++) {
    const process = spawn(ends, how);
    monitor(process);
    sendNumber(process, 1);
    watch(words[how], process);
  }
  const killed = spawn(ends);
  monitor(killed);
  monitor(killed);
  kill(killed);
  watch("killed", killed);
  print(`once only: code ${receive(5)}`);
  monitor(killed);
  print(`too late: code ${receive(5)}`);

  catchLinkDeaths();
  const both = spawn(ends);
  link(7, both);
  monitor(both);
  kill(both);
  // Links are told before monitors.
  print(`linked and monitored: ${receive() == LINK_DIED} tag ${tag()}, ${receive() == PROCESS_DIED}`);

  const free = spawn(ends);
  link(8, free);
  unlink(free);
  monitor(free);
  kill(free);
  print(`unlinked: ${receive() == PROCESS_DIED}`);
}
