import { ByteReader } from './byte-reader.ts';
import { ByteWriter } from './byte-writer.ts';
import { IntList } from './int-list.ts';

/** What a map knows, in numbers. */
export type OffsetLists = readonly Int32Array<ArrayBuffer>[];

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
  readonly #rewritten = new IntList(64);
  readonly #original = new IntList(64);
  /** Copies of code that stands elsewhere in the map: where they begin, and where they come from; -1 where they end. */
  readonly #asides = new IntList();
  readonly #asideOriginals = new IntList();
  /** What `packed` of another map returned, until something is looked for. */
  #packed: Uint8Array | null = null;

  /** A map from what `packed` returned. Few are ever asked for anything, so it is unpacked when that happens. */
  static unpack(packed: Uint8Array): OffsetMap {
    const map = new OffsetMap();
    map.#packed = packed;
    return map;
  }

  /** A map from what `lists` returned. */
  static of(lists: OffsetLists): OffsetMap {
    const map = new OffsetMap();
    map.#lists.forEach((list, i) => {
      list.values = lists[i] ?? list.values;
      list.length = list.values.length;
    });
    return map;
  }

  /** All that the map knows, to send it to another thread: once it is there, nothing has to be unpacked. */
  lists(): OffsetLists {
    this.#unpack();
    return this.#lists.map(({ values, length }) => values.slice(0, length));
  }

  /** All that the map knows, to keep it somewhere. */
  packed(): Uint8Array {
    if (this.#packed !== null) return this.#packed;
    const writer = new ByteWriter(this.length * 4);
    for (const list of this.#lists) packList(writer, list);
    return writer.finish();
  }

  /** Keeps the map packed until something is looked for, which takes a third of the memory. */
  pack(): void {
    this.#packed = this.packed();
    for (const list of this.#lists) list.discard();
  }

  get #lists(): IntList[] {
    return [this.#rewritten, this.#original, this.#asides, this.#asideOriginals];
  }

  #unpack(): void {
    if (this.#packed === null) return;
    const reader = new ByteReader(this.#packed, 0, this.#packed.length, 'offset map');
    this.#packed = null;
    for (const list of this.#lists) unpackList(reader, list);
  }

  /** How many runs there are. */
  get length(): number {
    this.#unpack();
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

  /** The original offset that a rewritten one stands for. */
  toOriginal(rewritten: number): number {
    this.#unpack();
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
    this.#unpack();
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

/** Writes numbers as their differences, most of which fit a byte, with a bit that tells whether the number is inverted. */
function packList(writer: ByteWriter, { values, length }: IntList): void {
  writer.u32(length);
  let last = 0;
  for (let i = 0; i < length; i++) {
    const value = values[i] ?? 0;
    const inverted = value < 0 ? 1 : 0;
    const plain = inverted === 1 ? ~value : value;
    const difference = plain - last;
    last = plain;
    if (difference >= 0 && difference < SMALL) writer.u32((difference << 1) | inverted);
    else {
      writer.u32((SMALL << 1) | inverted);
      writer.u32(plain);
    }
  }
}

function unpackList(reader: ByteReader, list: IntList): void {
  const length = reader.u32('a number of entries');
  list.values = new Int32Array(Math.max(16, length));
  let last = 0;
  for (let i = 0; i < length; i++) {
    const code = reader.u32('a difference');
    const difference = code >>> 1;
    last = difference === SMALL ? reader.u32('a number') : last + difference;
    list.values[i] = code & 1 ? ~last : last;
  }
  list.length = length;
}

/** Differences from this one on, and negative ones, are written as the number itself. */
const SMALL = 2 ** 28;
