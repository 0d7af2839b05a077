/**
 * Prints how many bytes of memory reading a module took at its peak for each byte of the module. This is a program of
 * its own, since the peak of an OS process only grows.
 *
 *     node test/unit/wasm/peak-memory.ts types
 */
import { readModule, WasmFormatError } from '../../../runtime/wasm/index.ts';

/** The size, in bytes, of the section that is full of entries. */
const SIZE = 2_400_000;

function leb(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...leb(Math.floor(value / 0x80))];
}

/** A module whose last section has as many of these entries as it can hold. */
function crowded(
  before: number[],
  id: number,
  entry: number[],
  wrap = (body: Uint8Array) => body,
): Uint8Array {
  const count = Math.floor(SIZE / entry.length);
  const entries = new Uint8Array(count * entry.length);
  for (let i = 0; i < count; i++) entries.set(entry, i * entry.length);
  const body = wrap(entries);
  const contents = body === entries ? Buffer.concat([Buffer.from(leb(count)), entries]) : body;
  const header = [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0, ...before, id, ...leb(contents.length)];
  return new Uint8Array(Buffer.concat([Buffer.from(header), contents]));
}

/** Wraps instructions as the body of one function. */
function asCode(code: Uint8Array): Uint8Array {
  const body = Buffer.concat([Buffer.from([0]), code, Buffer.from([0x0b])]);
  return Buffer.concat([Buffer.from([1, ...leb(body.length)]), body]);
}

const ONE_TYPE = [1, 4, 1, 0x60, 0, 0];
const ONE_FUNCTION = [...ONE_TYPE, 3, 2, 1, 0];

const MODULES: Readonly<Record<string, () => Uint8Array>> = {
  types: () => crowded([], 1, [0x60, 0, 0]),
  imports: () => crowded(ONE_TYPE, 2, [0, 0, 0, 0]),
  functions: () => crowded(ONE_TYPE, 3, [0]),
  globals: () => crowded([], 6, [0x7f, 0, 0x41, 0, 0x0b]),
  exports: () => crowded(ONE_FUNCTION, 7, [0, 0, 0]),
  loops: () => crowded(ONE_FUNCTION, 10, [0x03, 0x40, 0x0c, 0, 0x0b], asCode),
  'nested blocks': () => crowded(ONE_FUNCTION, 10, [0x02, 0x40], asCode),
  calls: () => crowded(ONE_FUNCTION, 10, [0x10, 0], asCode),
  nops: () => crowded(ONE_FUNCTION, 10, [0x01], asCode),
};

const make = MODULES[process.argv[2] ?? ''];
if (make === undefined) throw new Error(`one of ${Object.keys(MODULES).join(', ')}`);
const bytes = make();
globalThis.gc?.();
const before = process.resourceUsage().maxRSS;
let result: unknown;
try {
  result = readModule(bytes);
} catch (error) {
  if (!(error instanceof WasmFormatError)) throw error;
  result = error;
}
const taken = (process.resourceUsage().maxRSS - before) * 1024;
console.log(
  JSON.stringify({ ratio: taken / bytes.length, error: result instanceof Error ? result.message : null }),
);
