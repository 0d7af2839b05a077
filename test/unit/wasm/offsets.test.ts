import { describe, expect, it } from 'vitest';
import { readModule, rewriteModule, type WasmModule } from '../../../runtime/wasm/index.ts';
import { InstructionReader } from '../../../runtime/wasm/instruction-reader.ts';
import { metered, preemptive, type Wasm, wat } from './support.ts';

/** Offset and opcode of every instruction. */
function instructions(module: WasmModule): [offset: number, opcode: number][] {
  const found: [number, number][] = [];
  const { code } = module;
  for (let i = 0; i < code.functionCount; i++) {
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

describe('the offset map', () => {
  it.each([
    ['memory', { memory: true }],
    ['preempt', preemptive],
    ['meter', metered],
  ])('leads from each instruction to its place and back (%s)', async (_name, passes) => {
    const bytes: Wasm = await wat(loops);
    const module = readModule(bytes);
    const rewritten = rewriteModule(module, passes);
    const after = new Map(instructions(readModule(rewritten.bytes)));
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
    const place = async (module: Uint8Array, imports: WebAssembly.Imports): Promise<number> => {
      const instance = new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array(module)), imports);
      try {
        (instance.exports['f'] as (n: number) => void)(3);
      } catch (error) {
        const found = /wasm-function\[\d+\]:0x([0-9a-f]+)/.exec(
          error instanceof Error ? (error.stack ?? '') : '',
        );
        return Number.parseInt(found?.[1] ?? '', 16);
      }
      return -1;
    };
    const rewritten = rewriteModule(readModule(bytes), preemptive);
    const original = await place(bytes, {});
    const moved = await place(rewritten.bytes, { 'lunatic:kernel': { tick: () => {} } });
    expect(moved).not.toBe(original);
    expect(rewritten.offsets.toOriginal(moved)).toBe(original);
  });
});
