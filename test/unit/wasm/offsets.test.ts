import { describe, expect, it } from 'vitest';
import { memoryPass, readModule, rewriteModule, type WasmModule } from '../../../runtime/wasm/index.ts';
import { InstructionReader } from '../../../runtime/wasm/instruction-reader.ts';
import { metered, preemptive, type Wasm, wat } from './support.ts';

/** The offset and opcode of every instruction. */
/** The instructions of the first `count` functions. */
function instructions(
  module: WasmModule,
  count = module.code.functionCount,
): [offset: number, opcode: number][] {
  const found: [number, number][] = [];
  const { code } = module;
  for (let i = 0; i < count; i++) {
    const end = code.bodyEnd[i] ?? 0;
    const reader = new InstructionReader(module.bytes, code.codeStart[i] ?? 0, end, 'test');
    while (reader.position < end) {
      reader.next();
      found.push([reader.start, reader.opcode]);
    }
  }
  return found;
}

const loops = `(module
  (func $callee (param i32) (result i32) (local.get 0))
  (func $many (export "f") (param i32) (result i32) (local i32)
    (loop $a
      (local.set 1 (i32.add (local.get 1) (call $callee (local.get 0))))
      (block $out
        (loop $b
          (br_if $out (i32.eqz (local.get 0)))
          (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
          (br_table $b $out $a (i32.const 0))))
      (br_if $a (local.get 0)))
    (local.get 1))
  ${Array.from({ length: 150 }, (_, i) => `(func (call ${i > 2 ? i - 1 : 0} ${i > 2 ? '' : '(i32.const 1)'}) ${i > 2 ? '' : '(drop)'})`).join('\n')}
)`;

/** The offsets of the stack with which the export `f` traps, by V8; none if it does not trap. */
function places(module: Uint8Array, imports: WebAssembly.Imports, argument: number): number[] {
  const instance = new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array(module)), imports);
  try {
    (instance.exports['f'] as (n: number) => void)(argument);
  } catch (error) {
    const stack = error instanceof Error ? (error.stack ?? '') : '';
    return [...stack.matchAll(/wasm-function\[\d+\]:0x([0-9a-f]+)/g)].map(([, offset]) =>
      Number.parseInt(offset ?? '', 16),
    );
  }
  return [];
}

const place = (...of: Parameters<typeof places>): number => places(...of)[0] ?? -1;

describe('the offset map', () => {
  it.each([
    ['memory', [memoryPass]],
    ['preempt', preemptive],
    ['meter', metered],
  ])('leads from each instruction to its place and back (%s)', async (_name, passes) => {
    const bytes: Wasm = await wat(loops);
    const module = readModule(bytes);
    const rewritten = rewriteModule(module, passes);
    // Functions of passes come behind them, and stand for nothing.
    const after = new Map(instructions(readModule(rewritten.bytes), module.code.functionCount));
    const originals = instructions(module);
    const places: number[] = [];
    for (const [offset] of originals) {
      const place = rewritten.offsets.toRewritten(offset);
      places.push(place);
      expect(rewritten.offsets.toOriginal(place), `offset ${offset}`).toBe(offset);
      expect(after.has(place), `an instruction at ${place}, for ${offset}`).toBe(true);
    }
    expect(places).toEqual([...places].sort((a, b) => a - b));
    const starts = new Set(originals.map(([offset]) => offset));
    for (const place of after.keys()) {
      expect(starts.has(rewritten.offsets.toOriginal(place)), `${place} of the rewritten module`).toBe(true);
    }
  });

  it('leaves calls on the same instruction', async () => {
    const module = readModule(await wat(loops));
    const rewritten = rewriteModule(module, preemptive);
    const after = new Map(instructions(readModule(rewritten.bytes)));
    for (const [offset, opcode] of instructions(module)) {
      if (opcode === 0x10) expect(after.get(rewritten.offsets.toRewritten(offset))).toBe(0x10);
    }
  });

  it('gives the original offset of a trap', async () => {
    const bytes = await wat(`(module (func $f (export "f") (param i32)
      (loop $l (local.set 0 (i32.sub (local.get 0) (i32.const 1))) (br_if $l (local.get 0)))
      (unreachable)))`);
    const rewritten = rewriteModule(readModule(bytes), preemptive);
    const original = place(bytes, {}, 3);
    const moved = place(rewritten.bytes, { 'lunatic:kernel': { tick: () => {} } }, 3);
    expect(moved).not.toBe(original);
    expect(rewritten.offsets.toOriginal(moved)).toBe(original);
  });

  it.each([1, 2, 3, 4, 5, 6])('gives the offset of a trap in turn %i of a small loop', async (turn) => {
    const bytes = await wat(`(module (func $f (export "f") (param $n i32)
      (block $a (block $b (loop $l (local.set $n (i32.sub (local.get $n) (i32.const 1)))
        (br_if $a (i32.gt_s (local.get $n) (i32.const 99)))
        (br_if $l (i32.div_u (i32.const 100) (local.get $n))))))))`);
    const rewritten = rewriteModule(readModule(bytes), preemptive);
    const original = place(bytes, {}, turn);
    expect(original).toBeGreaterThan(0);
    const moved = place(rewritten.bytes, { 'lunatic:kernel': { tick: () => {} } }, turn);
    expect(rewritten.offsets.toOriginal(moved)).toBe(original);
  });

  it.each([1, 2, 3, 4, 5])('gives the offsets of a stack where turn %i of a loop calls on', async (turn) => {
    const bytes = await wat(`(module (func $f (export "f") (param $n i32)
      (if (i32.gt_u (local.get $n) (i32.const 99)) (then (unreachable)))
      (if (i32.eqz (local.get $n)) (then (return)))
      (loop $l (call $f (select (i32.const 100) (i32.const 0) (i32.eq (local.get $n) (i32.const 1))))
        (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))))`);
    const rewritten = rewriteModule(readModule(bytes), preemptive);
    const original = places(bytes, {}, turn);
    expect(original).toHaveLength(2);
    const moved = places(rewritten.bytes, { 'lunatic:kernel': { tick: () => {} } }, turn);
    expect(moved.map((offset) => rewritten.offsets.toOriginal(offset))).toEqual(original);
  });
});
