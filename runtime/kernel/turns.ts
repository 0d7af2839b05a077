import type { ActorWatcher } from './actor-watcher.ts';
import type { KernelMetrics } from './kernel-metrics.ts';
import type { Process } from './process.ts';
import type { TurnWork } from './turn-work.ts';

/** What the parts of a scheduler ask of it. */
export interface Turns {
  /** The process that has the turn. */
  readonly current: Process;
  /** The process whose code runs at the moment; null between turns. */
  readonly running: Process | null;
  /** What the current process may still do in host calls. */
  readonly work: TurnWork;
  /** Counts what happens; null if metrics are not exported. */
  readonly metrics: KernelMetrics | null;
  /** Hears of what processes do to each other; null if nobody wants to. */
  readonly watcher: ActorWatcher | null;

  /** Whether a process has the turn, so that what reaches it must wait. */
  runs(process: Process): boolean;

  /** Lets a process that waits go on when its turn comes; its pending host call returns `value`. */
  makeReady(process: Process, value: number): void;

  /** The same for a process that waits for nothing but a turn. */
  enqueue(process: Process, value: number): void;

  /** Takes processes for which a condition holds out of those that are ready; they get no turn then. */
  takeOut(isWanted: (process: Process) => boolean): Process[];

  /** Begins a turn soon if none is going on, even if no process is ready. */
  wakeUp(): void;

  /** Resumes a suspended process between two turns. It must suspend itself with `suspendAgain`. */
  resumeOutOfTurn(process: Process, value: number): void;

  /** Ends the turn of the current process, which is suspended or has ended, and begins that of the next one. */
  handOn(): void;

  /**
   * Called by a process that was resumed without a result, on its stack. Returns the result if there is one by now, or suspends the
   * process as it was.
   */
  suspendAgain(): number | Promise<number>;
}
