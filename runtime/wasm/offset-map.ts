import { IntList } from './int-list.ts';

/**
 * Translates byte offsets between a rewritten module and its original, both ways.
 *
 * The map is a sorted list of runs. A copied run advances on both sides; an inserted one stands, with all its
 * bytes, for the one original instruction that it replaces or precedes (stored as `~offset`).
 *
 *     original   |  a  b  c  |        d  e
 *     rewritten  |  a  b  c  | ++++ | d  e
 *     runs         copied     ~d      copied
 */
export class OffsetMap {
  readonly #rewritten: IntList;
  readonly #original: IntList;
  /** Copies of code that stands elsewhere in the map: where they begin, and where they come from; -1 where they end. */
  readonly #asides: IntList;
  readonly #asideOriginals: IntList;

  /** @param lists what `lists` of another map returned. Nothing may be added then. Default: a map without runs */
  constructor(lists?: readonly Int32Array[]) {
    const [rewritten, original, asides, asideOriginals] = lists ?? [];
    this.#rewritten = IntList.of(rewritten, 64);
    this.#original = IntList.of(original, 64);
    this.#asides = IntList.of(asides, 16);
    this.#asideOriginals = IntList.of(asideOriginals, 16);
  }

  /** All that the map knows, to keep it somewhere. */
  lists(): Int32Array[] {
    const all = [this.#rewritten, this.#original, this.#asides, this.#asideOriginals];
    return all.map(({ values, length }) => values.subarray(0, length));
  }

  /** How many runs there are. */
  get length(): number {
    return this.#rewritten.length;
  }

  /** From `rewritten` on, bytes are copies of those from `original` on. */
  copied(rewritten: number, original: number): void {
    const last = this.#rewritten.length - 1;
    const before = this.#original.at(last);
    if (last >= 0 && before >= 0 && rewritten - this.#rewritten.at(last) === original - before) return;
    this.#add(rewritten, original);
  }

  /** Begins a run even where it goes on as the last one did, so that it can be shifted alone. */
  cut(rewritten: number, original: number): number {
    this.#add(rewritten, original);
    return this.length - 1;
  }

  /** From `rewritten` on, bytes were inserted for the instruction at `original`. */
  inserted(rewritten: number, original: number): void {
    this.#add(rewritten, ~original);
  }

  /** From `rewritten` on, bytes are further copies of those from `original` on, until `asideEnds`. */
  aside(rewritten: number, original: number): void {
    this.#asides.push(rewritten);
    this.#asideOriginals.push(original);
  }

  asideEnds(rewritten: number): void {
    this.aside(rewritten, -1);
  }

  #add(rewritten: number, original: number): void {
    const last = this.#rewritten.length - 1;
    // The last run has no bytes, so it is replaced.
    if (last >= 0 && this.#rewritten.values[last] === rewritten) {
      this.#original.values[last] = original;
      return;
    }
    this.#rewritten.push(rewritten);
    this.#original.push(original);
  }

  /** Moves the rewritten side of all runs from `run` on. */
  shift(run: number, by: number): void {
    const start = this.#rewritten.at(run);
    for (let i = run; i < this.#rewritten.length; i++) this.#rewritten.values[i] = this.#rewritten.at(i) + by;
    for (let i = this.#asides.length - 1; i >= 0 && this.#asides.at(i) >= start; i--) {
      this.#asides.values[i] = this.#asides.at(i) + by;
    }
  }

  /** Appends another map's runs, its rewritten side moved. */
  append(other: OffsetMap, by: number): void {
    for (let i = 0; i < other.length; i++) this.#add(other.#rewritten.at(i) + by, other.#original.at(i));
    for (let i = 0; i < other.#asides.length; i++) {
      this.aside(other.#asides.at(i) + by, other.#asideOriginals.at(i));
    }
  }

  /** The original offset that a rewritten one stands for. */
  toOriginal(rewritten: number): number {
    const aside = lastAtMost(this.#asides, rewritten, identity);
    const copied = aside < 0 ? -1 : this.#asideOriginals.at(aside);
    if (copied >= 0) return copied + rewritten - this.#asides.at(aside);
    const run = lastAtMost(this.#rewritten, rewritten, identity);
    if (run < 0) return rewritten;
    const original = this.#original.at(run);
    if (original < 0) return ~original;
    const mapped = original + rewritten - this.#rewritten.at(run);
    if (run + 1 === this.length) return mapped;
    // Inside of an index that became longer, the offset still belongs to the instruction before the next run.
    const next = this.#original.at(run + 1);
    return Math.min(mapped, next < 0 ? ~next : next);
  }

  /** Where an original instruction went: itself where it was copied, else what stands in its place. */
  toRewritten(original: number): number {
    const run = lastAtMost(this.#original, original, magnitude);
    if (run < 0) return original;
    const start = this.#original.at(run);
    if (start < 0) return this.#rewritten.at(run);
    const mapped = this.#rewritten.at(run) + original - start;
    return run + 1 === this.length ? mapped : Math.min(mapped, this.#rewritten.at(run + 1));
  }
}

function identity(value: number): number {
  return value;
}

function magnitude(value: number): number {
  return value < 0 ? ~value : value;
}

/** Index of the last value that is at most `limit`, in a list that ascends under `key`. */
function lastAtMost(list: IntList, limit: number, key: (value: number) => number): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (key(list.at(middle)) <= limit) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
