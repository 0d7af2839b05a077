import { hostTrap } from './trap.ts';

/** Bytes that a program may add to what the host keeps for it before the machine is asked whether it has room. */
const BYTES_PER_LOOK = 2 ** 24;

/** A change of the limit's share in so many is much, if it is less than that. */
const SHARES = 64;

/** What an entry of a table or a map of the host takes besides its text. */
export const ENTRY_COST = 128;

/** What a text takes that the host keeps: V8 stores it with two bytes a character at most. */
export function textCost({ length }: string): number {
  return 2 * length + ENTRY_COST;
}

/** Whether the machine has room for so many bytes more. */
export type HasRoom = (bytes: number) => boolean;

/**
 * What the host keeps for all processes of a program, in bytes, apart from their memories: see `Account`.
 */
export class TotalAccount {
  bytes = 0;
  /** The limit of the root process that may have most. */
  limit = 0;
  /** Bytes that other schedulers keep for processes of the same program, as they told last. */
  elsewhere = 0;
  #changed: (() => void) | null = null;
  /** Between these, `bytes` has not changed much. */
  #least = Number.NEGATIVE_INFINITY;
  #most = Number.POSITIVE_INFINITY;
  readonly #hasRoom: HasRoom;
  /** When the machine is asked again. */
  #look = BYTES_PER_LOOK;

  constructor(hasRoom: HasRoom) {
    this.#hasRoom = hasRoom;
  }

  /** Adds bytes and returns null, or why there is no room for them. */
  add(bytes: number): string | null {
    const sum = this.bytes + bytes;
    if (sum + this.elsewhere > this.limit)
      return `all processes of the program, more than ${this.limit} (max_host_memory; --max-host-memory allows more)`;
    if (sum > this.#look) {
      if (!this.#hasRoom(bytes)) return 'the program, for which this machine has no memory left';
      this.#look = sum + BYTES_PER_LOOK;
    }
    this.bytes = sum;
    if (sum > this.#most) this.#tell();
    return null;
  }

  release(bytes: number): void {
    this.bytes -= bytes;
    this.#look = Math.min(this.#look, this.bytes + BYTES_PER_LOOK);
    if (this.bytes < this.#least) this.#tell();
  }

  /** Calls back now, and whenever `bytes` has changed much. */
  watch(changed: () => void): void {
    this.#changed = changed;
    this.#tell();
  }

  #tell(): void {
    const much = Math.min(BYTES_PER_LOOK, this.limit / SHARES);
    this.#least = this.bytes - much;
    this.#most = this.bytes + much;
    this.#changed?.();
  }

  /** Bytes that all schedulers keep. */
  get everywhere(): number {
    return this.bytes + this.elsewhere;
  }

  /** Bytes that can be added before the limit is exceeded. */
  get room(): number {
    return this.limit - this.bytes - this.elsewhere;
  }
}

/** A process, for those who keep something for it. */
export interface Payer {
  readonly account: Account;
  /** Ends it, which has the turn, as soon as it can be: what is there already is more than its account allows. */
  overdraw(reason: string): void;
}

/**
 * What the host keeps for a process, in bytes, apart from its memory: messages that it writes and that wait for it, timers,
 * names, configs, texts of errors, traces, compiled modules. Whoever keeps something charges it first, with what it takes at
 * most, and releases it when it is given up. Both the process (`max_host_memory`) and the program as a whole have a limit.
 *
 * Some things outlast the process that has made them: a name, a timer. They are charged as *lasting*. All others are released
 * with the process.
 */
export class Account {
  bytes = 0;
  readonly limit: number;
  readonly #total: TotalAccount;
  #lasting = 0;
  #ended = false;

  constructor(limit: number, total: TotalAccount) {
    this.limit = limit;
    this.#total = total;
  }

  /** What all processes of the program have in common. */
  get program(): TotalAccount {
    return this.#total;
  }

  /** Bytes that can be added before a limit is exceeded. */
  get room(): number {
    return Math.min(this.limit - this.bytes, this.#total.room);
  }

  /** Adds bytes and returns null, or returns what a person reads if that exceeds a limit. */
  add(bytes: number): string | null {
    if (this.#ended) return null;
    const sum = this.bytes + bytes;
    if (sum > this.limit)
      return `${wouldKeep(sum)} the process, more than ${this.limit} (max_host_memory; --max-host-memory allows more)`;
    const refusal = this.#total.add(bytes);
    // What the process has itself may be little.
    if (refusal !== null) return `${wouldKeep(this.#total.everywhere + bytes)} ${refusal}`;
    this.bytes = sum;
    return null;
  }

  /** Adds bytes whatever the limits say, for what is there already. */
  force(bytes: number): void {
    if (this.#ended) return;
    this.bytes += bytes;
    this.#total.bytes += bytes;
  }

  /** Adds bytes for what the process itself asks for. Traps if that exceeds a limit. */
  charge(bytes: number): void {
    const refusal = this.add(bytes);
    if (refusal !== null) throw hostTrap(refusal);
  }

  release(bytes: number): void {
    if (this.#ended) return;
    this.bytes -= bytes;
    this.#total.release(bytes);
  }

  /** The same as `add` for what outlasts the process. */
  addLasting(bytes: number): string | null {
    const refusal = this.add(bytes);
    if (refusal === null) this.#lasting += bytes;
    return refusal;
  }

  /** The same as `charge` for what outlasts the process. */
  chargeLasting(bytes: number): void {
    const refusal = this.addLasting(bytes);
    if (refusal !== null) throw hostTrap(refusal);
  }

  releaseLasting(bytes: number): void {
    this.#lasting -= bytes;
    this.bytes -= bytes;
    this.#total.release(bytes);
  }

  /** Releases all that does not outlast the process, which has ended. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#total.release(this.bytes - this.#lasting);
    this.bytes = this.#lasting;
  }
}

function wouldKeep(bytes: number): string {
  return `the host would keep ${bytes} bytes besides its memory for`;
}
