import { type Capacity, committedBy } from './capacity.ts';
import { PLACE_SIZE } from './instance-size.ts';
import { PAGE_SIZE } from './memory-image.ts';
import type { Observers } from './observers.ts';
import { bytesOf } from './owned-memory.ts';
import type { Process } from './process.ts';

/** The part of the scheduler that is used. */
interface Turns {
  readonly current: Process;
  kill(process: Process): void;
  hurry(process: Process): void;
}

/** The most that a process takes besides its memory, for its stack. If all memories are smaller, they are not what uses up the machine. */
const STACK_SIZE = 2 ** 20;

/**
 * Keeps the memories of processes within what the machine has: refuses to let them grow when all that is granted would be more, and
 * ends a process when hardly any memory is left, whoever has used it.
 */
export class MemoryGuard {
  readonly #turns: Turns;
  readonly #capacity: Capacity;
  readonly #observers: Observers;
  #hasTold = false;

  constructor(turns: Turns, capacity: Capacity, observers: Observers) {
    this.#turns = turns;
    this.#capacity = capacity;
    this.#observers = observers;
  }

  /**
   * Called before each `memory.grow`, with the number of pages, which it returns, or -1 if the machine cannot spare them. Memory is
   * counted when it is granted: once a process touches it, nobody is asked any more.
   */
  readonly grow = (pages: number): number => {
    const process = this.#turns.current;
    const owned = process.instance?.owned;
    const more = pages >>> 0;
    if (owned == null || more === 0) return pages;
    const size = bytesOf(owned) + more * PAGE_SIZE;
    // The engine refuses it as well.
    if (size > owned.maximum * PAGE_SIZE) return -1;
    const committed = committedBy(size);
    if (!this.#capacity.commit(committed - process.committed)) return -1;
    process.committed = committed;
    return pages;
  };

  /** Called before each `table.grow` that can succeed. Traps if the process cannot have so many elements more. */
  readonly growTable = (elements: number): void => {
    this.#turns.current.account.charge(PLACE_SIZE * elements);
  };

  /**
   * Must be called when it is time to, see `Capacity`. Ends a process if there is too little memory for all of them: otherwise the
   * operating system, or V8, would end everything.
   * @returns whether hardly any memory is left; then it must be called after each process that had a turn
   */
  watch(): boolean {
    const scarce = this.#capacity.watch();
    // Nobody has had a turn yet.
    const last: Process | undefined = this.#turns.current;
    if (last === undefined) return false;
    if (this.#capacity.isHeapFilling && !this.#hasTold) {
      this.#hasTold = true;
      this.#observers.heapFilling(last);
    }
    switch (scarce) {
      case null:
        return false;
      case 'heap':
        this.#end(last, "V8's heap has no room left, and it had the last turn");
        return false;
      case 'memory': {
        const largest = largestOf(last);
        const size = sizeOf(largest);
        // It is seen in the next turns who takes more.
        if (size < STACK_SIZE) return true;
        const reason = `this machine has no memory left, and of the processes of the program it has most: ${size} bytes`;
        this.#end(largest, reason);
        return true;
      }
      case 'less memory':
        this.#end(last, 'this machine has no memory left, and it took more in the last turn');
        return true;
      case 'no more memory':
        return true;
    }
  }

  #end(process: Process, reason: string): void {
    if (process.exit !== null) return;
    process.killReason ??= reason;
    this.#turns.kill(process);
    this.#turns.hurry(process);
  }
}

function sizeOf({ instance }: Process): number {
  return instance?.owned == null ? 0 : bytesOf(instance.owned);
}

/** The process with the largest memory in the program of one of them; of equal ones the youngest. */
function largestOf(process: Process): Process {
  let largest = process;
  let most = -1;
  for (const other of process.environment.processes()) {
    const size = sizeOf(other);
    if (size < most) continue;
    most = size;
    largest = other;
  }
  return largest;
}
