import { expect, test } from 'vitest';
import { MemoryPool, PAGE_SIZE, type PooledMemory } from '../../../runtime/kernel/memory-pool.ts';

function fresh(initial: number, maximum: number): PooledMemory {
  return { memory: new WebAssembly.Memory({ initial, maximum }), initial, maximum };
}

test('a memory comes back clean, wherever it was written', () => {
  const pool = new MemoryPool(2 ** 30);
  const used = fresh(3, 5);
  const bytes = new Uint8Array(used.memory.buffer);
  for (const at of [0, 1, 4095, 4096, PAGE_SIZE - 1, PAGE_SIZE, 2 * PAGE_SIZE + 5000, 3 * PAGE_SIZE - 1])
    bytes[at] = 7;
  pool.release(used);
  expect(pool.acquire(3, 5)).toBe(used);
  expect(Buffer.from(used.memory.buffer).every((byte) => byte === 0)).toBe(true);
});

test('only a memory of the same size and limit is handed out, and only once', () => {
  const pool = new MemoryPool(2 ** 30);
  const used = fresh(1, 5);
  pool.release(used);
  expect(pool.acquire(1, 6)).toBeUndefined();
  expect(pool.acquire(2, 5)).toBeUndefined();
  expect(pool.acquire(1, 5)).toBe(used);
  expect(pool.acquire(1, 5)).toBeUndefined();
});

test('a memory that grew is not kept', () => {
  const pool = new MemoryPool(2 ** 30);
  const grown = fresh(1, 5);
  grown.memory.grow(1);
  pool.release(grown);
  expect(pool.acquire(1, 5)).toBeUndefined();
});

test('the pool keeps no more than it may', () => {
  const pool = new MemoryPool(2 * PAGE_SIZE);
  for (let i = 0; i < 3; i++) pool.release(fresh(1, 1));
  expect([1, 2, 3].map(() => pool.acquire(1, 1) !== undefined)).toEqual([true, true, false]);
});
