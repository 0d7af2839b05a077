import { expect, test } from 'vitest';
import { compile } from '../../../runtime/kernel/compile.ts';
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
