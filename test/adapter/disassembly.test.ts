/** Functions are disassembled in a thread of their own, so that a module that somebody made for it does not stop an editor. */
import { expect, test } from 'vitest';
import { Disassemblies } from '../../debug-adapter/disassembly.ts';
import { Ids } from '../../debug-adapter/ids.ts';
import { assembleText } from '../../runtime/wat/index.ts';

const FRAME = { module: 'm1', functionIndex: 0, offset: 0 };

/** Disassembles functions of one module. */
async function disassemblies(source: string, limit?: number) {
  const bytes = await assembleText(source, 'test.wat');
  const ids = new Ids();
  return { ids, texts: new Disassemblies(async () => bytes, ids, limit) };
}

test('this thread goes on while a large function is disassembled', async () => {
  const { texts } = await disassemblies(`(module (func ${'(drop (i32.const 1))'.repeat(40_000)}))`);
  let turns = 0;
  let done = false;
  const count = () => {
    turns++;
    if (!done) setImmediate(count);
  };
  setImmediate(count);
  const { source } = await texts.place(FRAME);
  done = true;
  expect(turns).toBeGreaterThanOrEqual(10);
  expect(await texts.text(source.sourceReference ?? 0)).toMatch(/^\(func .*\n {2}i32\.const 1\n {2}drop\n/);
});

test('a function has the name of its export, and its calls their lines', async () => {
  const { texts } = await disassemblies('(module (func) (func (export "main") nop nop unreachable))');
  expect(await texts.nameOf({ module: 'm1', functionIndex: 1 })).toBe('main');
  expect(await texts.nameOf({ module: 'm1', functionIndex: 0 })).toBe('function 0');
  expect(await texts.place({ module: 'm1', functionIndex: 1, offset: 2 ** 20 })).toMatchObject({
    functionName: 'main',
    line: 4,
  });
});

test('what takes too long has a text that says so, at once for the other functions of the module', async () => {
  const { ids, texts } = await disassemblies('(module (func) (func))', 0);
  const { line, functionName } = await texts.place(FRAME);
  expect([line, functionName]).toEqual([0, 'function 0']);
  const reason = ';; the function cannot be disassembled: it takes longer than 0 seconds';
  expect(await texts.text(ids.source('m1', 0))).toBe(reason);
  expect(await texts.text(ids.source('m1', 1))).toBe(reason);
});

test('a module that cannot be read has a text that says so', async () => {
  const bytes = Buffer.from('no module');
  const ids = new Ids();
  const texts = new Disassemblies(async () => bytes, ids);
  expect(await texts.text(ids.source('m1', 0))).toMatch(/^;; the function cannot be disassembled: /);
});
