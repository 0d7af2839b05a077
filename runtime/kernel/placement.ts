import type { Process } from './process.ts';

/** Decides which processes that have not begun, and so have no stack, go to other schedulers. */
export interface Placement {
  /** Whether a process that is about to begin is kept for another scheduler. It has no turn here then, unless `giveBack` enqueues it. */
  keeps(process: Process): boolean;

  /** Called when a process has spawned another one, in its turn. */
  spawned(): void;

  /** Called when no process is ready: what was kept may begin here. */
  giveBack(): void;

  /** Called when all processes wait. */
  idle(): void;
}
