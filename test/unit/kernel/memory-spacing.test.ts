import { readFileSync } from 'node:fs';
import { platform } from 'node:process';
import { describe, expect, it } from 'vitest';
import { MemorySpacing } from '../../../runtime/kernel/memory-spacing.ts';

/** A number of pages that no other memory of this Node has. */
const PAGES = 3;
const PAGE = 2 ** 16;

function fill(spacing: MemorySpacing, count: number): WebAssembly.Memory[] {
  return Array.from({ length: count }, () => {
    const memory = spacing.make(100, false);
    memory.grow(PAGES);
    return memory;
  });
}

/** Where the memories of this OS process begin, in pages of the processor. */
function beginnings(): number[] {
  return readFileSync('/proc/self/maps', 'latin1')
    .split('\n')
    .flatMap((line) => {
      const match = /^([0-9a-f]+)-([0-9a-f]+) rw-p 0+ 00:00 0\s*$/.exec(line);
      const [from, to] = [match?.[1], match?.[2]].map((digits) => Number.parseInt(digits ?? '', 16));
      if (from === undefined || to === undefined || to - from !== PAGES * PAGE) return [];
      return [from / 4096];
    });
}

describe('the memories of processes', () => {
  it.runIf(platform === 'linux')('do not all begin at addresses with the same low bits', () => {
    const memories = fill(new MemorySpacing(), 250);
    const found = beginnings();
    expect(found.length).toBeGreaterThanOrEqual(memories.length);
    const bySet = new Map<number, number>();
    for (const page of found) bySet.set(page % 256, (bySet.get(page % 256) ?? 0) + 1);
    // All of them are aligned to 16 pages, so there are 16 possibilities.
    expect(bySet.size).toBe(16);
    expect(Math.max(...bySet.values())).toBeLessThan(60);
    expect(memories.every(({ buffer }) => buffer.byteLength === PAGES * PAGE)).toBe(true);
  });

  it('are made next to each other if the address space does not suffice, and that is tried once', () => {
    let tried = 0;
    const spacing = new MemorySpacing(() => {
      tried++;
      throw new RangeError('Array buffer allocation failed');
    }, 100);
    expect(fill(spacing, 50)).toHaveLength(50);
    expect(tried).toBe(1);
  });

  it('keep nothing of what was reserved', () => {
    let reserved = 0;
    const spacing = new MemorySpacing(() => {
      reserved++;
      return () => {
        reserved--;
      };
    }, 100);
    fill(spacing, 50);
    expect(reserved).toBe(0);
  });

  it('are shifted one of two, up to a last one', () => {
    const shifted: number[] = [];
    let made = 0;
    const spacing = new MemorySpacing(() => {
      shifted.push(made);
      return () => {};
    }, 40);
    for (; made < 60; made++) spacing.make(1, false);
    expect(shifted).toEqual(Array.from({ length: 20 }, (_, i) => 2 * i + 1));
  });
});
