/** Bytes of a wasm page. */
export const PAGE_SIZE = 65_536;

const OS_PAGE_SIZE = 4096;
const ZEROS = Buffer.alloc(PAGE_SIZE);

/**
 * What a memory holds at the beginning, to make it so again. Nothing is written that is right already: most pages of a
 * guest's stack and heap were never used, and writing to them would make the operating system give each a page of real
 * memory.
 */
export class MemoryImage {
  /** By wasm page; missing where it is all zero. */
  readonly #pages: ReadonlyMap<number, Uint8Array>;
  /**
   * By page of the operating system: 1 where a process changed it before. Its successors will again, so these are looked
   * at one by one, and all that is between two of them at once.
   */
  readonly #changed = new Map<number, Uint8Array>();

  constructor(pages: ReadonlyMap<number, Uint8Array>) {
    this.#pages = pages;
  }

  /** The image of a memory that was never touched. */
  static blank(): MemoryImage {
    return new MemoryImage(new Map());
  }

  /** Copies what is in a memory. */
  static of(bytes: Buffer): MemoryImage {
    const pages = new Map<number, Uint8Array>();
    for (let start = 0; start < bytes.length; start += PAGE_SIZE) {
      if (bytes.compare(ZEROS, 0, PAGE_SIZE, start, start + PAGE_SIZE) === 0) continue;
      pages.set(start / PAGE_SIZE, Uint8Array.prototype.slice.call(bytes, start, start + PAGE_SIZE));
    }
    return new MemoryImage(pages);
  }

  restore(bytes: Buffer): void {
    for (let start = 0; start < bytes.length; start += PAGE_SIZE) {
      const page = start / PAGE_SIZE;
      const wanted = this.#pages.get(page) ?? ZEROS;
      const changed = this.#changed.get(page);
      if (changed === undefined) this.#restoreRange(bytes, start, wanted, 0, PAGE_SIZE);
      else this.#restoreBetween(bytes, start, wanted, changed);
    }
  }

  #restoreBetween(bytes: Buffer, start: number, wanted: Uint8Array, changed: Uint8Array): void {
    let from = 0;
    for (let at = 0; at < PAGE_SIZE; at += OS_PAGE_SIZE) {
      if (changed[at / OS_PAGE_SIZE] === 0) continue;
      if (from < at) this.#restoreRange(bytes, start, wanted, from, at);
      from = at + OS_PAGE_SIZE;
      if (differs(bytes, start, wanted, at, from)) bytes.set(wanted.subarray(at, from), start + at);
    }
    if (from < PAGE_SIZE) this.#restoreRange(bytes, start, wanted, from, PAGE_SIZE);
  }

  #restoreRange(bytes: Buffer, start: number, wanted: Uint8Array, from: number, to: number): void {
    if (!differs(bytes, start, wanted, from, to)) return;
    for (let at = from; at < to; at += OS_PAGE_SIZE) {
      const end = at + OS_PAGE_SIZE;
      if (!differs(bytes, start, wanted, at, end)) continue;
      bytes.set(wanted.subarray(at, end), start + at);
      this.#remember(start / PAGE_SIZE, at / OS_PAGE_SIZE);
    }
  }

  #remember(page: number, osPage: number): void {
    const changed = this.#changed.get(page) ?? new Uint8Array(PAGE_SIZE / OS_PAGE_SIZE);
    this.#changed.set(page, changed);
    changed[osPage] = 1;
  }
}

function differs(bytes: Buffer, start: number, wanted: Uint8Array, from: number, to: number): boolean {
  return bytes.compare(wanted, from, to, start + from, start + to) !== 0;
}
