import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ManagedObjects } from '../../../debug-adapter/values/managed/objects.ts';
import { ProcessMemory } from '../../../debug-adapter/values/process-memory.ts';
import { readManagedClasses } from '../../../runtime/symbols/managed-classes.ts';
import { buildAssemblyScript } from '../../../scripts/build-guests.mjs';
import { testFolder } from '../../adapter/adapter-client.ts';
import { projectFolder } from '../../support/command.ts';

const source = join(projectFolder, 'test', 'guests', 'values', 'values.ts');

async function module(): Promise<Uint8Array> {
  const out = join(testFolder(), 'values.wasm');
  await buildAssemblyScript(source, out, { debug: true, args: ['--use', 'abort='] });
  return new Uint8Array(readFileSync(out));
}

test('classes are told by the functions that the compiler has made for them', async () => {
  const classes = readManagedClasses(await module());
  const cherry = [...classes.values()].find(({ name }) => name === 'values/Cherry');
  expect(cherry?.fields).toEqual([
    { name: 'name', offset: 0, type: 'i32', isManaged: true },
    { name: 'price', offset: 8, type: 'f64', isManaged: false },
    { name: 'small', offset: 16, type: 'i8', isManaged: false },
    { name: 'flag', offset: 17, type: 'i8', isManaged: false },
    { name: 'big', offset: 24, type: 'i64', isManaged: false },
    { name: 'next', offset: 32, type: 'i32', isManaged: true },
    { name: 'at', offset: 36, type: 'i32', isManaged: true },
    { name: 'color', offset: 40, type: 'u8', isManaged: false },
  ]);
  expect(classes.get(2)?.name).toBe('String');
});

test('modules of others have none, and malformed ones harm nobody', async () => {
  const bytes = await module();
  const changed = fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(changed, (changes) => {
      const broken = bytes.slice();
      for (const [at, byte] of changes) broken[at] = byte;
      expect(readManagedClasses(broken).size).toBeLessThan(10_001);
    }),
    { numRuns: 300 },
  );
  expect(readManagedClasses(new Uint8Array()).size).toBe(0);
});

/** A memory, and how often something was read of it. */
function countedMemory(bytes: Uint8Array) {
  const source = new ProcessMemory(async (at, count) => bytes.subarray(at, at + count));
  const counted = { reads: 0, memory: source };
  const read = async (at: number, size: number) => {
    counted.reads++;
    return await source.bytes(at, size);
  };
  counted.memory = { bytes: read } as unknown as ProcessMemory;
  return counted;
}

test('objects of many fields are read as far as they are displayed, whatever their fields are said to be', async () => {
  const fields = Array.from({ length: 5000 }, (_, i) => ({
    ...{ name: `f${i}`, offset: i % 4, type: 'i8' as const, isManaged: true },
  }));
  const memory = new Uint8Array(0x10000);
  const view = new DataView(memory.buffer);
  view.setUint32(0x1000, 6, true);
  view.setUint32(0x100 - 20, 32, true);
  view.setUint32(0x100 - 8, 5, true);
  view.setUint32(0x100 - 4, 4, true);
  const counted = countedMemory(memory);
  const classes = new Map([[5, { name: 'Wide', fields }]]);
  const objects = new ManagedObjects(counted.memory, classes, 0x1000);
  const shown = await objects.show(0x100);
  expect(shown?.text).toBe('Wide {f0: 0, f1: 0, f2: 0, f3: 0, f4: 0, f5: 0, f6: 0, f7: 0, …}');
  expect(counted.reads).toBeLessThan(20);
  expect(await shown?.named()).toHaveLength(5000);
});

test('tables of tables of deleted entries are displayed in an end', async () => {
  const memory = new Uint8Array(0x200000).fill(0xff);
  const view = new DataView(memory.buffer);
  view.setUint32(0x1000, 6, true);
  // A map from u8 to u8.
  view.setUint32(0x1000 + 4 + 4 * 5, (1 << 4) | (1 << 6) | (1 << 15), true);
  view.setUint32(0x100 - 20, 64, true);
  view.setUint32(0x100 - 8, 5, true);
  view.setUint32(0x100 - 4, 24, true);
  for (const [at, number] of [
    [8, 0x2000],
    [16, 100_000],
    [20, 10],
  ] as const)
    view.setUint32(0x100 + at, number, true);
  const counted = countedMemory(memory);
  const objects = new ManagedObjects(counted.memory, new Map(), 0x1000);
  for (let i = 0; i < 10; i++) expect((await objects.show(0x100))?.text).toBe('(10) {…}');
  expect(counted.reads).toBeLessThan(600_000);
});

test('a memory of anything, and objects that contain themselves, are displayed in an end', async () => {
  const classes = new Map([
    [5, { name: 'Loop', fields: [{ name: 'next', offset: 0, type: 'i32' as const, isManaged: true }] }],
  ]);
  const memory = new Uint8Array(0x10000);
  const view = new DataView(memory.buffer);
  // What is said of six classes, and an object at 0x100 whose field is itself.
  view.setUint32(0x1000, 6, true);
  view.setUint32(0x100 - 20, 32, true);
  view.setUint32(0x100 - 8, 5, true);
  view.setUint32(0x100 - 4, 4, true);
  view.setUint32(0x100, 0x100, true);
  const read = async (at: number, count: number) => memory.subarray(at, at + count);
  const objects = new ManagedObjects(new ProcessMemory(read), classes, 0x1000);
  expect((await objects.show(0x100))?.text).toBe('Loop {next: Loop {next: Loop {next: Loop {…}}}}');
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ minLength: 64, maxLength: 400 }), fc.nat(24), async (bytes, flags) => {
      memory.set(bytes, 0x100 - 20);
      view.setUint32(0x1000 + 4 + 4 * 5, flags * 0x4321, true);
      view.setUint32(0x100 - 20, view.getUint32(0x100 - 4, true) + 16, true);
      view.setUint32(0x100 - 8, 5, true);
      const all = new ManagedObjects(new ProcessMemory(read), classes, 0x1000);
      const shown = await all.show(0x100);
      await shown?.named();
      await shown?.page(0, 100);
      expect((shown?.text.length ?? 0) < 100_000).toBe(true);
    }),
    { numRuns: 100 },
  );
});
