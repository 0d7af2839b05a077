import { emitWarning } from 'node:process';
import type { Exit } from './exit.ts';
import type { Process } from './process.ts';

/** Hears of what happens to the processes of a scheduler. Every method is optional. */
export interface SchedulerObserver {
  /** Called before the first instruction of a process that can be stopped, which may be in its start section. */
  onBegin?(process: Process): void;

  /** Called before a process is entered into its environment. Returns why it must not begin, or undefined. */
  onSpawn?(process: Process): string | undefined;

  /** Called when a process has ended. Those that are linked to it have not heard of it yet. */
  onExit?(process: Process, exit: Exit): void;

  /** Called when a process that has not begun goes to another scheduler, and is not here any more. */
  onDepart?(process: Process): void;

  /** Called when such a process has come, before its first turn. It may be paused. */
  onArrive?(process: Process): void;

  /**
   * Called once, when so much of V8's heap is in use that V8 may soon end everything with a fatal error.
   * @param process had the last turn
   */
  onHeapFilling?(process: Process): void;

  /**
   * Called when a process has failed that nobody can hold: in its start section, or since it has exceeded a limit.
   * @param error what has unwound its stack; it has no stack itself if the process waited
   */
  onLost?(process: Process, exit: Exit, error: unknown): void;

  /**
   * Called when a process has trapped or failed. Returns whether it is to be held as it is, until it is resumed.
   * @param error what has unwound its stack, with the stack as it was
   */
  holds?(process: Process, exit: Exit, error: unknown): boolean;
}

/**
 * The observers of a scheduler, called in the order in which they were added. The scheduler goes on if one of them throws:
 * that becomes a warning of Node's; and a process that `onSpawn` throws for is not spawned.
 */
export class Observers {
  /** Replaced when it changes, so that observers may come and go while they are called. */
  #observers: readonly SchedulerObserver[] = [];

  add(observer: SchedulerObserver): void {
    this.#observers = [...this.#observers, observer];
  }

  /** Removes an observer. One that was not added has no effect. */
  remove(observer: SchedulerObserver): void {
    this.#observers = this.#observers.filter((other) => other !== observer);
  }

  /** Why a process must not begin, in the words of the first observer that objects; undefined if none does. */
  refusal(process: Process): string | undefined {
    for (const observer of this.#observers) {
      try {
        const refusal = observer.onSpawn?.(process);
        if (refusal !== undefined) return refusal;
      } catch (error) {
        warn(error);
        return 'an observer failed that was asked whether the process may begin';
      }
    }
    return undefined;
  }

  begins(process: Process): void {
    for (const observer of this.#observers) {
      try {
        observer.onBegin?.(process);
      } catch (error) {
        warn(error);
      }
    }
  }

  exited(process: Process, exit: Exit): void {
    for (const observer of this.#observers) {
      try {
        observer.onExit?.(process, exit);
      } catch (error) {
        warn(error);
      }
    }
  }

  departed(process: Process): void {
    for (const observer of this.#observers) {
      try {
        observer.onDepart?.(process);
      } catch (error) {
        warn(error);
      }
    }
  }

  arrived(process: Process): void {
    for (const observer of this.#observers) {
      try {
        observer.onArrive?.(process);
      } catch (error) {
        warn(error);
      }
    }
  }

  lost(process: Process, exit: Exit, error: unknown): void {
    for (const observer of this.#observers) {
      try {
        observer.onLost?.(process, exit, error);
      } catch (error) {
        warn(error);
      }
    }
  }

  heapFilling(process: Process): void {
    for (const observer of this.#observers) {
      try {
        observer.onHeapFilling?.(process);
      } catch (error) {
        warn(error);
      }
    }
  }

  /** Whether any observer holds the process. All are asked. */
  hold(process: Process, exit: Exit, error: unknown): boolean {
    let isHeld = false;
    for (const observer of this.#observers) {
      try {
        if (observer.holds?.(process, exit, error)) isHeld = true;
      } catch (error) {
        warn(error);
      }
    }
    return isHeld;
  }
}

function warn(error: unknown): void {
  emitWarning(error instanceof Error ? error : String(error));
}
