import { describe, expect, it } from 'vitest';
import { metered, start, wat } from './support.ts';

const count = '(loop $l (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))';

describe('a function’s fuel', () => {
  it.each([
    ['an empty function: the call', '(func (export "f"))', [], 1],
    ['structure is free', '(func (export "f") (nop) (block (nop)) (drop (i32.const 1)))', [], 2],
    [
      'every other instruction is one',
      '(func (export "f") (result i32) (i32.add (i32.const 1) (i32.const 2)))',
      [],
      4,
    ],
    ['a hundred locals', `(func (export "f") (local ${'i64 '.repeat(100)}))`, [], 1],
    ['a thousand locals', `(func (export "f") (local ${'i64 '.repeat(1000)}))`, [], 251],
    ['return is free', '(func (export "f") (result i32) (return (i32.const 1)))', [], 2],
    [
      'one of two branches',
      '(func (export "f") (param i32) (if (local.get 0) (then (call $g) (call $g)))) (func $g)',
      [1],
      7,
    ],
    [
      'the other branch',
      '(func (export "f") (param i32) (if (local.get 0) (then (call $g) (call $g)))) (func $g)',
      [0],
      3,
    ],
    ['else', '(func (export "f") (param i32) (if (local.get 0) (then) (else (drop (i32.const 1)))))', [0], 4],
    [
      'then, where there is an else',
      '(func (export "f") (param i32) (if (local.get 0) (then (drop (i32.const 1))) (else (call 0 (i32.const 1)))))',
      [1],
      4,
    ],
    [
      'a branch skips what follows',
      '(func (export "f") (block (br 0) (drop (i32.const 1)) (drop (i32.const 1))))',
      [],
      2,
    ],
    ['calls, and what they call', '(func (export "f") (call $g)) (func $g (call $h)) (func $h)', [], 5],
    ['a loop, for each turn', `(func (export "f") (param i32) ${count})`, [10], 1 + 10 * 5],
    [
      'a table of branches',
      '(func (export "f") (block (block (br_table 0 1 (i32.const 0))) (drop (i32.const 1))))',
      [],
      4,
    ],
  ])('%s', async (_what, functions, args, expected) => {
    expect(await measured(functions, args)).toBe(expected);
  });

  /** The ticks of a call, by how many calls ten tanks last for. */
  async function measured(functions: string, args: unknown[]): Promise<number> {
    const tank = 100_000;
    const running = start(await wat(`(module ${functions})`), metered, { fuel: tank });
    let calls = 0;
    while (running.asked < 11) {
      running.call('f', ...args);
      calls++;
    }
    return Math.round((10 * tank) / (calls - 1));
  }

  it('is asked for before anything runs', async () => {
    const source =
      '(global $g (export "g") (mut i32) (i32.const 0)) (func (export "f") (global.set $g (i32.const 1)))';
    const running = start(await wat(`(module ${source})`), metered, { stopAfter: 0 });
    expect(() => running.call('f')).toThrow('asked too often');
    expect((running.exports['g'] as WebAssembly.Global).value).toBe(0);
  });

  it('bounds an execution to within 5 %', async () => {
    const running = start(await wat(`(module (func (export "f") (param i32) ${count}))`), metered);
    for (const turns of [100_000, 1_000_000, 7_654_321]) {
      running.asked = 0;
      running.call('f', turns);
      expect(Math.abs(running.asked - (turns * 5) / 100_000)).toBeLessThanOrEqual(1);
    }
  });

  it('counts recursion exactly', async () => {
    const running = start(
      await wat(`(module (func $fib (export "f") (param i32) (result i32)
        (if (result i32) (i32.lt_u (local.get 0) (i32.const 2)) (then (local.get 0)) (else
          (i32.add (call $fib (i32.sub (local.get 0) (i32.const 1)))
                   (call $fib (i32.sub (local.get 0) (i32.const 2))))))))`),
      metered,
    );
    const calls: number[] = [1, 1];
    for (let i = 2; i <= 22; i++) calls[i] = 1 + (calls[i - 1] ?? 0) + (calls[i - 2] ?? 0);
    const total = calls[22] ?? 0;
    const inner = (total - 1) / 2;
    // Each call: entry, get, const, lt, if: 5. A leaf: get: 1. The others: get, const, sub and call twice, add: 9.
    const expected = total * 5 + (total - inner) + inner * 9;
    expect(running.call('f', 22)).toEqual({ result: 17_711 });
    expect(Math.abs(running.asked - expected / 100_000)).toBeLessThanOrEqual(1);
  });

  it('is paid for four bytes that are filled or copied, from 256 on', async () => {
    const fill = (length: number): string =>
      `(memory 1) (func (export "f") (memory.fill (i32.const 0) (i32.const 1) (i32.const ${length})))`;
    expect(await measured(fill(255), [])).toBe(5);
    expect(await measured(fill(400), [])).toBe(105);
    expect(
      await measured(
        `(table 100 funcref) (func (export "f")
      (table.fill (i32.const 0) (ref.null func) (i32.const 3)))`,
        [],
      ),
    ).toBe(5 + 3 * 64);
  });

  it('is one tank through throw and catch', async () => {
    const functions = `(tag $e) (func $g (throw $e))
      (func (export "f") (param i32) (loop $l (try (do (call $g)) (catch $e))
        (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))`;
    // Entry, then for each turn: call, entry, throw, and five of the branch.
    expect(await measured(functions, [50])).toBe(1 + 50 * 8);
  });
});
