import type { ProcessId, SchedulerIndex } from './ids.ts';
import type { Message } from './message.ts';
import type { Signal } from './signal.ts';

/** Brings signals to processes that are not on this scheduler. The router of their environment asks it for those. */
export interface Beyond {
  /** Sends a signal that is no message. Returns false if it is not known where the process might be. */
  deliver(target: ProcessId, signal: Exclude<Signal, { kind: 'message' }>): boolean;

  /** The same for a message, which is used up unless it returns false. */
  deliverMessage(target: ProcessId, message: Message): boolean;

  /** Whether a process exists there. */
  exists(target: ProcessId): boolean | Promise<boolean>;
}

/** The processes of an environment that are on other schedulers. */
export interface Elsewhere extends Beyond {
  /** The scheduler that a process is on, or was on; it may be this one. */
  place(id: ProcessId): SchedulerIndex;

  /** Whether a process may be on another scheduler, which alone knows whether it is. */
  mayHave(id: ProcessId): boolean;

  /** Called when a process has ended here. */
  ended(id: ProcessId): void;

  /**
   * Asks whether the program may have one more process, where it may have `most`. Null means that this scheduler decides.
   * @returns how many there are already if that is too many, or else null; `permitUsed` must be called once the process is there, or will not be
   */
  permit(most: number): Promise<number | null> | null;

  permitUsed(): void;

  /** Kills the processes of the environment that are on other schedulers. */
  killAll(): void;

  /** The number of live processes of the environment on other schedulers, as far as they have told. */
  readonly size: number;
}
