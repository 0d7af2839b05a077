import { IntList } from '../../wasm/int-list.ts';

/** More ranges than this are not looked at: their order must fit a number beside their address. */
const MAX_RANGES = 2 ** 21;

/** Collects ranges of addresses with their owners, in any order. */
export class RangeCollector {
  readonly #low = new IntList();
  readonly #high = new IntList();
  readonly #owner = new IntList();

  add(low: number, high: number, owner: number): void {
    if (this.#low.length === MAX_RANGES) return;
    this.#low.push(low | 0);
    this.#high.push(high | 0);
    this.#owner.push(owner);
  }

  get isEmpty(): boolean {
    return this.#low.length === 0;
  }

  /**
   * Makes the map in which the innermost range owns an address: the one that began last. Of those that begin together it is
   * the one that was added last.
   */
  innermost(): RangeMap {
    const map = new MapWriter(this.#low.length);
    // Ranges that are open at the present address, outermost first.
    const ends: number[] = [];
    const owners: number[] = [];
    const closeUntil = (limit: number) => {
      for (let end = ends.at(-1); end !== undefined && end <= limit; end = ends.at(-1)) {
        while ((ends.at(-1) ?? Number.POSITIVE_INFINITY) <= end) {
          ends.pop();
          owners.pop();
        }
        map.put(end, owners.at(-1) ?? -1);
      }
    };
    for (const key of this.#order()) {
      const index = key % MAX_RANGES;
      const low = this.#low.at(index) >>> 0;
      closeUntil(low);
      map.put(low, this.#owner.at(index));
      ends.push(this.#high.at(index) >>> 0);
      owners.push(this.#owner.at(index));
    }
    closeUntil(Number.POSITIVE_INFINITY);
    return map.finish();
  }

  /** Makes the map in which the least of those owners owns an address that claim it. */
  least(): RangeMap {
    const map = new MapWriter(this.#low.length);
    const open = new OwnerHeap();
    const closeUntil = (limit: number) => {
      while (open.least >= 0 && open.end <= limit) {
        const { end } = open;
        while (open.least >= 0 && open.end <= end) open.pop();
        map.put(end, open.least);
      }
    };
    for (const key of this.#order()) {
      const index = key % MAX_RANGES;
      const low = this.#low.at(index) >>> 0;
      closeUntil(low);
      open.push(this.#owner.at(index), this.#high.at(index) >>> 0);
      map.put(low, open.least);
    }
    closeUntil(Number.POSITIVE_INFINITY);
    return map.finish();
  }

  /** The ranges by where they begin: `MAX_RANGES` times the address, and the index. */
  #order(): Float64Array {
    const count = this.#low.length;
    const order = new Float64Array(count);
    for (let i = 0; i < count; i++) order[i] = (this.#low.at(i) >>> 0) * MAX_RANGES + i;
    return order.sort();
  }
}

/** Writes a map in the order of addresses. */
class MapWriter {
  readonly #starts: Int32Array;
  readonly #owners: Int32Array;
  #length = 0;

  /** @param ranges how many there are: each begins and ends once */
  constructor(ranges: number) {
    this.#starts = new Int32Array(2 * ranges);
    this.#owners = new Int32Array(2 * ranges);
  }

  /** From this address on, `owner` owns what follows. What was put for the same address before does not count. */
  put(address: number, owner: number): void {
    const last = this.#length - 1;
    if (last >= 0 && this.#starts[last] === (address | 0)) {
      this.#owners[last] = owner;
    } else if (last < 0 || this.#owners[last] !== owner) {
      this.#starts[this.#length] = address | 0;
      this.#owners[this.#length++] = owner;
    }
  }

  finish(): RangeMap {
    return new RangeMap(this.#starts.slice(0, this.#length), this.#owners.slice(0, this.#length));
  }
}

/** Open ranges, of which the least owner is at the top; a binary heap. */
class OwnerHeap {
  /** Owner times 2^32, and the end. */
  readonly #keys: number[] = [];

  /** The least owner; -1 if there is none. */
  get least(): number {
    return Math.floor((this.#keys[0] ?? -1) / 2 ** 32);
  }

  /** Where its range ends. */
  get end(): number {
    return (this.#keys[0] ?? 0) % 2 ** 32;
  }

  push(owner: number, end: number): void {
    const keys = this.#keys;
    const key = owner * 2 ** 32 + end;
    let at = keys.length;
    keys.push(key);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = keys[parent] ?? 0;
      if (above <= key) break;
      keys[at] = above;
      at = parent;
    }
    keys[at] = key;
  }

  pop(): void {
    const keys = this.#keys;
    const key = keys.pop();
    if (key === undefined || keys.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if ((keys[child + 1] ?? Number.POSITIVE_INFINITY) < (keys[child] ?? Number.POSITIVE_INFINITY)) child++;
      const below = keys[child];
      if (below === undefined || below >= key) break;
      keys[at] = below;
      at = child;
    }
    keys[at] = key;
  }
}

/** Says who owns an address. */
export class RangeMap {
  /** Where owners change, in order, as unsigned numbers in the bits of signed ones. */
  readonly #starts: Int32Array;
  readonly #owners: Int32Array;

  constructor(starts: Int32Array, owners: Int32Array) {
    this.#starts = starts;
    this.#owners = owners;
  }

  /** The owner; -1 where there is none. */
  ownerOf(address: number): number {
    const index = lastAtMost(this.#starts, this.#starts.length, address);
    return index < 0 ? -1 : (this.#owners[index] ?? -1);
  }

  /** Calls `visit` for each range that has an owner, in order. */
  forEachRange(visit: (low: number, high: number, owner: number) => void): void {
    for (let i = 0; i + 1 < this.#starts.length; i++) {
      const owner = this.#owners[i] ?? -1;
      if (owner >= 0) visit((this.#starts[i] ?? 0) >>> 0, (this.#starts[i + 1] ?? 0) >>> 0, owner);
    }
  }

  get byteLength(): number {
    return this.#starts.byteLength + this.#owners.byteLength;
  }
}

/** The index of the last of `count` ordered unsigned numbers that is at most `value`; -1 if there is none. */
export function lastAtMost(values: Int32Array, count: number, value: number): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((values[middle] ?? 0) >>> 0 <= value) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
