import { expect, test, vi } from 'vitest';
import { LoadedModule } from '../../../runtime/kernel/module.ts';
import { ProcessConfig } from '../../../runtime/permissions/config.ts';
import { assembleText } from '../../../runtime/wat/index.ts';

const SIZE = 2 ** 20;

/** A module of more than a megabyte, most of which is data that no code reads. */
async function large(functions: string): Promise<Uint8Array> {
  const text = `(module (memory 20) (data (i32.const 16) "${'x'.repeat(SIZE)}") ${functions})`;
  const bytes = await assembleText(text, 'large.wat');
  expect(bytes.length).toBeGreaterThan(SIZE);
  return bytes;
}

/** How many steps of 3n+1 lead from 27 to 1, in a loop whose turns nobody can foresee. */
const FUNCTIONS = `
  (func $steps (param i32) (result i32) (local $count i32)
    (loop $again
      (local.set $count (i32.add (local.get $count) (i32.const 1)))
      (local.set 0
        (if (result i32) (i32.and (local.get 0) (i32.const 1))
          (then (call $triple (local.get 0)))
          (else (i32.shr_u (local.get 0) (i32.const 1)))))
      (br_if $again (i32.ne (local.get 0) (i32.const 1))))
    (local.get $count))
  (func $triple (param i32) (result i32) (i32.add (i32.mul (local.get 0) (i32.const 3)) (i32.const 1)))
  (func (export "run") (result i32) (call $steps (i32.const 27)))`;

const LINKER = { link: () => ({}) };

test('a large module can be rewritten once more after the tables of its code were freed', async () => {
  const loaded = new LoadedModule(await large(FUNCTIONS), LINKER);
  const preemptive = loaded.compiledFor(new ProcessConfig());
  const config = new ProcessConfig();
  config.maxFuel = 1;
  const metered = loaded.compiledFor(config);
  for (const compiled of [preemptive, metered]) {
    const { module, memories } = compiled;
    const memory = new WebAssembly.Memory({ initial: memories[0]?.initial ?? 0, maximum: 30 });
    const refuel = vi.fn(() => 100);
    const kernel = { memory, tick: () => {}, refuel };
    const { exports } = new WebAssembly.Instance(module, { 'lunatic:kernel': kernel });
    expect((exports['run'] as () => number)()).toBe(111);
    if (compiled === metered) expect(refuel.mock.calls.length).toBeGreaterThan(5);
  }
});

test('a large module tells where its code was, and the names of its functions', async () => {
  const loaded = new LoadedModule(await large(FUNCTIONS), LINKER);
  const { offsets, originalFunction } = loaded.compiledFor(new ProcessConfig());
  expect([0, 1, 2].map((i) => loaded.functionNames.get(i))).toEqual(['steps', 'triple', undefined]);
  // The first function is an import of the kernel.
  expect([0, 1, 2].map(originalFunction)).toEqual([undefined, 0, 1]);
  const { bodyStart, bodyEnd, functionCount, callTarget, loopFlags } = loaded.source.code;
  expect([callTarget.length, loopFlags.length]).toEqual([2, 1]);
  for (let i = 0; i < functionCount; i++) {
    for (const offset of [bodyStart[i] ?? 0, (bodyEnd[i] ?? 0) - 1])
      expect(offsets.toOriginal(offsets.toRewritten(offset))).toBe(offset);
  }
});

test('of a module that is malformed and invalid, what is malformed is told first', async () => {
  const bytes = await large('(func (result i32) (nop) (i32.const 1))');
  const invalid = bytes.slice();
  // In place of the constant, an instruction that pushes nothing.
  invalid.set([0x01, 0x01], Buffer.from(bytes).indexOf(Buffer.of(0x41, 0x01, 0x0b)));
  expect(() => new LoadedModule(invalid, LINKER)).toThrow(/not enough arguments|expected 1 elements/);
  const malformed = new Uint8Array([...invalid, 0x63]);
  expect(() => new LoadedModule(malformed, LINKER)).toThrow(/section id below 14/);
});
