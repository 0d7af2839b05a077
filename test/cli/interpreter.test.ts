import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { leb, section, smallModule } from '../../runtime/wasm/index.ts';
import { assembleText } from '../../runtime/wat/index.ts';
import { lunatic, RunningCommand } from '../support/command.ts';
import { guest } from '../support/guest.ts';

const NOP = 0x01;

interface Shape {
  readonly labels: number;
  /** Bytes that its loop has, about. */
  readonly size: number;
  readonly callsItself: boolean;
  readonly locals?: number;
}

/** A module whose `_start` calls a function once, which goes on by a branch table in a loop. It leaves the loop at once. */
function dispatching({ labels, size, callsItself, locals = 0 }: Shape): Uint8Array {
  // (block (loop (br_table 1 ... 1 (i32.const 0)) nop ...)): every label leaves the loop, and nothing goes on.
  const table = [0x41, 0, 0x0e, ...leb(labels - 1), ...Array<number>(labels).fill(1)];
  const itself = callsItself ? [0x10, 1] : [];
  const loop = [0x02, 0x40, 0x03, 0x40, ...table, ...itself, ...Array<number>(size).fill(NOP), 0x0b, 0x0b];
  const bodies = [
    [0, 0x10, 1, 0x0b],
    [1, ...leb(locals), 0x7f, ...loop, 0x0b],
  ].map((body) => [...leb(body.length), ...body]);
  return smallModule(
    section(1, [1, 0x60, 0, 0]),
    section(3, [2, 0, 0]),
    section(7, [1, 6, ...Buffer.from('_start'), 0, 0]),
    section(10, [2, ...bodies.flat()]),
  );
}

const INTERPRETER: Shape = { labels: 200, size: 20_000, callsItself: true };

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'interpreter-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** The compilers of V8 that compile the function of such a module, in a run that calls it once. */
async function compilersOf(shape: Shape): Promise<string[]> {
  const file = join(folder, 'module.wasm');
  writeFileSync(file, dispatching(shape));
  return await compilersIn(file, shape.size);
}

/** The compilers of V8 that compile functions of so many bytes in a run. */
async function compilersIn(
  file: string,
  least: number,
  { printed = '', options = [] as string[] } = {},
): Promise<string[]> {
  const command = new RunningCommand(['run', ...options, file], {
    nodeArgs: ['--trace-wasm-compilation-times'],
    env: { LUNATIC_CACHE: join(folder, 'cache') },
  });
  const { stdout, stderr, exitCode } = await command.ended;
  expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 });
  expect(stdout).toContain(printed);
  const compiled = [...stdout.matchAll(/ using (\w+), .* bodysize (\d+)/g)];
  return compiled.filter(([, , size]) => Number(size) >= least).map(([, compiler = '']) => compiler);
}

test('a function that interprets another language is optimized before it is called, also from the cache', async () => {
  expect(await compilersOf(INTERPRETER)).toEqual(['TurboFan']);
  expect(await compilersOf(INTERPRETER)).toEqual(['TurboFan']);
});

test('with a limit of fuel, only the variant that counts it is optimized', async () => {
  const file = join(folder, 'fuel.wasm');
  writeFileSync(file, dispatching(INTERPRETER));
  const options = ['--max-fuel', '1000'];
  expect(await compilersIn(file, INTERPRETER.size, { options })).toEqual(['TurboFan']);
  expect(await compilersIn(file, INTERPRETER.size, { options })).toEqual(['TurboFan']);
});

test.each([
  ['has a small branch table', { ...INTERPRETER, labels: 100 }],
  ['does not call itself', { ...INTERPRETER, callsItself: false }],
  ['is small', { ...INTERPRETER, size: 10_000 }],
  ['would take long to optimize', { ...INTERPRETER, size: 70_000 }],
  ['would take long to optimize for its locals', { ...INTERPRETER, locals: 3000 }],
])('not so one that %s', async (_, shape) => {
  expect(await compilersOf(shape)).toEqual(['Liftoff']);
});

test('a child with a fuel limit keeps others waiting for no optimization', async () => {
  const around = '(block $leave (loop $l';
  const labels = 'br_table $leave '.concat('$leave '.repeat(200));
  const source = guest(
    `(func $interpret ${around} (${labels} (i32.const 0)) (call $interpret) ${'(nop)'.repeat(20_000)})))
    (func (export "child") (call $interpret) (call $print (text "child")))
    (func (export "_start") (local $config i64)
      (local.set $config (call $process.create_config))
      (call $process.config_set_max_fuel (local.get $config) (i64.const 100))
      (call $expect (call $process.spawn (i64.const 0) (local.get $config) (i64.const -1) (text "child")
        (i32.const 0) (i32.const 0) (i32.const 0)) (i32.const 0))
      (call $process.monitor (i64.load (i32.const 0)))
      (drop (call $receive)))`,
  );
  const file = join(folder, 'children.wasm');
  writeFileSync(file, await assembleText(source, 'children.wat'));
  // With a limit for all, this variant is kept as one to be optimized.
  await lunatic(['run', '--max-fuel', '1000', file], { env: { LUNATIC_CACHE: join(folder, 'cache') } });
  expect(await compilersIn(file, INTERPRETER.size, { printed: 'child\n' })).toEqual(['TurboFan', 'Liftoff']);
});
