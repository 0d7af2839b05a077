import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { costlyFunction, readModule } from '../../../runtime/wasm/index.ts';
import { metered, modernWat, preemptive, Stop, start, type Wasm } from './support.ts';

/** Elements of each array: of several pieces. */
const SIZE = 50_000;
const DATA = 8 * 20_000;

/** What tells the places of an array's elements apart, in each type of elements. */
const KINDS = {
  i8: { type: '(array (mut i8))', value: '(local.get 1)', at: (x: string) => `(array.get_u $i8 ${x})` },
  i16: { type: '(array (mut i16))', value: '(local.get 1)', at: (x: string) => `(array.get_u $i16 ${x})` },
  i32: { type: '(array (mut i32))', value: '(local.get 1)', at: (x: string) => `(array.get $i32 ${x})` },
  i64: {
    type: '(array (mut i64))',
    value: '(i64.extend_i32_u (local.get 1))',
    at: (x: string) => `(i32.wrap_i64 (array.get $i64 ${x}))`,
  },
  f32: {
    type: '(array (mut f32))',
    value: '(f32.convert_i32_u (local.get 1))',
    at: (x: string) => `(i32.reinterpret_f32 (array.get $f32 ${x}))`,
  },
  v128: {
    type: '(array (mut v128))',
    value: '(i32x4.splat (local.get 1))',
    at: (x: string) => `(i32x4.extract_lane 3 (array.get $v128 ${x}))`,
  },
  any: {
    type: '(array (mut anyref))',
    value: '(ref.i31 (local.get 1))',
    at: (x: string) => `(i31.get_u (ref.cast i31ref (array.get $any ${x})))`,
  },
  box: {
    type: '(array (mut (ref $b)))',
    value: '(struct.new $b (local.get 1))',
    at: (x: string) => `(struct.get $b 0 (array.get $box ${x}))`,
  },
};
const NAMES = Object.keys(KINDS);
const NUMBERS = ['i8', 'i16', 'i32', 'i64', 'f32', 'v128'];

const functionsOf = ([name, { value, at }]: [string, (typeof KINDS)[keyof typeof KINDS]]) => {
  const g = (which: string) => `(global.get $${name}${which})`;
  const copy = (kind: string, to: string, from: string) =>
    `(func (export "${kind} ${name}") (param i32 i32 i32)
      (array.copy $${name} $${name} ${g(to)} (local.get 0) ${g(from)} (local.get 1) (local.get 2)))`;
  const init = `(func (export "init ${name}") (param i32 i32 i32)
    (array.init_data $${name} $d ${g('A')} (local.get 0) (local.get 1) (local.get 2)))`;
  return `(global $${name}A (mut (ref null $${name})) (ref.null $${name}))
    (global $${name}B (mut (ref null $${name})) (ref.null $${name}))
    (func (export "make ${name}") (param i32) (local i32)
      (global.set $${name}A (array.new $${name} ${value} (local.get 0)))
      (global.set $${name}B (array.new $${name} ${value} (local.get 0)))
      (loop $l
        (array.set $${name} ${g('A')} (local.get 1) ${value})
        (br_if $l (i32.lt_u (local.tee 1 (i32.add (local.get 1) (i32.const 1))) (local.get 0)))))
    (func (export "fill ${name}") (param i32 i32 i32)
      (array.fill $${name} ${g('A')} (local.get 0) ${value} (local.get 2)))
    ${copy('copy', 'A', 'A')} ${copy('to', 'B', 'A')}
    ${NUMBERS.includes(name) ? init : ''}
    (func (export "sum ${name}") (result i32) (local i32 i32) (loop $l
      (local.set 1 (i32.add (i32.mul (local.get 1) (i32.const 31)) ${at(`${g('A')} (local.get 0)`)}))
      (local.set 1 (i32.add (i32.mul (local.get 1) (i32.const 31)) ${at(`${g('B')} (local.get 0)`)}))
      (br_if $l (i32.lt_u (local.tee 0 (i32.add (local.get 0) (i32.const 1))) (array.len ${g('A')}))))
      (local.get 1))`;
};

/** A group of types keeps binaryen from taking two of them for the same. */
const text = `(module (rec (type $b (struct (field i32)))
  ${Object.entries(KINDS)
    .map(([name, { type }]) => `(type $${name} ${type})`)
    .join('\n')}
  (type $f (array (mut funcref))))
  (data $d "${'0123456789abcdefghijklmnopqrstuv,'.repeat(DATA / 33 + 1).slice(0, DATA)}")
  (elem $e funcref ${'(ref.func $one) (ref.null func) (ref.null func)'.repeat(20_000)})
  (func $one)
  (global $fA (mut (ref $f)) (array.new_default $f (i32.const 8)))
  (func (export "make f") (param i32) (global.set $fA (array.new_default $f (local.get 0))))
  (func (export "elements") (param i32 i32 i32)
    (array.init_elem $f $e (global.get $fA) (local.get 0) (local.get 1) (local.get 2)))
  (func (export "sum f") (result i32) (local i32 i32) (loop $l
    (local.set 1 (i32.add (i32.mul (local.get 1) (i32.const 31)) (ref.is_null (array.get $f (global.get $fA) (local.get 0)))))
    (br_if $l (i32.lt_u (local.tee 0 (i32.add (local.get 0) (i32.const 1))) (array.len (global.get $fA)))))
    (local.get 1))
  (func (export "from data") (param i32 i32 i32) (result i32)
    (array.len (array.new_data $i64 $d (local.get 0) (local.get 2))))
  (func (export "from elements") (param i32 i32 i32) (result i32)
    (array.len (array.new_elem $f $e (local.get 0) (local.get 2))))
  ${(Object.entries(KINDS) as [string, (typeof KINDS)[keyof typeof KINDS]][]).map(functionsOf).join('\n')})`;
let built: Wasm | undefined;
const build = (): Wasm => {
  built ??= modernWat(text);
  return built;
};

type Running = ReturnType<typeof start>;

function prepare(running: Running): Running {
  for (const name of [...NAMES, 'f']) expect(running.call(`make ${name}`, SIZE)).toHaveProperty('result');
  return running;
}

function stateOf(running: Running): unknown[] {
  return [...NAMES, 'f'].map((name) => running.call(`sum ${name}`));
}

const places = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0, max: SIZE }) },
  { weight: 2, arbitrary: fc.constantFrom(0, 1, 31, 32, 16_383, 16_384, 16_385, 32_768, SIZE - 1, SIZE) },
  { weight: 1, arbitrary: fc.constantFrom(SIZE + 1, 0x7fff_ffff, 0x8000_0000, 0xffff_0000, 0xffff_ffff) },
);
const calls = fc.oneof(
  fc.tuple(
    fc.constantFrom(
      ...NAMES.flatMap((name) => [`fill ${name}`, `copy ${name}`, `to ${name}`]),
      ...NUMBERS.map((name) => `init ${name}`),
      'elements',
      'from data',
      'from elements',
    ),
    places,
    places,
    places,
  ),
);

describe.each([
  ['preemptive', preemptive],
  ['metered', metered],
])('instructions on arrays, done in pieces: %s', (_name, passes) => {
  it('do what the whole ones do, and nothing if they trap', () => {
    const plain = prepare(start(build()));
    const rewritten = prepare(start(build(), passes));
    fc.assert(
      fc.property(fc.array(calls, { minLength: 1, maxLength: 8 }), (list) => {
        for (const [name, ...operands] of list) {
          const [done, wanted] = [rewritten, plain].map((running) => running.call(name, ...operands));
          // If both ends are out of bounds, the trap may name the other one.
          if (wanted !== undefined && 'trap' in wanted)
            expect(done, `${name} ${operands}`).toHaveProperty('trap');
          else expect(done, `${name} ${operands}`).toEqual(wanted);
        }
        expect(stateOf(rewritten)).toEqual(stateOf(plain));
      }),
      { numRuns: 80 },
    );
  });

  it.each(NAMES)('give way every few hundred microseconds, and may be ended in between: %s', (kind) => {
    const many = 1_000_000;
    const running = start(build(), passes);
    running.call(`make ${kind}`, many);
    for (const name of [`fill ${kind}`, `copy ${kind}`, `to ${kind}`]) {
      const before = running.asked;
      expect(running.call(name, 0, 0, many), name).toEqual({ result: undefined });
      expect(many / (running.asked - before), name).toBeLessThanOrEqual(65_536);
    }
    const stopped = start(build(), passes, { stopAfter: running.asked - 5 });
    const all = () => {
      stopped.call(`make ${kind}`, many);
      for (const name of ['fill', 'copy', 'to']) stopped.call(`${name} ${kind}`, 0, 0, many);
    };
    expect(all).toThrow(Stop);
  });

  it('that make one are charged for, and trap if it would be larger than 16 MiB', () => {
    const running = start(build(), passes);
    for (const [name, log] of [
      ['i8', 0],
      ['i16', 1],
      ['i32', 2],
      ['i64', 3],
      ['v128', 4],
      ['any', 3],
    ] as const) {
      const most = 2 ** (24 - log);
      const before = running.asked;
      for (let i = 0; i < 8; i++)
        expect(running.call(`make ${name}`, most >> 3), name).toEqual({ result: undefined });
      expect(running.asked - before, name).toBeGreaterThanOrEqual(16);
      expect(running.call(`make ${name}`, most + 1), name).toHaveProperty('trap');
      expect(running.call(`make ${name}`, -1), name).toHaveProperty('trap');
    }
  });
});

describe('objects of many fields', () => {
  const fields = '(field i64)'.repeat(5000);
  const module = (body: string) =>
    modernWat(`(module (type $s (struct ${fields})) (type $a (array i64))
      (global $s (mut (ref null $s)) (ref.null $s)) (global $a (mut (ref null $a)) (ref.null $a))
      (func (export "f") (local i32) (local.set 0 (i32.const 1000))
        (loop $l ${body} (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))))`);
  const list = `(global.set $a (array.new_fixed $a 5000 ${'(i64.const 1)'.repeat(5000)}))`;

  test.each([
    ['a struct', '(global.set $s (struct.new_default $s))'],
    ['a list of elements', list],
  ])('are charged by these: %s', (_name, body) => {
    for (const passes of [preemptive, metered]) {
      const running = start(module(body), passes);
      expect(running.call('f')).toEqual({ result: undefined });
      expect(running.asked).toBeGreaterThan(4);
    }
  });

  test('make a function costly to compile', () => {
    const costly = (count: number) =>
      costlyFunction(readModule(module('(global.set $s (struct.new_default $s))'.repeat(count))), 8e6);
    expect(costly(10)).toBe(null);
    expect(costly(100)?.copies).toBeGreaterThan(3e7);
  });
});
