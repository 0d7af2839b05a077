import type { SchedulerIndex } from '../kernel/ids.ts';
import type { Program } from './programs.ts';

/** What of the system belongs to the one who starts schedulers. */
export interface Starting {
  /** Whether further schedulers can be started, or are starting. */
  readonly mayStart: boolean;
  start(): void;
  /** Starts one more, even if there are as many as there are cores. Returns false if it cannot, and none is starting. */
  grow(): boolean;
}

/** What somebody is told of the system. */
export interface SystemHooks {
  /** Another scheduler has gone. */
  lost(index: SchedulerIndex): void;
  /** Another scheduler takes part in all. */
  ready(index: SchedulerIndex): void;
  /** Something failed that should not. */
  failed(text: string): void;
  /** For those who want to know what goes on. */
  note(text: () => string): void;
}

/** Looks at the processes of all schedulers, for people. Every method is optional. */
export interface SystemWatcher {
  /** Called when another scheduler has joined that knows nothing yet: before processes can go there. */
  joined?(index: SchedulerIndex): void;
  /** Called when another scheduler has gone, before those hear of it that are linked to its processes. */
  losing?(index: SchedulerIndex): void;
  /** The same, when they have. */
  lost?(index: SchedulerIndex): void;
  /** Called when the first process of a program comes here. */
  opened?(program: Program): void;
  /** Called when a program of this number is given up. */
  closed?(key: number): void;
}
