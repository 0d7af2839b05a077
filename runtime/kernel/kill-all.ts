import { clockTime } from './clock.ts';
import type { Environment } from './environment.ts';
import type { Process } from './process.ts';
import type { Scheduler } from './scheduler.ts';

/** Milliseconds for which processes are killed before others have turns. */
const MOST_TIME = 0.5;

/**
 * Kills all processes of an environment for good, the oldest first. Those that come later are killed as they come: the process that has
 * the turn may spawn one before it dies, and others may be on their way from another scheduler.
 * @param everywhere whether those on other schedulers as well
 * @returns when it has gone through all of them. They may not have ended yet
 */
export async function killAll(
  environment: Environment<Process>,
  scheduler: Scheduler,
  everywhere = true,
): Promise<void> {
  environment.isEnding = true;
  if (everywhere) environment.elsewhere?.killAll();
  let since = clockTime();
  // It goes on to processes that are added later.
  for (const process of environment.processes()) {
    if (process.killed) continue;
    scheduler.kill(process);
    if (clockTime() - since < MOST_TIME) continue;
    await new Promise((next) => setImmediate(next));
    since = clockTime();
  }
}
