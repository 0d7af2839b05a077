import type { ZeroScan } from './zero-scan.ts';

/** Bytes of a wasm page. */
export const PAGE_SIZE = 65_536;

const OS_PAGE_SIZE = 4096;

/** Bytes at the start of a range that are compared one by one: see `isZero`. */
const LEAD = 8;

/** Bytes of the largest memory that is set back: all of it is read, and perhaps written, in one piece. */
const LARGEST = 16 * 2 ** 20;

/** A part of a memory, and the bytes that it had at first; null if all were zero. */
interface Part {
  readonly start: number;
  readonly end: number;
  readonly wanted: Uint8Array | null;
  /** Whether a process has changed it: then it is a page of the operating system. */
  readonly isWritten: boolean;
}

/**
 * What a memory held at first, and can be made to hold again. Nothing is written that is right already: most pages of a
 * guest's stack and heap were never used, and if they were written, the operating system would give each a page of real
 * memory.
 */
export class MemoryImage {
  /**
   * All of the memory, in order. Each page of the operating system that a process has changed is a part of its own, since
   * later processes will change it too. Everything between two such pages is one part, compared at once.
   */
  #parts: Part[];
  /** Bytes that are not zero, or that a process has changed: the others take no real memory. */
  writtenSize: number;

  private constructor(parts: Part[]) {
    this.#parts = parts;
    this.writtenSize = writtenSize(parts);
  }

  /** The image of a memory of so many bytes that was never touched. */
  static blank(size: number): MemoryImage {
    return new MemoryImage([{ start: 0, end: size, wanted: null, isWritten: false }]);
  }

  /** The image of a memory as it is now. */
  static of(bytes: Buffer): MemoryImage {
    const parts: Part[] = [];
    let start = 0;
    while (start < bytes.length) {
      const zero = isZero(bytes, start, start + OS_PAGE_SIZE);
      let end = start + OS_PAGE_SIZE;
      while (end < bytes.length && isZero(bytes, end, end + OS_PAGE_SIZE) === zero) end += OS_PAGE_SIZE;
      const wanted = zero ? null : Uint8Array.prototype.slice.call(bytes, start, end);
      parts.push({ start, end, wanted, isWritten: false });
      start = end;
    }
    return new MemoryImage(parts);
  }

  /**
   * Makes a memory what it was. It must have the size that it had.
   * @param scan where there is one, finds out whether a range is zero
   */
  restore(bytes: Buffer, scan: ZeroScan | null = null): void {
    let isOutdated = false;
    for (const part of this.#parts) {
      const { start, end, wanted } = part;
      // To compare such a page would take longer than to write it, and most often it has changed again.
      if (part.isWritten) write(bytes, part);
      else if (wanted === null && scan !== null) isOutdated ||= scan(start, end) !== 0;
      else isOutdated ||= !isRight(bytes, part);
    }
    if (!isOutdated) return;
    this.#parts = this.#parts.flatMap((part) => restoreByPage(bytes, part));
    this.writtenSize = writtenSize(this.#parts);
  }
}

function writtenSize(parts: readonly Part[]): number {
  let size = 0;
  for (const { start, end, wanted, isWritten } of parts)
    if (wanted !== null || isWritten) size += end - start;
  return size;
}

/** Restores a part that a process has changed for the first time, and returns the parts that it is divided into. */
function restoreByPage(bytes: Buffer, part: Part): Part[] {
  if (part.isWritten || isRight(bytes, part)) return [part];
  const parts: Part[] = [];
  let from = part.start;
  for (let at = from; at < part.end; at += OS_PAGE_SIZE) {
    const page = cut(part, at, at + OS_PAGE_SIZE);
    if (isRight(bytes, page)) continue;
    write(bytes, page);
    if (from < at) parts.push(cut(part, from, at));
    parts.push({ ...page, isWritten: true });
    from = page.end;
  }
  if (from < part.end) parts.push(cut(part, from, part.end));
  return parts;
}

function cut({ start, wanted }: Part, from: number, to: number): Part {
  return {
    start: from,
    end: to,
    wanted: wanted?.subarray(from - start, to - start) ?? null,
    isWritten: false,
  };
}

function isRight(bytes: Buffer, { start, end, wanted }: Part): boolean {
  if (wanted === null) return isZero(bytes, start, end);
  return bytes.compare(wanted, 0, wanted.length, start, end) === 0;
}

function write(bytes: Buffer, { start, end, wanted }: Part): void {
  if (wanted === null) bytes.fill(0, start, end);
  else bytes.set(wanted, start);
}

/**
 * Whether a range of whole pages is all zero: its first bytes are, and each of the others equals the one `LEAD` bytes before.
 * That reads the range alone; to compare it with a buffer of zeros would read that too.
 */
function isZero(bytes: Buffer, start: number, end: number): boolean {
  for (let at = start; at < start + LEAD; at++) if (bytes[at] !== 0) return false;
  return bytes.compare(bytes, start, end - LEAD, start + LEAD, end) === 0;
}

/** The image of a module's memory, made for the second instance: most modules have only one. */
export class FirstImage {
  #instances = 0;
  #image: MemoryImage | null = null;

  /** @param fresh the memory of a new instance */
  of(fresh: Buffer): MemoryImage | null {
    if (fresh.length > LARGEST) return null;
    if (this.#instances++ > 0) this.#image ??= MemoryImage.of(fresh);
    return this.#image;
  }
}
