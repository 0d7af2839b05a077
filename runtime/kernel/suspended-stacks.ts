import { WAIT_AGAIN } from '../wasm/index.ts';
import { type Process, Wait } from './process.ts';
import type { Turns } from './turns.ts';

/**
 * Whose stacks are kept, which takes some microseconds at each suspension: nobody's; those of processes that wait for anything
 * but a message, which is so rare that it costs nothing; or everybody's.
 */
export type KeptStacks = 'none' | 'rare' | 'all';

/** A request for the stack of a process that waits for a message. */
interface Look {
  readonly process: Process;
  /** Called once; with null if the stack cannot be seen. */
  readonly seen: (stack: Error | null) => void;
}

/**
 * The stacks of suspended processes, as `Error` objects whose stack V8 writes when it is read.
 *
 * A stack is either kept when its process is suspended, or looked at later. V8 converts the value that a host call
 * returns to a number on the stack of the guest that called. So a process that waits for a message is resumed with a
 * probe: an object whose `valueOf` runs on that stack, sees the guest's frames below itself, and returns `WAIT_AGAIN`.
 * Then the function between guest and host (`wasm/host-shims.ts`) calls `waitAgain`, and the process is suspended as it
 * was. That works for host calls that return an i32, as those do that receive.
 */
export class SuspendedStacks {
  /** Which stacks are kept from now on. */
  kept: KeptStacks = 'none';
  readonly #turns: Turns;
  readonly #looks: Look[] = [];

  constructor(turns: Turns) {
    this.#turns = turns;
  }

  /** Keeps the stacks that cannot be looked at later. If all are kept, that remains. */
  keepRare(): void {
    if (this.kept === 'none') this.kept = 'rare';
  }

  /**
   * Keeps the stack of the current process, which is about to be suspended, if such stacks are kept. Need not be called for a
   * process that waits for a message unless all are kept.
   */
  keep(process: Process, wait: Wait): void {
    const isKept = this.kept === 'all' || (this.kept === 'rare' && wait !== Wait.Receive);
    process.suspendedAt = isKept ? new Error('suspended') : null;
  }

  /** The stack that is kept of a process; null if there is none, or if it is older than the wait for a message in which it is. */
  #keptOf(process: Process): Error | null {
    const { suspendedAt, suspendedIn } = process;
    const isKept = isUnwound(process) || this.kept === 'all' || suspendedIn !== Wait.Receive;
    return isKept ? suspendedAt : null;
  }

  /**
   * The stack of a process that is suspended, or was when it trapped and is held. Null if it cannot be seen: the process
   * has not started or has ended, or was suspended, but not for a message, before stacks were kept. Stacks that are asked
   * for at one time are of one time: no process goes on in between. Must not be called by a process.
   */
  of(process: Process): Promise<Error | null> {
    if (process.exit !== null) return Promise.resolve(null);
    const kept = this.#keptOf(process);
    if (isUnwound(process) || kept !== null) return Promise.resolve(kept);
    return new Promise((seen) => {
      this.#looks.push({ process, seen });
      this.#turns.wakeUp();
    });
  }

  /** Whether `look` must be called before the next process gets its turn. */
  get areWanted(): boolean {
    return this.#looks.length > 0;
  }

  /**
   * Answers requests until one of them takes a look, for which a process is resumed.
   * @returns whether one does; the scheduler goes on when that process is suspended again
   */
  look(): boolean {
    for (let look = this.#looks.shift(); look !== undefined; look = this.#looks.shift()) {
      const { process, seen } = look;
      if (process.exit !== null) {
        seen(null);
      } else if (!isSuspended(process) || process.suspendedIn !== Wait.Receive) {
        seen(this.#keptOf(process));
      } else {
        this.#turns.resumeOutOfTurn(process, probe(seen));
        return true;
      }
    }
    return false;
  }

  /** Suspends a process that was looked at as it was. Called by the functions between guests and the host. */
  readonly waitAgain = (): number | Promise<number> => this.#turns.suspendAgain();
}

function isSuspended(process: Process): boolean {
  const { started, queued, killed } = process;
  return started && !queued && !killed && !isUnwound(process);
}

/** Whether a process is held after its stack has ended. */
function isUnwound({ heldExit, doomed }: Process): boolean {
  return heldExit !== null && !doomed;
}

/** What a process is resumed with to be looked at, in place of a number. */
function probe(seen: (stack: Error) => void): number {
  const looking: unknown = {
    valueOf() {
      seen(new Error('suspended'));
      return WAIT_AGAIN;
    },
  };
  return looking as number;
}
