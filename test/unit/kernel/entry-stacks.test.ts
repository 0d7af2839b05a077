import { expect, test } from 'vitest';
import { ENTRY_SHAPES, entryType } from '../../../runtime/kernel/entry.ts';
import { type EntryFunction, EntryStacks } from '../../../runtime/kernel/entry-stacks.ts';
import { collectGarbage } from '../../../runtime/kernel/garbage.ts';
import { assembleText } from '../../../runtime/wat/index.ts';

const NO_PARAMETERS = entryType({ kind: 'func', params: [], results: [], plain: true }).shape;

/** Calls an exported function of a new instance, and waits until it has returned. Nobody else knows the instance. */
async function callOnce(
  stacks: EntryStacks,
  module: WebAssembly.Module,
): Promise<WeakRef<WebAssembly.Instance>> {
  const called = Promise.withResolvers<void>();
  const instance = new WebAssembly.Instance(module, { '': { tell: () => called.resolve() } });
  stacks.call(instance.exports['entry'] as EntryFunction, NO_PARAMETERS, []);
  await called.promise;
  return new WeakRef(instance);
}

test('a stack that is kept does not keep the instance that it served', async () => {
  const source = '(module (import "" "tell" (func $tell)) (memory 1) (func (export "entry") (call $tell)))';
  const module = new WebAssembly.Module(new Uint8Array(await assembleText(source, 'test.wat')));
  let returned = 0;
  const stacks = new EntryStacks(
    () => returned++,
    (error) => {
      throw error;
    },
  );
  const first = await callOnce(stacks, module);
  expect({ returned, hasIdle: stacks.hasIdle }).toEqual({ returned: 1, hasIdle: true });
  const second = await callOnce(stacks, module);
  expect(returned).toBe(2);
  await new Promise((turn) => setImmediate(turn));
  collectGarbage();
  expect([first.deref(), second.deref()]).toEqual([undefined, undefined]);
});

test('types that have no shape', () => {
  const shapeOf = (params: string[], results: string[] = [], plain = true) =>
    entryType({ kind: 'func', params, results, plain }).shape;
  expect(ENTRY_SHAPES.map((shape) => shapeOf([...shape]))).toEqual([...ENTRY_SHAPES.keys()]);
  expect([
    shapeOf(['f64']),
    shapeOf(['i32', 'f32']),
    shapeOf(['i32', 'i32', 'i32']),
    shapeOf(['v128']),
  ]).toEqual(new Array(4).fill(-1));
  expect([shapeOf(['i32'], ['i32']), shapeOf(['i32'], [], false)]).toEqual([-1, -1]);
});
