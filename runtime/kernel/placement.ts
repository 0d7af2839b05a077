import type { Process } from './process.ts';

/** Where children of a process begin. */
export const Where = {
  /** Beside their parent, unless another scheduler has nothing to do. */
  Usual: 0,
  /** Beside their parent. */
  Beside: 1,
  /** On another scheduler than their parent, if there can be one. */
  Apart: 2,
} as const;
export type Where = (typeof Where)[keyof typeof Where];

/** Decides which processes that have not begun, and so have no stack, go to other schedulers. */
export interface Placement {
  /** Whether a process that is about to begin is kept for another scheduler. It has no turn here then, unless `giveBack` enqueues it. */
  keeps(process: Process): boolean;

  /** Called when no process is ready: what was kept may begin here. */
  giveBack(): void;

  /** Called when all processes wait. */
  idle(): void;
}
