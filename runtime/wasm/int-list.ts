import { takeWorkMemory } from './work-memory.ts';

/** The length of a list that probably becomes a long one. */
const LONG = 2 ** 18;
/**
 * The length from which on allocators take room from the system and give it back as soon as it is freed. They keep shorter ones.
 * Only what is written takes memory.
 */
const VERY_LONG = 2 ** 23 + 2 ** 10;

/** A growing list of 32-bit integers, in which a walk over megabytes of code takes notes without allocating objects. */
export class IntList {
  length = 0;
  values: Int32Array<ArrayBuffer>;

  constructor(capacity = 16) {
    this.values = new Int32Array(capacity);
  }

  push(value: number): void {
    if (this.length === this.values.length) this.#grow();
    this.values[this.length++] = value;
  }

  /** Makes room for more. The old room is freed at once: lists of large modules take megabytes. */
  #grow(): void {
    const narrow = this.values;
    const { length } = narrow;
    takeWorkMemory(narrow.byteLength);
    this.values = new Int32Array(length >= LONG && length < VERY_LONG ? VERY_LONG : 2 * length);
    this.values.set(narrow);
    free(narrow.buffer);
  }

  /** Empties the list and frees its room at once. */
  discard(): void {
    free(this.values.buffer);
    this.values = new Int32Array(16);
    this.length = 0;
  }

  /** The value at an index below `length`; 0 beyond. */
  at(index: number): number {
    return index < this.length ? (this.values[index] ?? 0) : 0;
  }
}

/** The Node of an extension host may be 20, which leaves this to its garbage collector. */
function free(buffer: ArrayBuffer): void {
  if (typeof buffer.transfer === 'function') buffer.transfer(0);
}
