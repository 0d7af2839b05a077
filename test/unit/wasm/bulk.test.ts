import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { binary, leb, metered, modernWat, preemptive, Stop, start, type Wasm, wat } from './support.ts';

/** Memories, tables and a segment of several pieces each. */
const PAGE = 65_536;
const SIZE = 5 * PAGE;
const ELEMENTS = 5000;
const DATA = 2 * PAGE + 1000;

/** Each kind of bulk instruction as a function of its operands, over memories and tables that tell what was written. */
const text = `(module
  (memory $m (export "m") ${SIZE / PAGE}) (memory $n (export "n") ${SIZE / PAGE}) (memory $w (export "w") i64 ${SIZE / PAGE})
  (table $t (export "t") ${ELEMENTS} externref) (table $u (export "u") ${ELEMENTS} externref)
  (table $f (export "f") ${ELEMENTS} funcref)
  (elem declare func $one) (func $one)
  (data $d "${'0123456789abcdefghijklmnopqrstuv,'.repeat(Math.ceil(DATA / 33)).slice(0, DATA)}")
  (func (export "fill") (param i32 i32 i32) (memory.fill $m (local.get 0) (local.get 1) (local.get 2)))
  (func (export "copy") (param i32 i32 i32) (memory.copy $m $m (local.get 0) (local.get 1) (local.get 2)))
  (func (export "between") (param i32 i32 i32) (memory.copy $n $m (local.get 0) (local.get 1) (local.get 2)))
  (func (export "init") (param i32 i32 i32) (memory.init $m $d (local.get 0) (local.get 1) (local.get 2)))
  (func (export "drop") (data.drop $d))
  (func (export "wideFill") (param i64 i32 i64) (memory.fill $w (local.get 0) (local.get 1) (local.get 2)))
  (func (export "wideCopy") (param i64 i64 i64) (memory.copy $w $w (local.get 0) (local.get 1) (local.get 2)))
  (func (export "tableFill") (param i32 externref i32) (table.fill $t (local.get 0) (local.get 1) (local.get 2)))
  (func (export "tableCopy") (param i32 i32 i32) (table.copy $t $t (local.get 0) (local.get 1) (local.get 2)))
  (func (export "tableBetween") (param i32 i32 i32) (table.copy $u $t (local.get 0) (local.get 1) (local.get 2)))
  (func (export "functions") (param i32 i32) (table.fill $f (local.get 0) (ref.func $one) (local.get 1)))
  (func (export "grow") (param i32) (result i32) (table.grow $t (ref.null extern) (local.get 0)))
)`;
let built: Wasm | undefined;
/** Assembled by binaryen: `wabt` knows no instructions on a second memory. */
const build = (): Wasm => {
  built ??= modernWat(text);
  return built;
};

type Running = ReturnType<typeof start>;

/** Fills the memories and tables with what tells their places apart. */
function prepare(running: Running): Running {
  for (const name of ['m', 'n', 'w']) {
    const bytes = bytesOf(running, name);
    for (let i = 0; i < bytes.length; i++) bytes[i] = (i * 31 + (i >> 8)) & 0xff;
  }
  for (const name of ['t', 'u']) {
    const table = running.exports[name] as WebAssembly.Table;
    for (let i = 0; i < ELEMENTS; i++) table.set(i, i);
  }
  return running;
}

function bytesOf(running: Running, name: string): Uint8Array {
  return new Uint8Array((running.exports[name] as WebAssembly.Memory).buffer);
}

/** The contents of all memories and tables, short enough to be compared often. */
function stateOf(running: Running): string[] {
  const memories = ['m', 'n', 'w'].map((name) => digest(bytesOf(running, name)));
  const tables = ['t', 'u', 'f'].map((name) => {
    const table = running.exports[name] as WebAssembly.Table;
    const shown = Array.from({ length: table.length }, (_, i) => {
      const value: unknown = table.get(i);
      return typeof value === 'function' ? 'function' : String(value);
    });
    return digest(shown.join());
  });
  return [...memories, ...tables];
}

function digest(data: string | Uint8Array): string {
  return createHash('sha1').update(data).digest('hex');
}

const edges = (size: number): fc.Arbitrary<number> =>
  fc.oneof(
    { weight: 4, arbitrary: fc.integer({ min: 0, max: size }) },
    {
      weight: 2,
      arbitrary: fc.constantFrom(0, 1, 7, 1024, PAGE - 1, PAGE, PAGE + 1, 2 * PAGE, size - 1, size, size + 1),
    },
    { weight: 1, arbitrary: fc.constantFrom(0x7fff_ffff, 0x8000_0000, 0xffff_0000, 0xffff_ffff) },
  );
const places = edges(SIZE);
const elements = edges(ELEMENTS);
const memoryCalls = ['fill', 'copy', 'between', 'init', 'wideFill', 'wideCopy'];
const wide: Record<string, readonly boolean[]> = {
  wideFill: [true, false, true],
  wideCopy: [true, true, true],
};

const calls = fc.oneof(
  { weight: 8, arbitrary: fc.tuple(fc.constantFrom(...memoryCalls), places, places, places) },
  {
    weight: 4,
    arbitrary: fc.tuple(
      fc.constantFrom('tableFill', 'tableCopy', 'tableBetween'),
      elements,
      elements,
      elements,
    ),
  },
  { weight: 1, arbitrary: fc.tuple(fc.constant('functions'), elements, elements, fc.constant(0)) },
);

describe('bulk instructions in pieces', () => {
  it.each([
    ['preemptive', preemptive],
    ['metered', metered],
  ])('do what the whole ones do, and nothing if they trap: %s', (_name, passes) => {
    const bytes = build();
    const plain = prepare(start(bytes));
    const rewritten = prepare(start(bytes, passes));
    fc.assert(
      fc.property(fc.array(calls, { minLength: 1, maxLength: 6 }), (list) => {
        for (const [name, ...operands] of list) {
          const args = operands.map((n, i) => (wide[name]?.[i] === true ? BigInt(n) : n));
          expect(rewritten.call(name, ...args), `${name} ${operands}`).toEqual(plain.call(name, ...args));
        }
        expect(stateOf(rewritten)).toEqual(stateOf(plain));
      }),
      { numRuns: 60 },
    );
  });

  it.each([
    ['fill', [1, 7, 0xffff_ffff]],
    ['fill', [SIZE - 2 * PAGE, 7, 2 * PAGE + 1]],
    ['copy', [SIZE - 2 * PAGE, 0, 2 * PAGE + 1]],
    ['copy', [0, SIZE - 2 * PAGE, 2 * PAGE + 1]],
    ['init', [0, 0, DATA + 1]],
    ['init', [SIZE - DATA + 1, 0, DATA]],
    ['wideFill', [1n, 7, 0xffff_ffff_ffff_ffffn]],
    ['wideCopy', [0n, BigInt(SIZE), 2n * BigInt(PAGE)]],
    ['tableFill', [10, 'x', ELEMENTS]],
    ['tableCopy', [0, 10, ELEMENTS]],
  ] as const)('%s out of bounds writes nothing (%#)', (name, operands) => {
    const running = prepare(start(build(), preemptive));
    const before = stateOf(running);
    expect(running.call(name, ...operands)).toHaveProperty('trap');
    expect(stateOf(running)).toEqual(before);
    expect(running.asked).toBe(0);
  });

  it('copy between memories with addresses of 32 and of 64 bits', () => {
    const copy = (to: number, from: number): number[] => {
      const code = [0, 0x20, 0, 0x20, 1, 0x20, 2, 0xfc, 0x0a, to, from, 0x0b];
      return [...leb(code.length), ...code];
    };
    const bytes = binary(
      [1, 2, 0x60, 3, 0x7e, 0x7f, 0x7f, 0, 0x60, 3, 0x7f, 0x7e, 0x7f, 0],
      [3, 2, 0, 1],
      [5, 2, 0x00, 5, 0x04, 5],
      [7, 4, 1, 0x6d, 2, 0, 1, 0x77, 2, 1, 1, 0x61, 0, 0, 1, 0x62, 0, 1],
      [10, 2, ...copy(1, 0), ...copy(0, 1)],
    );
    const [plain, rewritten] = [undefined, preemptive].map((passes) => {
      const running = start(bytes, passes);
      bytesOf(running, 'm').forEach((_, i, all) => {
        all[i] = (i * 31 + (i >> 8)) & 0xff;
      });
      const outcomes = [
        running.call('a', 5n, 9, 3 * PAGE),
        running.call('a', 2n ** 32n - 1n, 9, 3 * PAGE),
        running.call('a', 2n ** 64n - 1n, 9, 3 * PAGE),
        running.call('b', 70_000, 3n, 2 * PAGE + 5),
        running.call('b', -1, 3n, 2 * PAGE + 5),
      ];
      return [...outcomes, digest(bytesOf(running, 'm')), digest(bytesOf(running, 'w'))];
    });
    expect(rewritten).toEqual(plain);
  });

  it('of a dropped segment trap as before', () => {
    const running = prepare(start(build(), preemptive));
    expect(running.call('init', 0, 0, DATA)).toEqual({ result: undefined });
    expect(bytesOf(running, 'm')[DATA - 1]).toBe(
      text.charCodeAt(text.indexOf('"0123') + 1 + ((DATA - 1) % 33)),
    );
    running.call('drop');
    expect(running.call('init', 0, 0, DATA)).toHaveProperty('trap');
  });
});

describe('one bulk instruction', () => {
  const big = `(module (memory 1024) (table $t 99000 funcref) (elem declare func $one) (func $one)
    (func (export "fill") (memory.fill (i32.const 0) (i32.const 1) (i32.const 0x4000000)))
    (func (export "copy") (memory.copy (i32.const 0) (i32.const 1) (i32.const 0x3ffffff)))
    (func (export "functions") (table.fill $t (i32.const 0) (ref.func $one) (i32.const 99000)))
    (func (export "move") (table.copy $t $t (i32.const 1) (i32.const 0) (i32.const 98999)))
    (func (export "crowded") (local ${'i32 '.repeat(49_998)}) (memory.fill (i32.const 0) (i32.const 1) (i32.const 0x4000000))))`;
  const most = { fill: 2 ** 26, copy: 2 ** 26, functions: 99_000, move: 99_000, crowded: 2 ** 26 };

  it.each([
    ['preemptive', preemptive],
    ['metered', metered],
  ])('gives way every few hundred microseconds, and may be ended in between: %s', async (_name, passes) => {
    const bytes = await wat(big);
    for (const [name, amount] of Object.entries(most)) {
      const perTick = amount > 2 ** 20 ? 2 ** 21 : 8192;
      const running = start(bytes, passes);
      expect(running.call(name)).toEqual({ result: undefined });
      expect(amount / running.asked, name).toBeLessThanOrEqual(perTick);
      expect(() => start(bytes, passes, { stopAfter: 5 }).call(name), name).toThrow(Stop);
    }
  });
});
