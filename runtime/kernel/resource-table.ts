import { indexFromGuest } from './ids.ts';
import { hostTrap } from './trap.ts';

/**
 * The resources of one kind that a process owns. Ids count from 0 and are never reused (abi 3.3).
 */
export class ResourceTable<T> {
  readonly #kind: string;
  readonly #entries = new Map<number, T>();
  #next = 0;

  /** @param kind what an error calls an entry: "error", "config", ... */
  constructor(kind: string) {
    this.#kind = kind;
  }

  get size(): number {
    return this.#entries.size;
  }

  add(value: T): number {
    const id = this.#next++;
    this.#entries.set(id, value);
    return id;
  }

  /** The entry of an id that a guest passed. Traps if there is none. */
  get(id: bigint): T {
    const value = this.#entries.get(indexFromGuest(id));
    if (value === undefined) throw this.#unknown(id);
    return value;
  }

  /** The same for an id that was passed as two halves. */
  at(low: number, high: number): T {
    const value = high === 0 ? this.#entries.get(low >>> 0) : undefined;
    if (value === undefined) throw this.#unknown((BigInt(high) << 32n) | BigInt(low >>> 0));
    return value;
  }

  /** Takes out the entry of an id. Traps if there is none. */
  remove(id: bigint): T {
    const value = this.get(id);
    this.#entries.delete(indexFromGuest(id));
    return value;
  }

  /** Takes out the entry of an id, if there is one. */
  take(id: bigint): T | undefined {
    const index = indexFromGuest(id);
    const value = this.#entries.get(index);
    this.#entries.delete(index);
    return value;
  }

  delete(id: number): void {
    this.#entries.delete(id);
  }

  [Symbol.iterator](): Iterator<T> {
    return this.#entries.values();
  }

  #unknown(id: bigint): Error {
    const shown = BigInt.asUintN(64, id);
    const known = this.#entries.size === 0 ? 'the process has none' : `the process has ${this.#entries.size}`;
    return hostTrap(`unknown ${this.#kind} id ${shown} (${known})`);
  }
}
