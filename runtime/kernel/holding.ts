import type { Exit } from './exit.ts';
import type { Observers } from './observers.ts';
import type { Process } from './process.ts';
import type { Turns } from './turns.ts';

/**
 * Keeps processes from their turns for people who look at them: paused processes, and processes that are held after a trap.
 *
 *               pause             its turn comes          resume
 *     waiting ---------> paused ------------------> parked ------> ready
 *                          |  resume                  ^
 *                          `-------> waiting          |
 *               pause                                 |
 *       ready ----------------------------------------'
 *
 *             trap, and an observer holds it                 resume or kill
 *     running ------------------------------> held, parked ----------------> exited
 *
 *                      kill, and a watcher holds it                  resume, or another kill
 *     waiting, ready ------------------------------> held, doomed ---------------------------> killed
 *
 * A paused process goes on waiting for what it waits for, and can be killed.
 */
export class Holding {
  readonly #turns: Turns;
  readonly #observers: Observers;

  constructor(turns: Turns, observers: Observers) {
    this.#turns = turns;
    this.#observers = observers;
  }

  /** From now on the processes get no turn. Must be called between turns. */
  pause(processes: Iterable<Process>): void {
    for (const process of processes) process.paused = true;
    const ready = this.#turns.takeOut(({ paused, killed }) => paused && !killed);
    for (const process of ready) process.parked = true;
  }

  /** Takes `pause` back. A process that is held after a trap ends. */
  resume(process: Process): void {
    process.paused = false;
    if (process.doomed) {
      this.abandon(process);
      return;
    }
    if (!process.parked) return;
    process.parked = false;
    this.#turns.enqueue(process, process.resumeValue);
  }

  /** Unwinds the stack of a process that stands still, and ends it. */
  abandon(process: Process): void {
    process.paused = process.parked = process.doomed = false;
    process.heldExit = null;
    process.killed = true;
    process.cancelWait?.();
    this.#turns.makeReady(process, 0);
  }

  /** Sets aside a paused process whose turn has come. */
  park(process: Process): void {
    process.parked = true;
  }

  /**
   * Holds a process that has trapped as it was, if an observer wants that.
   * @param error the error that has unwound its stack, with the stack as it was
   * @param end ends the process; called when it is resumed or killed
   * @returns whether it is held
   */
  hold(process: Process, exit: Exit, error: unknown, end: () => void): boolean {
    if (!this.#observers.hold(process, exit, error)) return false;
    process.heldExit = exit;
    process.suspendedAt = error instanceof Error ? error : null;
    process.paused = process.parked = true;
    process.resume = end;
    return true;
  }
}
