import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { leb, section, smallModule } from '../../runtime/wasm/index.ts';
import { RunningCommand } from '../support/command.ts';

const NOP = 0x01;

interface Shape {
  readonly labels: number;
  /** Bytes that its loop has, about. */
  readonly size: number;
  readonly callsItself: boolean;
}

/** A module whose `_start` calls a function once, which goes on by a branch table in a loop. It leaves the loop at once. */
function dispatching({ labels, size, callsItself }: Shape): Uint8Array {
  // (block (loop (br_table 1 ... 1 (i32.const 0)) nop ...)): every label leaves the loop, and nothing goes on.
  const table = [0x41, 0, 0x0e, ...leb(labels - 1), ...Array<number>(labels).fill(1)];
  const itself = callsItself ? [0x10, 1] : [];
  const loop = [0x02, 0x40, 0x03, 0x40, ...table, ...itself, ...Array<number>(size).fill(NOP), 0x0b, 0x0b];
  const bodies = [
    [0, 0x10, 1, 0x0b],
    [0, ...loop, 0x0b],
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
  const command = new RunningCommand(['run', file], {
    nodeArgs: ['--trace-wasm-compilation-times'],
    env: { LUNATIC_CACHE: join(folder, 'cache') },
  });
  const { stdout, stderr, exitCode } = await command.ended;
  expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 });
  const compiled = [...stdout.matchAll(/ using (\w+), .* bodysize (\d+)/g)];
  return compiled.filter(([, , size]) => Number(size) >= shape.size).map(([, compiler = '']) => compiler);
}

test('a function that interprets another language is optimized before it is called, also from the cache', async () => {
  expect(await compilersOf(INTERPRETER)).toEqual(['TurboFan']);
  expect(await compilersOf(INTERPRETER)).toEqual(['TurboFan']);
});

test.each([
  ['has a small branch table', { ...INTERPRETER, labels: 100 }],
  ['does not call itself', { ...INTERPRETER, callsItself: false }],
  ['is small', { ...INTERPRETER, size: 10_000 }],
  ['would take long to optimize', { ...INTERPRETER, size: 70_000 }],
])('not so one that %s', async (_, shape) => {
  expect(await compilersOf(shape)).toEqual(['Liftoff']);
});
