import { ENTRY_COST, type Payer } from './account.ts';
import { indexFromGuest } from './ids.ts';
import { hostTrap } from './trap.ts';

/** Entries that are kept together: a map of a million grows in one piece, which takes a tenth of a second. */
const PAGE = 1024;

/** What an entry counts for, unless its kind says otherwise. */
const RESOURCE_COST = 4 * ENTRY_COST;

/**
 * The resources of one kind that a process owns. Ids count from 0 and are never reused (abi 3.3).
 */
export class ResourceTable<T> {
  readonly #kind: string;
  readonly #owner: Payer;
  readonly #costOf: ((value: T) => number) | null;
  readonly #pages = new Map<number, Map<number, T>>();
  #next = 0;
  #size = 0;
  /** The entry that was found last: programs use the same one again and again. */
  #lastId = -1;
  #last: T | undefined = undefined;

  /**
   * @param kind what an error calls an entry: "error", "config", ...
   * @param owner whose account is charged for entries
   * @param costOf the bytes that an entry counts for, always the same
   */
  constructor(kind: string, owner: Payer, costOf?: (value: T) => number) {
    this.#kind = kind;
    this.#owner = owner;
    this.#costOf = costOf ?? null;
  }

  get size(): number {
    return this.#size;
  }

  #find(id: number): T | undefined {
    if (id === this.#lastId) return this.#last;
    const value = this.#pages.get(Math.floor(id / PAGE))?.get(id);
    if (value !== undefined) {
      this.#lastId = id;
      this.#last = value;
    }
    return value;
  }

  /** The bytes that an entry counts for. */
  costOf(value: T): number {
    return this.#costOf === null ? RESOURCE_COST : this.#costOf(value);
  }

  /** Adds an entry and returns its id. The owner ends soon if the host keeps too much for it: many calls cannot trap here. */
  add(value: T): number {
    const { account } = this.#owner;
    const cost = this.costOf(value);
    const refusal = account.add(cost);
    if (refusal !== null) {
      account.force(cost);
      this.#owner.overdraw(refusal);
    }
    const id = this.#next++;
    const number = Math.floor(id / PAGE);
    const page = this.#pages.get(number) ?? new Map<number, T>();
    if (page.size === 0) this.#pages.set(number, page);
    page.set(id, value);
    this.#size++;
    return id;
  }

  /** The entry of an id that a guest passed. Traps if there is none. */
  get(id: bigint): T {
    const value = this.#find(indexFromGuest(id));
    if (value === undefined) throw this.#unknown(id);
    return value;
  }

  /** The same for an id that was passed as two halves. */
  at(low: number, high: number): T {
    const value = high === 0 ? this.#find(low >>> 0) : undefined;
    if (value === undefined) throw this.#unknown((BigInt(high) << 32n) | BigInt(low >>> 0));
    return value;
  }

  /** Takes out the entry of an id. Traps if there is none. */
  remove(id: bigint): T {
    const value = this.get(id);
    this.delete(indexFromGuest(id));
    return value;
  }

  /** Takes out the entry of an id, if there is one. */
  take(id: bigint): T | undefined {
    const index = indexFromGuest(id);
    const value = this.#find(index);
    this.delete(index);
    return value;
  }

  delete(id: number): void {
    const number = Math.floor(id / PAGE);
    const page = this.#pages.get(number);
    const value = page?.get(id);
    if (page === undefined || value === undefined) return;
    if (id === this.#lastId) {
      this.#lastId = -1;
      this.#last = undefined;
    }
    page.delete(id);
    if (page.size === 0) this.#pages.delete(number);
    this.#size--;
    this.#owner.account.release(this.costOf(value));
  }

  [Symbol.iterator](): Iterator<T> {
    return this.#values();
  }

  *#values(): Generator<T> {
    for (const page of this.#pages.values()) yield* page.values();
  }

  #unknown(id: bigint): Error {
    const shown = BigInt.asUintN(64, id);
    const known = this.#size === 0 ? 'the process has none' : `the process has ${this.#size}`;
    return hostTrap(`unknown ${this.#kind} id ${shown} (${known})`);
  }
}
