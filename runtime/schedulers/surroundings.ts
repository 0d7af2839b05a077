import type { SchedulerIndex } from '../kernel/ids.ts';
import type { Process } from '../kernel/process.ts';
import type { Mesh } from './mesh.ts';

/** What a process may have to wait for that spawns others. */
export interface Pressure {
  whenWritable(ready: () => void): () => void;
}

/** What those who place processes see of the scheduler, and do with it. */
export interface Surroundings {
  readonly mesh: Mesh;
  /** Whether processes compute, and keep others from their turns. */
  readonly isContended: boolean;
  /** The same, for a process that is about to begin: other programs do not count, unless it is the root of its own. */
  isContendedFor(process: Process): boolean;
  /** Whether some process has been ready here all the time, for a while. */
  readonly isBusy: boolean;
  /** Whether there is little room here for processes. */
  readonly isCrowded: boolean;
  /** The number of processes that are about to leave. */
  readonly leaving: number;
  /** Whether further schedulers can be started for work, or are starting. */
  readonly mayStart: boolean;
  /** Starts them. */
  start(): void;
  /** Has one more started for its room. Returns false if there can be none, and none is starting. */
  grow(): boolean;
  /** Lets the process that has the turn wait. */
  press(pressure: Pressure): void;
  /** A root process is about to begin that has come from another scheduler. */
  begins(root: Process): void;
  /** Calls back whenever a root process has ended here. */
  whenRootEnds(call: () => void): void;
  isMovable(process: Process): boolean;
  /** Lets a process that was kept begin here. */
  enqueue(process: Process): void;
  /** Moves processes that were kept to another scheduler. */
  move(processes: readonly Process[], to: SchedulerIndex): void;
}
