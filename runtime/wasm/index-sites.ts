import { ByteWriter } from './byte-writer.ts';
import { IntList } from './int-list.ts';

/** What is at an index site. Segments that name no table or memory mean the first one, so they are sites as well. */
export const SiteKind = {
  Function: 0,
  Table: 1,
  Memory: 2,
  Global: 3,
  /** The flags of an element segment that means table 0. */
  SegmentTable: 4,
  /** Where the element kind of such a segment would stand if it named its table. */
  SegmentKind: 5,
  /** Where the element type of such a segment would stand, if its elements are expressions. */
  SegmentType: 6,
  /** The flags of a data segment that means memory 0. */
  SegmentMemory: 7,
} as const;

/** The places in a module of indices that move when a pass adds imports: ascending offsets, and what is at each. */
export class IndexSites {
  readonly offsets = new IntList();
  readonly #kinds = new ByteWriter(64);

  add(offset: number, kind: number): void {
    this.offsets.push(offset);
    this.#kinds.u8(kind);
  }

  /** One of `SiteKind`. */
  kind(i: number): number {
    return this.#kinds.bytes[i] ?? 0;
  }

  /** The number of the first site that stands at `offset` or behind it. */
  firstFrom(offset: number): number {
    const { offsets } = this;
    let low = 0;
    let high = offsets.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (offsets.at(middle) < offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
