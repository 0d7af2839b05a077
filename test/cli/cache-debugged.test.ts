/** What is kept of programs that are debugged, so that their next session begins sooner. */
import {
  copyFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { InspectClient } from '../../runtime/inspect/client.ts';
import { INSPECTOR_ANNOUNCEMENT, keyFromText } from '../../runtime/inspect/protocol.ts';
import { openSymbols } from '../../runtime/symbols/open-symbols.ts';
import { everyInstruction, readModule } from '../../runtime/wasm/index.ts';
import { assembleText } from '../../runtime/wat/index.ts';
import { projectFolder, RunningCommand } from '../support/command.ts';

const guests = join(projectFolder, 'test', 'guests', 'debug');

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lunatic-cache-debugged-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const cache = (part: string): string[] => {
  const path = join(folder, 'cache', part);
  return readdirSync(path).map((name) => join(path, name));
};
const modules = (): string[] => {
  try {
    return cache('modules');
  } catch {
    return [];
  }
};

interface Session {
  /** The sites that breakpoints at these offsets have. */
  readonly sites: readonly (number | null)[];
  /** The locals of the process where it has stopped first. */
  readonly locals: readonly unknown[];
  readonly site: number;
}

/** Debugs a program up to its first breakpoint, then ends it as a debug session does. */
async function session(file: string, offsets: readonly number[]): Promise<Session> {
  const command = new RunningCommand(
    ['run', '--inspect=127.0.0.1:0,debug', '--inspect-wait', file, '--', 'nobody'],
    { env: { LUNATIC_CACHE: join(folder, 'cache') }, input: null },
  );
  await command.printed('\n', 'stderr');
  const [, url = ''] = command.stderr.split(INSPECTOR_ANNOUNCEMENT);
  const client = await InspectClient.connect(url.trim(), { client: 'test' });
  const { sites } = await client.request('module/breakpoints', { module: 'm1', offsets: [...offsets] });
  await client.request('watch', { processes: 200, traps: true, failedExits: true });
  const stopped = new Promise<void>((done) => client.on('process/stopped', () => done()));
  await client.request('start', {});
  await stopped;
  const process = keyFromText('1:1');
  const { frames } = await client.request('process/stack', { process });
  const { locals } = await client.request('process/locals', { process, frame: 0 });
  command.child.kill('SIGTERM');
  await command.ended;
  return { sites, locals, site: frames[0]?.offset ?? -1 };
}

/** The first sites of lines of C. */
function linesOf(file: string): number[] {
  const symbols = openSymbols(new Uint8Array(readFileSync(file)));
  const path = symbols.files().find((name) => name.endsWith('shop.c')) ?? '';
  return [...symbols.linesOf(path)].flatMap((line) =>
    symbols.startsOf(path, line).map(({ offset }) => offset),
  );
}

function instructionsOf(file: string): number[] {
  return [...everyInstruction(readModule(new Uint8Array(readFileSync(file))))];
}

test('the second session of a program takes what the first has made, and stops at the same places', async () => {
  const file = join(folder, 'shop.wasm');
  copyFileSync(join(guests, 'shop-c.wasm'), file);
  const offsets = linesOf(file);
  const first = await session(file, offsets);
  expect(first.site).toBeGreaterThan(0);
  expect(first.locals.length).toBeGreaterThan(0);
  const [entry = '', ...others] = modules();
  expect(others).toEqual([]);
  const kept = statSync(entry);
  expect(await session(file, offsets)).toEqual(first);
  expect(modules()).toEqual([entry]);
  expect(statSync(entry).ino).toBe(kept.ino);
}, 30_000);

test('what a program is debugged in is not what it runs in otherwise', async () => {
  const file = join(folder, 'shop.wasm');
  writeFileSync(file, await assembleText('(module (func (export "_start") nop nop))', 'program.wat'));
  const run = () =>
    new RunningCommand(['run', file, '--', 'nobody'], { env: { LUNATIC_CACHE: join(folder, 'cache') } })
      .ended;
  const plain = await run();
  await session(file, instructionsOf(file));
  expect(modules()).toHaveLength(2);
  expect(await run()).toEqual(plain);
}, 30_000);

test('a module whose debug information alone has changed is made anew', async () => {
  const file = join(folder, 'shop.wasm');
  const bytes = readFileSync(join(guests, 'shop-c.wasm'));
  writeFileSync(file, bytes);
  const offsets = linesOf(file);
  const { sites } = await session(file, offsets);
  const line = readModule(bytes).customs.find(({ name }) => name === '.debug_line');
  // Without line tables, a process can be stopped before each instruction.
  writeFileSync(file, Buffer.from(bytes).fill(0, line?.start, line?.end));
  const without = await session(file, [...offsets.map((offset) => offset + 1), ...offsets]);
  expect(without.sites).not.toEqual(sites);
  expect(modules()).toHaveLength(2);
}, 30_000);

test('where a file beside the module tells its lines, nothing is kept', async () => {
  const text = '(module\n  (func (export "_start")\n    nop\n    nop))';
  const source = join(folder, 'program.wat');
  writeFileSync(source, text);
  const bytes = await assembleText(text, 'program.wat');
  const mapped = join(folder, 'program.wasm');
  writeFileSync(mapped, bytes);
  const [nop = 0] = instructionsOf(mapped);
  await session(source, [nop]);
  expect(modules()).toEqual([]);
  // The same with the URL of a source map, whether that is there or not.
  const url = Buffer.from('\x10sourceMappingURL\x0bprogram.map');
  writeFileSync(mapped, Buffer.concat([bytes, Buffer.of(0, url.length), url]));
  await session(mapped, [nop]);
  expect(modules()).toEqual([]);
  // The bytes of the text alone are those of a program without sources.
  writeFileSync(mapped, bytes);
  await session(mapped, [nop]);
  expect(modules()).toHaveLength(1);
}, 30_000);

test('the code of the command is kept when a session has ended its program', async () => {
  const file = join(folder, 'program.wasm');
  writeFileSync(file, await assembleText('(module (func (export "_start") nop nop))', 'program.wat'));
  await session(file, instructionsOf(file));
  expect(cache('code').filter((path) => path.includes('run-inspect'))).not.toEqual([]);
}, 30_000);
