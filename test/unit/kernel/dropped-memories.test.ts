import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { DroppedMemories } from '../../../runtime/kernel/dropped-memories.ts';
import { PAGE_SIZE } from '../../../runtime/kernel/memory-image.ts';
import type { OwnedMemory } from '../../../runtime/kernel/owned-memory.ts';

const MIB = 2 ** 20;
const isPossible = process.platform === 'linux' && /^1[34]\./.test(process.versions.v8);

function touched(bytes: number, is64 = false): OwnedMemory {
  const initial = bytes / PAGE_SIZE;
  const memory = is64
    ? new WebAssembly.Memory({ address: 'i64', initial: BigInt(initial) })
    : new WebAssembly.Memory({ initial });
  new Uint8Array(memory.buffer).fill(1);
  return { memory, initial, maximum: initial, is64, others: [] };
}

/** Bytes that were touched and have not been given back. */
function inUse({ memory }: OwnedMemory): number {
  const bytes = new Uint8Array(memory.buffer);
  let pages = 0;
  for (let at = 0; at < bytes.length; at += 4096) pages += bytes[at] ?? 0;
  return pages * 4096;
}

test.runIf(isPossible)(
  'a large memory is given back in pieces between turns, before it is collected',
  async () => {
    let done = 0;
    const dropped = new DroppedMemories((bytes) => {
      done++;
      expect(bytes).toBe(PAGE_SIZE);
    });
    const memory = touched(64 * MIB + PAGE_SIZE);
    const before = process.memoryUsage.rss();
    dropped.add(memory);
    let turns = 0;
    while (done === 0) {
      await setImmediate();
      turns++;
    }
    // To read a page that was given back makes it a page again.
    expect(before - process.memoryUsage.rss()).toBeGreaterThan(32 * MIB);
    expect(turns).toBe(8);
    expect(inUse(memory)).toBe(PAGE_SIZE);
  },
);

test.runIf(isPossible)(
  'many small ones are given back together, and guests do not get what does it',
  async () => {
    let left = 0;
    let done = 0;
    const dropped = new DroppedMemories((bytes) => {
      left += bytes;
      done++;
    });
    const memories = Array.from({ length: 40 }, () => touched(MIB - PAGE_SIZE));
    for (const memory of memories) dropped.add(memory);
    while (done < 40) await setImmediate();
    expect(left).toBe(40 * (MIB / 4 - PAGE_SIZE));
    expect(memories.reduce((sum, memory) => sum + inUse(memory), 0)).toBe(left);
    expect(WebAssembly).not.toHaveProperty('MemoryMapDescriptor');
  },
);

test('what is too small, has other addresses, or is wanted at once, is left to be collected', () => {
  const sizes: number[] = [];
  const dropped = new DroppedMemories((bytes) => sizes.push(bytes));
  dropped.add(touched(PAGE_SIZE));
  dropped.add(touched(MIB, true));
  expect(sizes).toEqual([PAGE_SIZE, MIB]);
  dropped.add({ ...touched(2 * MIB), others: [touched(PAGE_SIZE)] });
  dropped.clear();
  expect(sizes.slice(2).sort()).toEqual([2 * MIB, PAGE_SIZE].sort());
});
