import { describe, expect, test } from 'vitest';
import { leb } from '../../runtime/wasm/index.ts';
import { guest } from '../support/guest.ts';
import { linesOf, run, start } from '../support/program.ts';

const bytes = (...code: number[]) => new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, ...code]);
const REFUSED = /which no limit of memory bounds/;

/** `(type (array (mut i32)))`, `(type (struct (field (mut i32))))` */
const ARRAY = bytes(1, 4, 1, 0x5e, 0x7f, 1);
const STRUCT = bytes(1, 5, 1, 0x5f, 1, 0x7f, 1);
/** The array in a recursive group, and as a subtype. */
const RECURSIVE = bytes(1, 6, 1, 0x4e, 1, 0x5e, 0x7f, 1);
const SUBTYPE = bytes(1, 6, 1, 0x50, 0, 0x5e, 0x7f, 1);
/** `(table 1 exnref)`, also as `(ref null exn)` */
const TABLE = bytes(4, 4, 1, 0x69, 0, 1);
const LONG_TABLE = bytes(4, 5, 1, 0x63, 0x69, 0, 1);
/** `(type (func (param exnref))) (tag (type 0))` */
const NESTED = bytes(1, 5, 1, 0x60, 1, 0x69, 0, 13, 3, 1, 0, 0);

/** `(type (func (param i32 ...)))` with so many, or of another type, and a tag of that type */
const wide = (values: number, type = 0x7f) =>
  bytes(1, 4 + values, 1, 0x60, values, ...new Array(values).fill(type), 0, 13, 3, 1, 0, 0);
const [I64, F64, V128] = [0x7e, 0x7c, 0x7b];
/** So many globals `(global (mut exnref) (ref.null exn))` */
const keeping = (globals: number) =>
  bytes(6, 1 + 5 * globals, globals, ...new Array(globals).fill([0x69, 1, 0xd0, 0x69, 0x0b]).flat());

const MODULES: readonly (readonly [string, Uint8Array])[] = [
  ['an array', ARRAY],
  ['a struct', STRUCT],
  ['an array in a recursive group', RECURSIVE],
  ['an array that may have subtypes', SUBTYPE],
  ['a table of exceptions', TABLE],
  ['a table of exceptions in the long form', LONG_TABLE],
  ['exceptions in exceptions', NESTED],
  ['exceptions of many values', wide(5)],
  ['exceptions of many values of 64 bits', wide(3, I64)],
  ['exceptions of many floats of 64 bits', wide(3, F64)],
  ['exceptions of two vectors', wide(2, V128)],
  ['many globals of exceptions', keeping(17)],
];

describe('a module with objects on the heap of the engine', () => {
  test.each(MODULES)('is refused: %s', async (_, module) => {
    await expect(run(module)).rejects.toThrow(REFUSED);
  });

  test.each(MODULES)('is refused if a process compiles it: %s', async (_, m) => {
    const source = guest(
      `(func (export "_start")
         (call $expect (call $process.compile_module (blob "m") (i32.const 0)) (i32.const 1))
         (call $print_error (i64.load (i32.const 0))))`,
      { blobs: { m } },
    );
    expect((await linesOf(source)).join()).toMatch(REFUSED);
  });

  test.each([
    ['exceptions of some values', wide(4)],
    ['exceptions of some values of 64 bits', wide(2, I64)],
    ['exceptions of a vector', wide(1, V128)],
    ['some globals of exceptions', keeping(16)],
  ])('is not one with %s', async (_, module) => {
    expect((await run(module)).exit).toMatchObject({ kind: 'no-entry' });
  });

  test.each(MODULES)('is loaded if that is allowed: %s', async (_, module) => {
    expect((await run(module, { limits: { gc: true } })).exit).toMatchObject({ kind: 'no-entry' });
  });
});

/** `(type (array (mut i64)))` and a global of it, whose length this code gives. */
const globalArray = (...length: number[]) =>
  bytes(1, 4, 1, 0x5e, 0x7e, 1, 6, length.length + 8, 1, 0x63, 0, 0, ...length, 0xfb, 7, 0, 0x0b);

describe('arrays that globals are made with', () => {
  const SOME = [0x41, ...leb(2 ** 21)];
  const MORE = [0x41, ...leb(2 ** 21 + 1)];
  const SUM = [...SOME, 0x41, 1, 0x6a];

  test.each([
    ['of more than 16 MiB', MORE],
    ['of a length that is computed', SUM],
  ])('are refused: %s', async (_, length) => {
    await expect(run(globalArray(...length), { limits: { gc: true } })).rejects.toThrow(
      /arrays of more than 16777216 bytes/,
    );
  });

  test('may have 16 MiB', async () => {
    const { exit } = await run(globalArray(...SOME), { limits: { gc: true } });
    expect(exit).toMatchObject({ kind: 'no-entry' });
  });
});

describe('exceptions that locals keep', () => {
  const LOCALS = 40;
  const throwing = Array.from(
    { length: LOCALS },
    (_, i) => `(local.set ${i + 1} (block $c (result exnref)
      (try_table (catch_all_ref $c) (throw $t (local.get 0) (i32.const 1) (i32.const 2) (i32.const 3))) (unreachable)))`,
  ).join('\n');
  /** They stay in use behind the call. */
  const using = Array.from(
    { length: LOCALS },
    (_, i) => `(if (i32.eq (local.get 0) (i32.const -7)) (then (throw_ref (local.get ${i + 1}))))`,
  ).join('\n');
  const PROCESSES = 5;
  const source = guest(`(tag $t (param i32 i32 i32 i32))
    (func $deep (param i32) (local ${'exnref '.repeat(LOCALS)})
      ${throwing}
      (if (local.get 0) (then (call $deep (i32.sub (local.get 0) (i32.const 1)))) (else (drop (call $receive))))
      ${using})
    (func (export "keeps") (call $deep (i32.const 1200)))
    (func (export "_start") (local $i i32)
      (loop $l
        (drop (call $spawn (i64.const 0) (text "keeps")))
        (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const ${PROCESSES}))))
      (drop (call $receive)))`);

  test('in a deep recursion take no more than its stack has room for, and go with their process', async () => {
    const program = await start(source);
    const { environment } = program.root;
    const waiting = () => [...environment.processes()].filter(({ state }) => state === 'waiting');
    const heap = () => {
      globalThis.gc?.();
      return process.memoryUsage().heapUsed / 2 ** 20;
    };
    const before = heap();
    while (waiting().length <= PROCESSES && program.exits.length === 0)
      await new Promise((turn) => setImmediate(turn));
    expect(program.exits).toEqual([]);
    const kept = heap() - before;
    expect(kept / PROCESSES).toBeGreaterThan(3);
    expect(kept / PROCESSES).toBeLessThan(17);
    program.root.stop();
    await program.empty;
    expect(heap() - before).toBeLessThan(kept / 2);
  });
});
