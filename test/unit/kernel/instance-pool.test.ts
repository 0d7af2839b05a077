import { expect, test } from 'vitest';
import type { CompiledModule } from '../../../runtime/kernel/compiled-module.ts';
import { GuestInstance } from '../../../runtime/kernel/guest-instance.ts';
import { InstancePool } from '../../../runtime/kernel/instance-pool.ts';
import { PAGE_SIZE } from '../../../runtime/kernel/memory-image.ts';
import { LoadedModule } from '../../../runtime/kernel/module.ts';
import { bytesOf, type OwnedMemory } from '../../../runtime/kernel/owned-memory.ts';
import { ProcessConfig } from '../../../runtime/permissions/config.ts';
import { assembleText } from '../../../runtime/wat/index.ts';

const CAPACITY = 2 ** 30;

function fresh(initial: number, maximum: number): OwnedMemory {
  return { memory: new WebAssembly.Memory({ initial, maximum }), initial, maximum, is64: false, others: [] };
}

async function compile(text: string, config = new ProcessConfig()): Promise<CompiledModule> {
  const bytes = await assembleText(text, 'test.wat');
  return new LoadedModule(bytes, { link: () => ({}) }).compiledFor(config);
}

function instantiate(compiled: CompiledModule, maximum = 5): GuestInstance {
  const [own] = compiled.memories;
  const owned = own === undefined ? null : fresh(own.initial, maximum);
  const tick = () => undefined;
  const grow = (pages: number) => pages;
  const growTable = () => undefined;
  const kernel = {
    tick,
    grow,
    growTable,
    refuel: () => 100_000,
    ...(owned === null ? {} : { memory: owned.memory }),
  };
  return new GuestInstance(compiled, { 'lunatic:kernel': kernel }, owned, {
    chargeBytes() {},
    chargeText() {},
  });
}

/** An instance that may be used again. A module's first one may not: it is not known what its memory held. */
async function second(text: string): Promise<GuestInstance> {
  const compiled = await compile(text);
  instantiate(compiled);
  return instantiate(compiled);
}

function call(instance: GuestInstance, name: string, ...params: (number | bigint)[]): unknown {
  return (instance.exports[name] as (...params: (number | bigint)[]) => unknown)(...params);
}

const EVERYTHING = `(module
  (memory (export "memory") 3)
  (data (i32.const 70000) "hello") (data (i32.const 0) "start")
  (global $i (mut i32) (i32.const 7)) (global $l (mut i64) (i64.const -8))
  (global $f (mut f32) (f32.const 1.5)) (global $d (export "shown") (mut f64) (f64.const -0))
  (table 1 funcref) (elem (i32.const 0) $touch)
  (func $touch (export "touch")
    (i64.store (i32.const 0) (i64.const -1)) (i64.store (i32.const 70001) (i64.const -1))
    (i64.store (i32.const 196600) (i64.const -1)) (i32.store8 (i32.const 4096) (i32.const 9))
    (global.set $i (i32.const 1)) (global.set $l (i64.const 2)) (global.set $f (f32.const 3)) (global.set $d (f64.const 4)))
  (func (export "i") (result i32) (global.get $i)) (func (export "l") (result i64) (global.get $l))
  (func (export "f") (result f32) (global.get $f)) (func (export "d") (result f64) (global.get $d)))`;

interface State {
  readonly globals: unknown[];
  readonly memory: Buffer;
}

function stateOf(instance: GuestInstance): State {
  const memory = Buffer.from(instance.owned?.memory.buffer ?? new ArrayBuffer(0));
  return { globals: ['i', 'l', 'f', 'd'].map((name) => call(instance, name)), memory: Buffer.from(memory) };
}

test('an instance comes back as a fresh one: globals, memory and data', async () => {
  const pool = new InstancePool(CAPACITY);
  const used = await second(EVERYTHING);
  const before = stateOf(used);
  call(used, 'touch');
  expect(stateOf(used)).not.toEqual(before);
  pool.release(used);
  expect(pool.acquire(used.compiled, 5)).toBe(used);
  expect(stateOf(used)).toEqual(before);
  expect(pool.acquire(used.compiled, 5)).toBeUndefined();
});

test('an instance comes back as a fresh one however often it has served, wherever it was written', async () => {
  const pool = new InstancePool(CAPACITY);
  const used = await second(EVERYTHING);
  const before = stateOf(used);
  const last = 3 * PAGE_SIZE - 1;
  const places = [
    last,
    4095,
    4096,
    4351,
    4352,
    70_003,
    70_100,
    69_632,
    65_535,
    65_536,
    0,
    1,
    5,
    last - 255,
    last,
  ];
  for (let i = 0; i < 300; i++) {
    const bytes = new Uint8Array(used.owned?.memory.buffer ?? new ArrayBuffer(0));
    bytes[places[i] ?? (i * 7919 * 31) % last] = 1 + (i % 255);
    pool.release(used);
    expect(pool.acquire(used.compiled, 5)).toBe(used);
    expect(Buffer.compare(Buffer.from(used.owned?.memory.buffer ?? new ArrayBuffer(0)), before.memory)).toBe(
      0,
    );
  }
});

test.each([
  ['sets a table element', '(table 1 funcref) (func (export "f") (table.set (i32.const 0) (ref.null func)))'],
  [
    'sets a table element long before the end of a function',
    `(table 1 funcref) (func (export "f") (table.set (i32.const 0) (ref.null func)) ${'(drop (i32.const 1))'.repeat(9)})`,
  ],
  [
    'sets one behind other instructions, in a loop',
    `(table 1 funcref) (func (export "f") (loop ${'(drop (i32.const 1))'.repeat(9)}
      (table.set (i32.const 0) (ref.null func)) ${'(drop (i32.const 1))'.repeat(9)}))`,
  ],
  [
    'grows a table',
    '(table 1 funcref) (func (export "f") (drop (table.grow (ref.null func) (i32.const 1))))',
  ],
  [
    'fills a table',
    '(table 1 funcref) (func (export "f") (table.fill (i32.const 0) (ref.null func) (i32.const 1)))',
  ],
  [
    'copies within a table',
    '(table 1 funcref) (func (export "f") (table.copy (i32.const 0) (i32.const 0) (i32.const 1)))',
  ],
  [
    'copies a segment into a table',
    '(table 1 funcref) (elem $e func) (func (export "f") (table.init $e (i32.const 0) (i32.const 0) (i32.const 0)))',
  ],
  ['drops an element segment', '(elem $e func) (func (export "f") (elem.drop $e))'],
  ['drops a data segment', '(memory 1) (data $d "x") (func (export "f") (data.drop $d))'],
  ['keeps a reference', '(global (mut funcref) (ref.null func)) (func (export "f"))'],
  ['keeps a vector', '(global (mut v128) (v128.const i64x2 1 2)) (func (export "f"))'],
  [
    'begins with a NaN, whose bits JavaScript does not keep',
    '(global (mut f64) (f64.const nan:0x123)) (func (export "f"))',
  ],
  [
    'has more globals than an instance is worth',
    `${'(global (mut i32) (i32.const 0))'.repeat(33)} (func (export "f"))`,
  ],
])('an instance that %s is not used again', async (_, fields) => {
  const pool = new InstancePool(CAPACITY);
  const used = await second(`(module ${fields})`);
  pool.release(used);
  expect(pool.acquire(used.compiled, used.owned?.maximum)).toBeUndefined();
});

test('an instance whose memory grew is not used again, nor is its memory', async () => {
  const pool = new InstancePool(CAPACITY);
  const used = await second(
    '(module (memory (export "memory") 1) (func (export "f") (drop (memory.grow (i32.const 1)))))',
  );
  call(used, 'f');
  pool.release(used);
  expect(pool.acquire(used.compiled, 5)).toBeUndefined();
  expect(pool.acquireMemory(1, 5)).toBeUndefined();
});

test('an instance whose memory grew from no pages is not used again, nor is its memory', async () => {
  const pool = new InstancePool(CAPACITY);
  const used = await second(`(module (memory (export "memory") 0) (func (export "f")
    (drop (memory.grow (i32.const 1))) (i32.store (i32.const 0) (i32.const 7))))`);
  call(used, 'f');
  pool.release(used);
  expect(pool.acquire(used.compiled, 5)).toBeUndefined();
  expect(pool.acquireMemory(0, 5)).toBeUndefined();
});

test('no fuel is left in an instance', async () => {
  const config = new ProcessConfig();
  config.maxFuel = 5;
  const compiled = await compile('(module (func (export "f")))', config);
  const [, used] = [instantiate(compiled), instantiate(compiled)];
  const fuel = used.exports['lunatic:fuel'] as WebAssembly.Global;
  call(used, 'f');
  expect(fuel.value).toBeGreaterThan(90_000);
  expect(used.reset()).toBe(true);
  expect(fuel.value).toBe(0);
});

test('exports of the guest keep their names', async () => {
  const used = await second(
    '(module (global (mut i32) (i32.const 5)) (func (export "lunatic:global:0") (result i32) (global.get 0)))',
  );
  expect(call(used, 'lunatic:global:0')).toBe(5);
  expect(used.reset()).toBe(true);
});

test('an instance goes only to its own module, with the same limit', async () => {
  const pool = new InstancePool(CAPACITY);
  const used = await second('(module (memory 1) (func (export "f")))');
  const other = await compile('(module (memory 1) (func (export "f")))');
  pool.release(used);
  expect(pool.acquire(other, 5)).toBeUndefined();
  expect(pool.acquire(used.compiled, 6)).toBeUndefined();
  expect(pool.acquire(used.compiled, 5)).toBe(used);
});

test('another module that needs the memory of an idle instance gets it, zeroed', async () => {
  const pool = new InstancePool(CAPACITY);
  const used = await second('(module (memory 1) (data (i32.const 9) "x"))');
  pool.release(used);
  const memory = pool.acquireMemory(1, 5);
  expect(memory).toBe(used.owned);
  expect(Buffer.from(memory?.memory.buffer ?? new ArrayBuffer(0)).every((byte) => byte === 0)).toBe(true);
  expect(pool.acquire(used.compiled, 5)).toBeUndefined();
});

test('the first instance of a module at least gives back its memory', async () => {
  const pool = new InstancePool(CAPACITY);
  const first = instantiate(await compile('(module (memory 1) (data (i32.const 9) "x"))'));
  pool.release(first);
  expect(pool.acquire(first.compiled, 5)).toBeUndefined();
  expect(pool.acquireMemory(1, 5)).toBe(first.owned);
});

test('a memory comes back clean, wherever it was written', () => {
  const pool = new InstancePool(CAPACITY);
  const used = fresh(3, 5);
  const bytes = new Uint8Array(used.memory.buffer);
  for (const at of [0, 1, 4095, 4096, PAGE_SIZE - 1, PAGE_SIZE, 2 * PAGE_SIZE + 5000, 3 * PAGE_SIZE - 1])
    bytes[at] = 7;
  pool.releaseMemory(used);
  expect(pool.acquireMemory(3, 5)).toBe(used);
  expect(Buffer.from(used.memory.buffer).every((byte) => byte === 0)).toBe(true);
});

test('only a memory of the same size and limit is handed out, and only once', () => {
  const pool = new InstancePool(CAPACITY);
  const used = fresh(1, 5);
  pool.releaseMemory(used);
  expect(pool.acquireMemory(1, 6)).toBeUndefined();
  expect(pool.acquireMemory(2, 5)).toBeUndefined();
  expect(pool.acquireMemory(1, 5)).toBe(used);
  expect(pool.acquireMemory(1, 5)).toBeUndefined();
});

test('a large memory without its instance is dropped: to read all of it would take long', () => {
  let dropped = 0;
  const pool = new InstancePool(CAPACITY, (owned) => {
    dropped += bytesOf(owned);
  });
  pool.releaseMemory(fresh(64, 100));
  expect(dropped).toBe(0);
  expect(pool.acquireMemory(64, 100)).toBeDefined();
  pool.releaseMemory(fresh(65, 100));
  expect(dropped).toBe(65 * PAGE_SIZE);
  expect(pool.acquireMemory(65, 100)).toBeUndefined();
});

test('the pool keeps no more memory in all than it may, and reports what it drops', async () => {
  let dropped = 0;
  const pool = new InstancePool(3 * PAGE_SIZE, (owned) => {
    dropped += bytesOf(owned);
  });
  const compiled = await compile('(module (memory 1))');
  const [, ...instances] = [1, 2, 3, 4].map(() => instantiate(compiled));
  for (const instance of instances) {
    new Uint8Array(instance.owned?.memory.buffer ?? new ArrayBuffer(0)).fill(1);
    pool.release(instance);
  }
  expect(dropped).toBe(PAGE_SIZE);
  pool.releaseMemory(fresh(1, 1));
  expect(dropped).toBe(2 * PAGE_SIZE);
  expect(instances.map(() => pool.acquire(compiled, 5) !== undefined)).toEqual([true, true, false]);
  pool.releaseMemory(fresh(1, 1));
  expect(pool.acquireMemory(1, 1)).toBeDefined();
});

test('pages that no process has touched do not count', async () => {
  const pool = new InstancePool(3 * PAGE_SIZE);
  const compiled = await compile('(module (memory 3) (data (i32.const 70000) "x"))');
  const [, ...instances] = [1, 2, 3, 4].map(() => instantiate(compiled));
  for (const instance of instances) pool.release(instance);
  expect(instances.map(() => pool.acquire(compiled, 5) !== undefined)).toEqual([true, true, true]);
});

test('what grew or is cleared away is reported', async () => {
  let dropped = 0;
  const pool = new InstancePool(CAPACITY, (owned) => {
    dropped += bytesOf(owned);
  });
  const grown = await second(
    '(module (memory (export "memory") 1) (func (export "f") (drop (memory.grow (i32.const 2)))))',
  );
  call(grown, 'f');
  pool.release(grown);
  expect(dropped).toBe(3 * PAGE_SIZE);
  pool.release(await second('(module (memory 1))'));
  pool.releaseMemory(fresh(1, 1));
  expect(dropped).toBe(3 * PAGE_SIZE);
  pool.clear();
  expect(dropped).toBe(5 * PAGE_SIZE);
});

test('the pool keeps instances of a bounded number of modules, the latest ones', async () => {
  const pool = new InstancePool(CAPACITY);
  const all = await Promise.all(Array.from({ length: 65 }, () => second('(module (func (export "f")))')));
  for (const instance of all) pool.release(instance);
  expect(pool.acquire(all[0]?.compiled as CompiledModule, undefined)).toBeUndefined();
  expect(pool.acquire(all[64]?.compiled as CompiledModule, undefined)).toBe(all[64]);
});

test('a large memory is not set back, since all of it would be read in one piece', async () => {
  const compiled = await compile('(module (memory (export "memory") 257 300))');
  const pool = new InstancePool(CAPACITY);
  for (let i = 0; i < 3; i++) pool.release(instantiate(compiled, 300));
  expect(pool.acquire(compiled, 300)).toBeUndefined();
});
