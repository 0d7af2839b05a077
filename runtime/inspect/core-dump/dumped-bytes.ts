import { lowest } from '../../wasm/index.ts';
import type { ByteRange } from './dump-content.ts';
import type { DumpSegment, ReadDump } from './dump-reader.ts';

/** The memory of a process as it was. What no segment has was zero, if it was not left out. */
export interface DumpedBytes {
  readonly size: number;
  /** Bytes before the first that were left out. */
  readonly known: number;
  /** Fewer bytes than asked for where the memory ends; null where some of them were left out. */
  read(address: number, count: number): Uint8Array | null;
}

export function memoryOf({ bytes, segments, memories, about }: ReadDump, memory: number): DumpedBytes {
  const size = memories[memory] ?? 0;
  const own = segments.filter((segment) => segment.memory === memory);
  const leftOut = (memory === 0 ? about?.leftOut : about?.leftOutOfOthers?.[memory - 1]) ?? [];
  return {
    size,
    known: leftOut.reduce((known, [start]) => Math.min(known, start), size),
    read(address, count) {
      const start = Math.min(address, size);
      const end = Math.min(size, start + count);
      if (leftOut.some((range) => overlaps(range, start, end))) return null;
      const found = new Uint8Array(end - start);
      for (let i = firstBehind(own, start); i < own.length; i++) {
        const segment = own[i];
        if (segment === undefined || segment.address >= end) break;
        const from = Math.max(start, segment.address);
        const length = Math.min(end, segment.address + segment.size) - from;
        found.set(bytes.read(segment.at + from - segment.address, length), from - start);
      }
      return found;
    },
  };
}

function overlaps([from, to]: ByteRange, start: number, end: number): boolean {
  return from < end && start < to;
}

/** The place of the first segment that ends behind an address. */
function firstBehind(segments: readonly DumpSegment[], address: number): number {
  return lowest(segments.length, (i) => {
    const segment = segments[i];
    return segment !== undefined && segment.address + segment.size > address;
  });
}
