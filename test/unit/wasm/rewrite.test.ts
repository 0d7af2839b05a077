import { describe, expect, it } from 'vitest';
import {
  functionNames,
  memoryPass,
  originalIndex,
  readModule,
  rewriteModule,
} from '../../../runtime/wasm/index.ts';
import {
  binary,
  leb,
  memoriesFor,
  metered,
  modernWat,
  preemptive,
  start,
  type Wasm,
  wat,
} from './support.ts';

const limitsOf = async (source: string): Promise<unknown> =>
  readModule(rewriteModule(readModule(await wat(source)), [memoryPass]).bytes).tables;

describe('without passes', () => {
  it('a module stays as it is, byte for byte', async () => {
    const bytes = await wat(
      '(module (memory 1) (table 1 funcref) (func $f) (start $f) (data (i32.const 0) "x"))',
    );
    const rewritten = rewriteModule(readModule(bytes), []);
    expect(rewritten.bytes).toEqual(bytes);
    expect(rewritten.startExport).toBeUndefined();
    expect(rewritten.memories).toEqual([]);
    expect(originalIndex(rewritten.functions, 0)).toBe(0);
    expect(rewritten.offsets.toOriginal(17)).toBe(17);
    expect(rewritten.offsets.toRewritten(17)).toBe(17);
  });
});

describe('the start function', () => {
  it('becomes an export, since instantiation cannot suspend', async () => {
    const bytes = await wat(
      '(module (global $g (export "g") (mut i32) (i32.const 1)) (func $s (global.set $g (i32.const 5))) (start $s))',
    );
    for (const passes of [[memoryPass], preemptive, metered]) {
      const rewritten = rewriteModule(readModule(bytes), passes);
      const module = readModule(rewritten.bytes);
      expect(rewritten.startExport).toBe('lunatic:start');
      expect(module.start).toBeUndefined();
      const exports = start(bytes, passes).exports;
      expect((exports['g'] as WebAssembly.Global).value).toBe(5);
    }
  });

  it('gets another name where the guest has taken this one', async () => {
    const bytes = await wat(
      '(module (func $s (export "lunatic:start")) (func (export "lunatic:start:2")) (start $s))',
    );
    const rewritten = rewriteModule(readModule(bytes), preemptive);
    expect(rewritten.startExport).toBe('lunatic:start:3');
    expect(WebAssembly.validate(new Uint8Array(rewritten.bytes))).toBe(true);
  });
});

describe('the memory pass', () => {
  it('imports the memory with its limits, and keeps its exports and data', async () => {
    const bytes = await wat(`(module (memory (export "mem") 2 5) (data (i32.const 3) "hello")
      (func (export "size") (result i32) (memory.size)))`);
    const rewritten = rewriteModule(readModule(bytes), [memoryPass]);
    expect(rewritten.memories).toEqual([{ initial: 2, maximum: 5, is64: false }]);
    const memory = new WebAssembly.Memory({ initial: 2, maximum: 5 });
    const module = new WebAssembly.Module(new Uint8Array(rewritten.bytes));
    const { exports } = new WebAssembly.Instance(module, { 'lunatic:kernel': { memory } });
    expect(exports['mem']).toBe(memory);
    expect(new TextDecoder().decode(memory.buffer.slice(3, 8))).toBe('hello');
  });

  it('says when the memory has no maximum', async () => {
    const bytes = await wat('(module (memory 1))');
    const { memories } = rewriteModule(readModule(bytes), [memoryPass]);
    expect(memories).toEqual([{ initial: 1, is64: false }]);
  });

  it('imports a 64-bit memory', async () => {
    const bytes = await wat('(module (memory (export "m") i64 1 9))');
    const rewritten = rewriteModule(readModule(bytes), [memoryPass]);
    expect(rewritten.memories).toEqual([{ initial: 1, maximum: 9, is64: true }]);
    expect(start(bytes, [memoryPass]).exports['m']).toBeInstanceOf(WebAssembly.Memory);
  });

  it.each([
    ['an imported memory', '(module (import "e" "m" (memory 1)))'],
    ['a shared memory', '(module (memory 1 2 shared))'],
    ['no memory', '(module)'],
  ])('leaves %s alone', async (_what, source) => {
    const bytes = await wat(source);
    const rewritten = rewriteModule(readModule(bytes), [memoryPass]);
    expect(rewritten.memories).toEqual([]);
    expect(rewritten.bytes).toEqual(bytes);
  });

  it('imports several memories, and holds them together to a number of pages', () => {
    const bytes = modernWat(`(module (memory $a (export "a") 1) (memory $b (export "b") i64 2)
      (func (export "grow a") (param i32) (result i32) (memory.grow $a (local.get 0)))
      (func (export "grow b") (param i64) (result i64) (memory.grow $b (local.get 0))))`);
    const rewritten = rewriteModule(readModule(bytes), [memoryPass]);
    expect(rewritten.memories).toEqual([
      { initial: 1, is64: false },
      { initial: 2, is64: true },
    ]);
    const kernel = { ...memoriesFor(rewritten.memories), pages: 6 };
    const module = new WebAssembly.Module(new Uint8Array(rewritten.bytes));
    const { exports } = new WebAssembly.Instance(module, { 'lunatic:kernel': kernel });
    const [growA, growB] = [exports['grow a'], exports['grow b']] as [
      (n: number) => number,
      (n: bigint) => bigint,
    ];
    expect([growA(4), growB(4n), growA(-1), growB(-1n), growB(2n ** 63n)]).toEqual([-1, -1n, -1, -1n, -1n]);
    expect([growA(1), growA(3), growB(2n), growA(1), growB(1n), growA(0), growB(0n)]).toEqual([
      ...[1, -1, 2n, -1],
      ...[-1n, 2, 4n],
    ]);
  });

  it('holds tables below 100,000 elements', async () => {
    expect(await limitsOf('(module (table 3 funcref))')).toMatchObject([{ initial: 3, maximum: 99_999 }]);
    expect(await limitsOf('(module (table 3 7 funcref))')).toMatchObject([{ initial: 3, maximum: 7 }]);
    expect(await limitsOf('(module (table 3 200000 funcref))')).toMatchObject([
      { initial: 3, maximum: 99_999 },
    ]);
    expect(await limitsOf('(module (table 99999 funcref))')).toMatchObject([
      { initial: 99_999, maximum: 99_999 },
    ]);
  });

  it('leaves a table that begins too large to the kernel', async () => {
    const [table] = (await limitsOf('(module (table 100000 funcref))')) as { maximum?: number }[];
    expect(table?.maximum).toBeUndefined();
  });
});

describe('function indices', () => {
  const everywhere = `(module
    (import "e" "f" (func $import (result i32)))
    (table $t (export "t") 8 funcref)
    (type $r (func (result i32)))
    (global $g (export "g") funcref (ref.func $b))
    (func $a (export "a") (result i32) (i32.const 10))
    (func $b (export "b") (result i32) (i32.const 20))
    (func $c (result i32) (i32.add (call $a) (call $b)))
    (func $tail (export "tail") (result i32) (return_call $c))
    (func $set (export "set") (table.set $t (i32.const 5) (ref.func $c)))
    (func $at (export "at") (param i32) (result i32) (call_indirect (type $r) (local.get 0)))
    (elem (table $t) (i32.const 0) func $a $b $c)
    (elem (table $t) (i32.const 3) funcref (ref.func $c) (ref.null func))
    (elem $passive func $b)
    (elem declare func $c))`;

  it.each([
    ['preempt', preemptive],
    ['meter', metered],
  ])('move everywhere (%s)', async (_name, passes) => {
    const running = start(await wat(everywhere), passes);
    const result = (name: string, ...args: unknown[]): unknown => running.call(name, ...args);
    expect(result('a')).toEqual({ result: 10 });
    expect(result('tail')).toEqual({ result: 30 });
    expect([0, 1, 2, 3].map((i) => result('at', i))).toEqual([10, 20, 30, 30].map((n) => ({ result: n })));
    expect(result('at', 4)).toMatchObject({ trap: expect.stringMatching(/null function|signature/) });
    result('set');
    expect(result('at', 5)).toEqual({ result: 30 });
    const global = running.exports['g'] as WebAssembly.Global<() => number>;
    expect(global.value()).toBe(20);
  });

  it('can be traced back', async () => {
    const rewritten = rewriteModule(readModule(await wat(everywhere)), preemptive);
    expect([0, 1, 2, 3].map((i) => originalIndex(rewritten.functions, i))).toEqual([0, undefined, 1, 2]);
  });

  it('move in names too', async () => {
    const bytes = await wat(everywhere);
    const before = functionNames(readModule(bytes));
    const rewritten = rewriteModule(readModule(bytes), preemptive);
    const after = functionNames(readModule(rewritten.bytes));
    expect(after.size).toBe(before.size + 1);
    for (const [index, name] of after) {
      const original = originalIndex(rewritten.functions, index);
      if (original === undefined) expect(name).toBe('lunatic:kernel.tick');
      else expect(name).toBe(before.get(original));
    }
  });

  it('grow from one byte to two', async () => {
    const functions = Array.from(
      { length: 200 },
      (_, i) => `(func $f${i} (result i32) (i32.const ${i}))`,
    ).join('');
    const calls = Array.from({ length: 200 }, (_, i) => `(call $f${i}) (i32.add)`).join('');
    const source = `(module ${functions} (func (export "sum") (result i32) (i32.const 0) ${calls}))`;
    expect(start(await wat(source), preemptive).call('sum')).toEqual({ result: 19_900 });
    expect(start(await wat(source), metered).call('sum')).toEqual({ result: 19_900 });
  });
});

describe('custom sections', () => {
  const text = (value: string): number[] => [...new TextEncoder().encode(value)];
  const custom = (name: string, ...contents: number[]): number[] => [
    0,
    name.length,
    ...text(name),
    ...contents,
  ];
  const withCustoms = (...sections: number[][]): Wasm =>
    binary(
      ...sections,
      [1, 1, 0x60, 0, 0],
      custom('between', 1, 2, 3),
      [3, 1, 0],
      [10, 1, 7, 0, 0x03, 0x40, 0x0c, 0, 0x0b, 0x0b],
      custom('.debug_info', 5, 6),
    );
  const customs = (bytes: Uint8Array): Map<string, number[]> =>
    new Map(readModule(bytes).customs.map(({ name, start, end }) => [name, [...bytes.subarray(start, end)]]));

  it('survive, wherever they stand', () => {
    const rewritten = rewriteModule(readModule(withCustoms(custom('first', 9))), preemptive);
    const after = customs(rewritten.bytes);
    expect(after.get('first')).toEqual([9]);
    expect(after.get('between')).toEqual([1, 2, 3]);
    expect(after.get('.debug_info')).toEqual([5, 6]);
  });

  it('of code metadata are dropped, except for branch hints', () => {
    const bytes = withCustoms(custom('metadata.code.trace', 1, 0));
    expect([...customs(rewriteModule(readModule(bytes), preemptive).bytes).keys()]).not.toContain(
      'metadata.code.trace',
    );
  });

  it('that are a broken name section are dropped', () => {
    const bytes = withCustoms(custom('name', 1, 3, 9, 0, 0));
    expect(customs(rewriteModule(readModule(bytes), preemptive).bytes).has('name')).toBe(false);
  });

  it('of branch hints follow their branches', () => {
    // block (br_if 0 (i32.const 0)) end, with a hint for the branch at offset 5 of the body
    const code = [0, 0x02, 0x40, 0x41, 0, 0x0d, 0, 0x0b, 0x0b];
    const hint = custom('metadata.code.branch_hint', 1, 0, 1, 5, 1, 1);
    const bytes = binary([1, 1, 0x60, 0, 0], [3, 1, 0], hint, [10, 1, ...leb(code.length), ...code]);
    expect(WebAssembly.validate(bytes)).toBe(true);
    const rewritten = rewriteModule(readModule(bytes), metered);
    const [functions, index, count, ...hints] =
      customs(rewritten.bytes).get('metadata.code.branch_hint') ?? [];
    expect([functions, index]).toEqual([1, 1]);
    const bodyStart = readModule(rewritten.bytes).code.bodyStart[0] ?? 0;
    const branches = [];
    for (let i = 0; i < (count ?? 0); i++) {
      const [offset = 0, size, likely] = hints.slice(i * 3);
      expect(size).toBe(1);
      branches.push([rewritten.bytes[bodyStart + offset], likely]);
    }
    // The meter's own `if`, which is unlikely, then the guest's `br_if`.
    expect(branches).toEqual([
      [0x04, 0],
      [0x0d, 1],
    ]);
  });
});

describe('a module that lacks sections', () => {
  it.each([
    ['nothing at all', binary()],
    ['only types', binary([1, 1, 0x60, 0, 0])],
    ['an empty code section', binary([3, 0], [10, 0])],
    ['a start function alone', binary([1, 1, 0x60, 0, 0], [3, 1, 0], [8, 0], [10, 1, 2, 0, 0x0b])],
  ])('%s', (_what, bytes) => {
    for (const passes of [[memoryPass], preemptive, metered]) {
      expect(WebAssembly.validate(new Uint8Array(rewriteModule(readModule(bytes), passes).bytes))).toBe(true);
    }
  });
});
