import { describe, expect, it } from 'vitest';
import { readModule, rewriteModule, section, smallModule } from '../../../runtime/wasm/index.ts';
import { leb, metered, modernWat, preemptive, Stop, start, type Wasm, wat } from './support.ts';

/** Each exports `f`, which never returns. */
const endless: Record<string, string> = {
  'a loop of br': '(func (export "f") (loop $l (br $l)))',
  'a loop of br_if': '(func (export "f") (loop $l (br_if $l (i32.const 1))))',
  'a loop of br_table': '(func (export "f") (loop $l (br_table $l $l (i32.const 0))))',
  'a loop of br_table by default': '(func (export "f") (block $o (loop $l (br_table $o $l (i32.const 7)))))',
  'a br from inside of blocks':
    '(func (export "f") (loop $l (block (block (if (i32.const 1) (then (br $l)))))))',
  'a loop with a result': '(func (export "f") (result i32) (loop $l (result i32) (br $l)))',
  'a loop with parameters': '(func (export "f") (i32.const 1) (loop $l (param i32) (br $l)))',
  'a loop with parameters and br_if':
    '(func (export "f") (i32.const 1) (loop $l (param i32) (drop) (br_if $l (i32.const 2) (i32.const 1)) (drop)))',
  'an outer loop': '(func (export "f") (loop $o (loop $i (br $o))))',
  'an outer loop whose inner one ends': `(func (export "f") (local i32)
    (loop $o (local.set 0 (i32.const 3))
      (loop $i (br_if $i (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))) (br $o)))`,
  'a br_table between nested loops': `(func (export "f") (local i32)
    (loop $a (loop $b (loop $c
      (local.set 0 (i32.add (local.get 0) (i32.const 1)))
      (br_table $a $b $c (i32.rem_u (local.get 0) (i32.const 3)))))))`,
  'a counter that misses its bound': `(func (export "f") (local i32)
    (loop $l (br_if $l (i32.ne (local.tee 0 (i32.add (local.get 0) (i32.const 2))) (i32.const 1)))))`,
  'a counter that starts at its bound, again and again': `(func (export "f") (local i32) (loop $o (local.set 0 (i32.const 5))
    (loop $l (br_if $l (i32.ne (local.tee 0 (i32.add (local.get 0) (i32.const 1))) (i32.const 5)))) (br $o)))`,
  'counted loops in a loop': `(func (export "f") (local i32) (loop $o (local.set 0 (i32.const 50))
    (loop $l (br_if $l (local.tee 0 (i32.add (local.get 0) (i32.const -1))))) (br $o)))`,
  'counted loops of AssemblyScript in a loop': `(func (export "f") (local i32) (loop $o (local.set 0 (i32.const 0))
    (loop $l (if (i32.lt_s (local.get 0) (i32.const 50)) (then
      (local.set 0 (i32.add (local.get 0) (i32.const 1))) (br $l)))) (br $o)))`,
  'a loop with a call': '(func $g) (func (export "f") (loop $l (call $g) (br $l)))',
  'a loop with an indirect call': `(table 1 funcref) (elem (i32.const 0) $g) (type $t (func)) (func $g)
    (func (export "f") (loop $l (call_indirect (type $t) (i32.const 0)) (br $l)))`,
  'a tail call of itself': '(func $f (export "f") (return_call $f))',
  'tail calls in turn': '(func $f (export "f") (return_call $g)) (func $g (return_call $f))',
  'a tail call through a table': `(table 1 funcref) (elem (i32.const 0) $f) (type $t (func))
    (func $f (export "f") (return_call_indirect (type $t) (i32.const 0)))`,
  'a tail call through a table of another type of the same shape': `(table 1 funcref) (elem (i32.const 0) $f)
    (type $t (func)) (type $u (func)) (func $f (type $u) (return_call_indirect (type $t) (i32.const 0)))
    (export "f" (func $f))`,
  'a tail call through a table that only the host fills': `(table (export "t") 1 funcref) (type $t (func))
    (func $f (export "f") (return_call_indirect (type $t) (i32.const 0)))
    (func $s (table.set 0 (i32.const 0) (ref.func $f))) (elem declare func $f) (start $s)`,
  'a legacy catch that jumps back': `(tag $e) (func (export "f") (loop $l (try (do (throw $e)) (catch $e (br $l)))))`,
  'a legacy catch_all that jumps back': `(tag $e) (func (export "f") (loop $l (try (do (throw $e)) (catch_all (br $l)))))`,
  'a legacy delegate in a loop': `(tag $e) (func (export "f") (loop $l
    (try (do (try (do (throw $e)) (delegate 0))) (catch $e)) (br $l)))`,
};

const modern: Record<string, string> = {
  'a try_table that catches into its loop': `(tag $e) (func (export "f") (loop $l
    (try_table (catch $e $l) (throw $e))))`,
  'a try_table left by a br': `(tag $e) (func (export "f") (loop $l
    (drop (block $c (result exnref) (try_table (catch_ref $e $c) (br $l)) (unreachable)))))`,
  'a loop of br_on_null': '(func (export "f") (loop $l (drop (br_on_null $l (ref.null func)))))',
  'a loop of br_on_non_null': `(type $t (func)) (elem declare func $f)
    (func $f (export "f") (type $t) (ref.func $f)
      (loop $l (param (ref $t)) (br_on_non_null $l)))`,
  'a loop of br_on_cast': `(func (export "f") (ref.i31 (i32.const 1)) (loop $l (param anyref)
    (block $b (param anyref) (result anyref) (br_on_cast $l anyref (ref i31))) (drop)))`,
  'a tail call of a reference': `(type $t (func)) (elem declare func $f)
    (func $f (export "f") (type $t) (return_call_ref $t (ref.func $f)))`,
  'a tail call of a subtype': `(type $a (sub (func))) (type $b (sub $a (func))) (elem declare func $f)
    (func $f (export "f") (type $b) (return_call_ref $a (ref.func $f)))`,
};

/** Each recurses until the stack is used up, and must ask on the way. */
const recursive: Record<string, string> = {
  recursion: '(func $f (export "f") (call $f))',
  'mutual recursion':
    '(func $f (export "f") (call $g)) (func $g (call $h)) (func $h (if (i32.const 1) (then (call $f))))',
  'recursion through a table': `(table 1 funcref) (elem (i32.const 0) $f) (type $t (func))
    (func $f (export "f") (call_indirect (type $t) (i32.const 0)))`,
};

function expectToAsk(bytes: Wasm, passes = preemptive): void {
  expect(WebAssembly.validate(bytes)).toBe(true);
  const running = start(bytes, passes, { stopAfter: 50 });
  expect(() => running.call('f')).toThrow(Stop);
  expect(running.asked).toBe(51);
}

describe('an endless execution asks again and again', () => {
  it.each(Object.keys(endless))('%s', async (name) => {
    const bytes = await wat(`(module ${endless[name]})`);
    expectToAsk(bytes);
    expectToAsk(bytes, metered);
  });

  it.each(Object.keys(modern))('%s', (name) => {
    const bytes = modernWat(`(module ${modern[name]})`);
    expectToAsk(bytes);
    expectToAsk(bytes, metered);
  });

  it('in a function that has no room for more locals', async () => {
    const locals = 'i64 '.repeat(49_999);
    expectToAsk(await wat(`(module (func (export "f") (local ${locals}) (loop $l (br $l))))`));
    expectToAsk(
      await wat(`(module (func (export "f") (local ${locals}) (loop $l (br_table $l $l (i32.const 0)))))`),
    );
  });

  it('through a table that only the host fills', async () => {
    const bytes = await wat(`(module (table (export "t") 1 funcref) (type $t (func))
      (func (export "f") (return_call_indirect (type $t) (i32.const 0))))`);
    const running = start(bytes, preemptive, { stopAfter: 50 });
    (running.exports['t'] as WebAssembly.Table).set(0, running.exports['f']);
    expect(() => running.call('f')).toThrow(Stop);
  });

  it.each(Object.keys(recursive))('%s', async (name) => {
    // The stack soon ends such an execution, but a tree of calls would go on. What counts is that it asks.
    const bytes = await wat(`(module ${recursive[name]})`);
    const running = start(bytes, preemptive);
    for (let i = 0; i < 20; i++) running.call('f');
    expect(running.asked).toBeGreaterThan(0);
  });
});

describe('work that multiplies', () => {
  it('through calls of calls asks', async () => {
    const level = (i: number): string => `(func $f${i} (call $f${i + 1}) (call $f${i + 1}))`;
    const levels = Array.from({ length: 60 }, (_, i) => level(i)).join('');
    expectToAsk(await wat(`(module ${levels} (func $f60) (export "f" (func $f0)))`));
  });

  it('through indirect calls of indirect calls asks', async () => {
    const level = (i: number): string => {
      const next = `(call_indirect (type $t) (i32.const ${i + 1}))`;
      return `(func $f${i} (type $t) ${next} ${next})`;
    };
    const levels = Array.from({ length: 60 }, (_, i) => level(i)).join('');
    const names = Array.from({ length: 61 }, (_, i) => `$f${i}`).join(' ');
    expectToAsk(
      await wat(`(module (type $t (func)) (table 61 funcref) (elem (i32.const 0) ${names})
        ${levels} (func $f60 (type $t)) (export "f" (func $f0)))`),
    );
  });

  it('through short loops in loops of callees asks', async () => {
    const level = (i: number): string => `(func $f${i} (local i32) (local.set 0 (i32.const 40))
      (loop $l (call $f${i + 1}) (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))`;
    const levels = Array.from({ length: 12 }, (_, i) => level(i)).join('');
    expectToAsk(await wat(`(module ${levels} (func $f12) (export "f" (func $f0)))`));
  });

  it.each([
    ['ends', '(br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))'],
    ['returns', '(if (i32.eqz (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))) (then (return))) (br $l)'],
    ['leaves', '(br_if 1 (i32.eqz (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))) (br $l)'],
    ['leaves by a table', '(br_table $l 1 (i32.eqz (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))'],
    [
      'calls in the end',
      '(if (i32.eqz (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))) (then (return_call $end))) (br $l)',
    ],
    [
      'throws',
      '(if (i32.eqz (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))) (then (throw $e))) (br $l)',
      '(try (do (call $g)) (catch $e))',
    ],
  ])('through calls of a loop that %s asks for every turn', async (_, turn, call = '(call $g)') => {
    const running = start(
      await wat(`(module ${turn.includes('throw') ? '(tag $e)' : ''} (func $end)
        (func $g (local i32) (local.set 0 (i32.const 5000)) (loop $l ${turn}))
        (func (export "f") (param i32) (loop $o ${call} (br_if $o (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))))`),
      preemptive,
    );
    running.call('f', 1000);
    expect(running.asked).toBeGreaterThan(6);
    expect(running.asked).toBeLessThan(600);
  });

  it('through bulk operations asks', async () => {
    expectToAsk(
      await wat(`(module (memory 64) (func (export "f")
        ${'(memory.fill (i32.const 0) (i32.const 1) (i32.const 4000000))'.repeat(60)}))`),
    );
    expectToAsk(
      await wat(`(module (memory i64 64) (func (export "f")
        ${'(memory.fill (i64.const 0) (i32.const 1) (i64.const 4000000))'.repeat(60)}))`),
    );
  });
});

describe('what ends soon', () => {
  it('does not ask', async () => {
    const running = start(
      await wat(`(module (func $leaf (param i32) (result i32) (local.get 0))
        (func (export "f") (param i32) (result i32) (local i32)
          (loop $l (local.set 1 (i32.add (local.get 1) (call $leaf (local.get 0))))
            (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
          (local.get 1)))`),
      preemptive,
    );
    expect(running.call('f', 100)).toEqual({ result: 5050 });
    expect(running.asked).toBe(0);
  });

  it('stays as it was if there is neither loop nor recursion', async () => {
    const bytes = await wat(`(module (func (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
      (func (block (br 0))))`);
    const before = readModule(bytes);
    const after = readModule(rewriteModule(before, preemptive).bytes);
    for (let i = 0; i < 2; i++) {
      const body = (module: typeof before): Uint8Array =>
        module.bytes.subarray(module.code.bodyStart[i], module.code.bodyEnd[i]);
      expect(body(after)).toEqual(body(before));
    }
  });

  it('is made in a time that grows with the number of loops and of calls of a recursion, not with their product', () => {
    const count = 140_000;
    // (loop (call 0))
    const code = Array.from({ length: count }, () => [0x03, 0x40, 0x10, 0, 0x0b]).flat();
    const body = [0, ...code, 0x0b];
    const sections = [
      section(1, [1, 0x60, 0, 0]),
      section(3, [1, 0]),
      section(10, [1, ...leb(body.length), ...body]),
    ];
    const module = readModule(smallModule(...sections));
    expect(module.code.callTarget.length).toBe(count);
    expect(rewriteModule(module, preemptive).bytes.length).toBeGreaterThan(body.length);
  });

  it('is made in a time that grows with the labels of a branch table, not with their square', () => {
    const depth = 57_000;
    const labels = Array.from({ length: depth }, (_, i) => leb(i)).flat();
    const loops = new Array(depth).fill([0x03, 0x40]).flat();
    // (loop (loop ... (br_table 0 1 2 ... (i32.const 0)) ...))
    const body = [0].concat(
      loops,
      [0x41, 0, 0x0e, ...leb(depth - 1)],
      labels,
      new Array(depth + 1).fill(0x0b),
    );
    const code = [1, ...leb(body.length)].concat(body);
    const module = smallModule(
      section(1, [1, 0x60, 0, 0]),
      section(3, [1, 0]),
      [10, ...leb(code.length)].concat(code),
    );
    const before = process.cpuUsage();
    const { bytes } = rewriteModule(readModule(module), preemptive);
    const { user, system } = process.cpuUsage(before);
    expect(bytes.length).toBeGreaterThan(body.length);
    expect((user + system) / 1e6).toBeLessThan(5);
  });

  it('asks about as often as work is done', async () => {
    const running = start(
      await wat(`(module (func (export "f") (param i32) (result i32) (local i32)
        (loop $l (local.set 1 (i32.add (i32.mul (local.get 1) (i32.const 31)) (local.get 0)))
          (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
        (local.get 1)))`),
      preemptive,
    );
    running.call('f', 1_000_000);
    expect(running.asked).toBeGreaterThan(5);
    expect(running.asked).toBeLessThan(150);
  });
});
