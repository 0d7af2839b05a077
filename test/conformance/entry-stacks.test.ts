/**
 * A stack on which an entry function has returned calls that of another process. Nobody must notice: whatever has ended before,
 * in whatever way, each process gets its own parameters, a clean instance and the stack traces that it would have alone.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { section, smallModule } from '../../runtime/wasm/index.ts';
import { guest } from '../support/guest.ts';
import { linesOf, runAll } from '../support/program.ts';

const SHAPES = ['', 'i32', 'i64', 'i32 i32', 'i32 i64', 'i64 i32', 'i64 i64', 'i32 i64 i32', 'v128', 'f32'];

/** Processes after which stacks are kept. */
const MANY = 100;

/** `$begin` spawns so many, which end. */
const BEGIN = `
  (func (export "first"))
  (func $begin (local $i i32)
    (loop $again
      (drop (call $spawn (i64.const 0) (text "first")))
      (drop (call $sched_yield))
      (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const ${MANY})))))`;

/** What a process does when it has printed its parameters. */
const ENDINGS: Readonly<Record<string, string>> = {
  returns: '',
  yields: '(drop (call $sched_yield))',
  recurses: '(drop (call $deep (i32.const 5000)))',
  traps: 'unreachable',
  exits: '(call $proc_exit (i32.const 3))',
  throws: '(throw $thrown)',
  overflows: '(drop (call $deep (i32.const -1)))',
  // The root process kills these two: when it hears of the first, and before the other has begun.
  waits: '(call $send (i64.const 1) (i64.const 1) (i64.const 1)) (call $forever)',
  'never begins': '',
};

const SHOWN: Readonly<Record<string, (value: string) => string>> = {
  i32: (value) => `(i64.extend_i32_s ${value})`,
  i64: (value) => value,
  v128: (value) => `(i64x2.extract_lane 1 ${value})`,
  f32: () => '(i64.const 0)',
};

const typesOf = (shape: string) => shape.split(' ').filter((type) => type !== '');

const FUNCTION_NAMES = SHAPES.flatMap((shape) => Object.keys(ENDINGS).map((ending) => `${shape}: ${ending}`));

function partsOf(name: string): { shape: string; ending: string } {
  const [shape = '', ending = ''] = name.split(': ');
  return { shape, ending };
}

/** Bytes that each process writes: its function's index, what it found in its memory and global, and three parameters. */
const REPORT = 32;

/** The functions, of which those that are called are exported: each export makes an instance take longer. */
const functions = (called: readonly string[]) => `
  (global $used (mut i32) (i32.const 0)) (tag $thrown)
  (func $deep (param i32) (result i32)
    (if (result i32) (local.get 0)
      (then (i32.add (i32.const 1) (call $deep (i32.sub (local.get 0) (i32.const 1))))) (else (i32.const 0))))
  ${FUNCTION_NAMES.map((name, index) => {
    const { shape, ending } = partsOf(name);
    const types = typesOf(shape);
    const stores = types.map(
      (type, i) => `(i64.store (i32.const ${1008 + 8 * i}) ${SHOWN[type]?.(`(local.get ${i})`)})`,
    );
    return `(func ${called.includes(name) ? `(export "${name}")` : ''} ${types.map((type) => `(param ${type})`).join(' ')}
      (i32.store (i32.const 1000) (i32.const ${index}))
      (i32.store (i32.const 1004) (i32.add (global.get $used) (i32.load (i32.const 0x8000))))
      ${stores.join(' ')}
      (call $write (i32.const 1000) (i32.const ${REPORT}))
      (global.set $used (i32.const 1)) (i32.store (i32.const 0x8000) (i32.const 1))
      ${ENDINGS[ending]})`;
  }).join('\n')}`;

interface Step {
  readonly shape: string;
  readonly ending: string;
  readonly values: readonly bigint[];
  /** Whether the root process goes on before the child has ended, so that several are ready at once. */
  readonly goesOn: boolean;
}

const CODES: Readonly<Record<string, number>> = { i32: 0x7f, i64: 0x7e, v128: 0x7b, f32: 0x7f };

function record(type: string, value: bigint): Buffer {
  const bytes = Buffer.alloc(17);
  bytes[0] = CODES[type] ?? 0;
  bytes.writeBigInt64LE(value, 1);
  bytes.writeBigInt64LE(value, 9);
  return bytes;
}

function program(steps: readonly Step[]): string {
  const blobs: Record<string, Uint8Array> = {};
  const calls = steps.map(({ shape, ending, values, goesOn }, i) => {
    blobs[`params ${i}`] = Buffer.concat(typesOf(shape).map((type, at) => record(type, values[at] ?? 0n)));
    const told = {
      waits: '(drop (call $receive_value)) (call $process.kill (global.get $child))',
      'never begins': '(call $process.kill (global.get $child))',
    }[ending];
    // One that must not begin is spawned at the start of a turn, in which there is time left to kill it.
    return `
      ${ending === 'never begins' ? '(call $process.sleep_ms (i64.const 0))' : ''}
      (call $expect (call $process.spawn (i64.const 0) (i64.const -1) (i64.const -1) (text "${shape}: ${ending}")
        (blob "params ${i}") (i32.const 0xff00)) (i32.const 0))
      (global.set $child (i64.load (i32.const 0xff00)))
      ${goesOn ? '' : '(call $process.monitor (global.get $child))'}
      ${told ?? ''}
      ${goesOn ? '' : '(call $expect (call $receive) (i32.const 2))'}`;
  });
  return guest(
    `${BEGIN} ${functions(steps.map(({ shape, ending }) => `${shape}: ${ending}`))} (global $child (mut i64) (i64.const 0))
     (func (export "_start") (call $begin) ${calls.join('\n')})`,
    { blobs },
  );
}

/** What a process writes. A function that takes an f32 cannot be called. */
function reportOf({ shape, ending, values }: Step): string[] {
  if (shape === 'f32' || ending === 'never begins') return [];
  const shown = typesOf(shape).map((type, i) =>
    type === 'i32' ? BigInt.asIntN(32, values[i] ?? 0n) : values[i],
  );
  return [[`${shape}: ${ending}`, 0, shown.concat(0n, 0n, 0n).slice(0, 3)].flat().join(' ')];
}

function reports(bytes: Buffer): string[] {
  return Array.from({ length: bytes.length / REPORT }, (_, i) => {
    const at = i * REPORT;
    const values = [8, 16, 24].map((offset) => bytes.readBigInt64LE(at + offset));
    return [FUNCTION_NAMES[bytes.readInt32LE(at)], bytes.readInt32LE(at + 4), ...values].join(' ');
  });
}

const step: fc.Arbitrary<Step> = fc
  .record({
    shape: fc.constantFrom(...SHAPES),
    ending: fc.constantFrom('returns', ...Object.keys(ENDINGS)),
    values: fc.array(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), { minLength: 3, maxLength: 3 }),
    goesOn: fc.boolean(),
  })
  // Its message would be taken for the news of another one's end, and it cannot be heard of if it is not called.
  .map((given) =>
    given.ending === 'waits' ? { ...given, goesOn: false, shape: given.shape.replace('f32', '') } : given,
  );

test('whatever has ended before, a process gets its own parameters and a clean instance', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 40 }), async (steps) => {
      const { stdout, exits } = await runAll(program(steps));
      expect(reports(stdout.bytes)).toEqual(steps.flatMap(reportOf));
      expect(exits.length).toBe(MANY + steps.length + 1);
    }),
    { numRuns: 25 },
  );
});

test('the stack trace of a process has nothing of the stack that it began on', async () => {
  const source = guest(`${BEGIN}
    (func $child (export "child")
      (call $process.trace_get (i32.const 16))
      (call $print (i32.const 1000) (call $process.trace_read (i64.const 0) (i32.const 1000) (i32.const 4000))))
    (func (export "_start") (call $run (text "child")) (call $begin) (call $run (text "child")))`);
  const lines = await linesOf(source);
  expect(lines).toEqual([lines[0], lines[0]]);
  expect(lines[0]).toMatch(/^at child \(function \d+, offset 0x[0-9a-f]+\)$/);
});

test('a thousand processes that end one after the other, and as many at once', async () => {
  const source = guest(`
    (func (export "child") (call $send (i64.const 1) (i64.const 1) (i64.const 7)))
    (func $child (drop (call $spawn (i64.const 0) (text "child"))))
    (func $told (call $expect (i32.wrap_i64 (call $receive_value)) (i32.const 7)))
    (func (export "_start") (local $i i32)
      (local.set $i (i32.const 1000))
      (loop $each (call $child) (call $told)
        (br_if $each (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))
      (local.set $i (i32.const 1000))
      (loop $all (call $child)
        (br_if $all (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))
      (local.set $i (i32.const 1000))
      (loop $hear (call $told)
        (br_if $hear (local.tee $i (i32.sub (local.get $i) (i32.const 1))))))`);
  const { exits } = await runAll(source);
  expect(exits.map(({ exit }) => exit.kind)).toEqual(new Array(2001).fill('returned'));
});

/**
 *     (module
 *       (import "lunatic::process" "spawn" (func $spawn (param i64 i64 i64 i32 i32 i32 i32 i32) (result i32)))
 *       (rec (type $other (func)) (type $child (func (param i64))))
 *       (memory (export "memory") 1) (data (i32.const 0) "child") (data (i32.const 16) "\\7e")
 *       (func (export "child") (type $child))
 *       (func (export "_start") (loop (drop (call $spawn ...)) ...)))
 */
function moduleWithGroup(): Uint8Array {
  const name = (text: string) => [text.length, ...Buffer.from(text)];
  const [i32, i64] = [0x7f, 0x7e];
  const spawnType = [0x60, 8, i64, i64, i64, i32, i32, i32, i32, i32, 1, i32];
  const group = [0x4e, 2, 0x60, 0, 0, 0x60, 1, i64, 0];
  const spawn = [
    0x42, 0, 0x42, 0x7f, 0x42, 0x7f, 0x41, 0, 0x41, 5, 0x41, 16, 0x41, 17, 0x41, 32, 0x10, 0, 0x1a,
  ];
  const next = [0x20, 0, 0x41, 1, 0x6a, 0x22, 0, 0x41, MANY | 0x80, 0, 0x49, 0x0d, 0]; // br_if 0 (++i < MANY)
  const start = [1, 1, i32, 0x03, 0x40, ...spawn, ...next, 0x0b, 0x0b];
  return smallModule(
    section(1, [3, ...spawnType, 0x60, 0, 0, ...group]),
    section(2, [1, ...name('lunatic::process'), ...name('spawn'), 0, 0]),
    section(3, [2, 3, 1]),
    section(5, [1, 0, 1]),
    section(7, [3, ...name('memory'), 2, 0, ...name('child'), 0, 1, ...name('_start'), 0, 2]),
    section(10, [2, 2, 0, 0x0b, start.length, ...start]),
    section(11, [2, 0, 0x41, 0, 0x0b, ...name('child'), 0, 0x41, 16, 0x0b, 1, i64]),
  );
}

test('an entry function whose type is one of a recursive group', async () => {
  const { exits } = await runAll(moduleWithGroup());
  expect(exits.map(({ exit }) => exit)).toEqual(new Array(MANY + 1).fill({ kind: 'returned' }));
});
