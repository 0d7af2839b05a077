import { describe, expect, it } from 'vitest';
import {
  memoryPass,
  meterPass,
  originalIndex,
  type Pass,
  PassConflictError,
  preemptPass,
  readModule,
  rewriteModule,
} from '../../../runtime/wasm/index.ts';
import { allCombinations, combinations, namesOf } from './combinations.ts';
import { countPass } from './count-pass.ts';
import { start, wat } from './support.ts';

const counting = combinations.filter((passes) => passes.includes(countPass));

/** What one call of `f` must execute, under every combination of passes. */
async function countsOf(body: string, turns: number): Promise<unknown[]> {
  const bytes = await wat(`(module (func (export "f") (param $n i32) (local $x i32) ${body}))`);
  return counting.map((passes) => {
    const running = start(bytes, passes);
    running.call('f', turns);
    return running.counts.take();
  });
}

describe('the count pass finds what is executed, whatever other passes do', () => {
  it.each([
    // The last instruction is the `end` of the function, which counts as well.
    ['straight code', '(drop (i32.add (local.get $n) (i32.const 1)))', () => 0, () => 5],
    [
      'a counted loop as LLVM writes it',
      '(loop $l (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))',
      (n: number) => n,
      (n: number) => 1 + 5 * n + 2,
    ],
    [
      'a counted loop as AssemblyScript writes it',
      `(loop $l (if (i32.lt_s (local.get $x) (local.get $n)) (then
        (local.set $x (i32.add (local.get $x) (i32.const 1))) (br $l))))`,
      (n: number) => n + 1,
      (n: number) => 1 + 9 * n + 4 + 2,
    ],
    [
      'a small loop, whose body the preempt pass would copy',
      `(block $out (loop $l (br_if $out (i32.ge_u (local.get $x) (local.get $n)))
        (local.set $x (i32.add (local.get $x) (i32.const 1))) (br $l)))`,
      (n: number) => n + 1,
      (n: number) => 2 + 9 * n + 4 + 1,
    ],
    [
      'a loop that a table continues',
      `(block $out (loop $l (local.set $x (i32.add (local.get $x) (i32.const 1)))
        (br_table $l $out (i32.eq (local.get $x) (local.get $n)))))`,
      (n: number) => n,
      (n: number) => 2 + 8 * n + 1,
    ],
  ])('%s', async (_what, body, turns, expected) => {
    // Some 10 million units of work: the preempt pass asks on the way, and copies or counts turns where it may.
    for (const n of [1, 2, 5, 1_000_000]) {
      for (const found of await countsOf(body, n)) {
        expect(found).toMatchObject({ instructions: expected(n), turns: turns(n), calls: 1 });
      }
    }
  });
});

describe('the function indices', () => {
  it.each(allCombinations.map((passes) => [namesOf(passes), passes] as const))(
    'can be traced back (%s)',
    async (_names, passes) => {
      const bytes = await wat(`(module (import "e" "f" (func $import)) (func $a) (func $b) (start $b)
        (memory (export "memory") 1) (export "a" (func $a)) (export "b" (func $b)))`);
      const rewritten = rewriteModule(readModule(bytes), passes);
      const found = readModule(rewritten.bytes).exports.filter(({ kind }) => kind === 'function');
      const byName = new Map(
        found.map(({ name, index }) => [name, originalIndex(rewritten.functions, index)]),
      );
      expect(byName.get('a')).toBe(1);
      expect(byName.get('b')).toBe(2);
    },
  );
});

describe('passes that cannot be used together are refused', () => {
  const module = async () => readModule(await wat('(module)'));

  it('preempt and meter, in either order', async () => {
    const source = await module();
    expect(() => rewriteModule(source, [preemptPass, meterPass])).toThrow(PassConflictError);
    expect(() => rewriteModule(source, [meterPass, memoryPass, preemptPass])).toThrow(
      'the passes "meter" and "preempt" exclude each other: choose one of them',
    );
  });

  it('the same pass twice', async () => {
    const source = await module();
    expect(() => rewriteModule(source, [memoryPass, memoryPass])).toThrow(
      'the pass "memory" is in the list twice: name each pass once',
    );
  });
});

describe('a pass whose additions are not all used', () => {
  it('brings a module without sections whatever it has declared', async () => {
    const adds: Pass = {
      name: 'adds',
      declare(plan) {
        const fn = plan.addFunction({ params: [], results: ['i32'] }, (out) => {
          for (const byte of [0, 0x41, 42, 0x0b]) out.u8(byte);
        });
        plan.addExport('answer', 'function', fn);
      },
    };
    const { bytes } = rewriteModule(await module(), [adds]);
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array(bytes)));
    expect((exports['answer'] as () => number)()).toBe(42);
  });

  const module = async () => readModule(await wat('(module)'));
});
