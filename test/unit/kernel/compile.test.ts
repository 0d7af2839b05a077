import { expect, test } from 'vitest';
import { compile } from '../../../runtime/kernel/compile.ts';
import { LoadedModule } from '../../../runtime/kernel/module.ts';
import type { ModuleAnswer, ModuleJob } from '../../../runtime/kernel/module-job.ts';
import { HelperThread } from '../../../runtime/thread/helper-thread.ts';
import { leb, section, smallModule } from '../../../runtime/wasm/index.ts';

const MEBIBYTE = 2 ** 20;

/** A module of more than so many bytes with a function that V8 refuses as soon as it looks at it: it leaves nothing to add. */
function withBadFunction(size: number): Uint8Array {
  const body = [0, 0x6a, 0x0b];
  const module = smallModule(
    section(1, [1, 0x60, 0, 0]),
    section(3, [1, 0]),
    section(7, [1, 1, 0x66, 0, 0]),
    section(10, [1, body.length, ...body]),
  );
  const padding = Buffer.from([0, ...leb(size + 2), 1, 0x70]);
  return Buffer.concat([module, padding, Buffer.alloc(size)]);
}

test('functions are compiled when they are first called, or all of them ahead', () => {
  // That of the first one must not be called: V8 relies on the promise that it is good.
  expect(() => compile(withBadFunction(MEBIBYTE), { isChecked: true, ahead: false })).not.toThrow();
  expect(() => compile(withBadFunction(MEBIBYTE + 1), { isChecked: true, ahead: true })).toThrow(
    /cannot be compiled/,
  );
});

test('very large modules are not compiled ahead', () => {
  const bytes = withBadFunction(8 * MEBIBYTE);
  expect(() => compile(bytes, { isChecked: true, ahead: true })).not.toThrow();
});

test('what was set for one module does not hold for the next', () => {
  compile(smallModule(), { isChecked: false, ahead: true });
  expect(() => compile(withBadFunction(MEBIBYTE + 2), { isChecked: true, ahead: false })).not.toThrow();
  expect(() => compile(withBadFunction(MEBIBYTE + 3), { isChecked: false, ahead: false })).toThrow();
});

/** A module of so many functions that take V8 half a second each, and tenths of that to be read and rewritten. */
function slowModule(functions: number): Uint8Array<ArrayBuffer> {
  const blocks = 1200;
  const body = [
    ...[1, ...leb(5000), 0x7f],
    ...Array.from({ length: blocks }, () => [0x03, 0x40]).flat(),
    ...Array.from({ length: blocks }, () => [0x20, 0, 0x0d, 0, 0x0b]).flat(),
    0x0b,
  ];
  const bodies = Array.from({ length: functions }, () => [...leb(body.length), ...body]).flat();
  return smallModule(
    section(1, [1, 0x60, 0, 0]),
    section(3, [functions, ...new Uint8Array(functions)]),
    section(10, [functions, ...bodies]),
  );
}

test('what a thread has set that was ended while it compiled does not hold for the next module', async () => {
  const thread = new HelperThread<ModuleJob, ModuleAnswer>(
    () => new URL('../../../runtime/kernel/module-maker.ts', import.meta.url),
  );
  const make = (bytes: Uint8Array, limit: number) => thread.run(LoadedModule.jobOf(bytes, {}), limit);
  await expect(make(smallModule(), 60_000)).resolves.toHaveProperty('made');
  await expect(make(slowModule(4), 500)).rejects.toThrow('it takes longer than 0.5 seconds');
  // Such a thread cannot be interrupted. The next one begins when it has ended.
  await make(smallModule(), 60_000);
  expect(() => compile(withBadFunction(MEBIBYTE + 4), { isChecked: true, ahead: false })).not.toThrow();
  thread.close();
});
