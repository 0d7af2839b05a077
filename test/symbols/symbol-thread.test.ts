import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterAll, expect, test } from 'vitest';
import { companionFiles } from '../../runtime/symbols/companion-files.ts';
import { openSymbols } from '../../runtime/symbols/open-symbols.ts';
import { type ModuleSymbols, SymbolThread } from '../../runtime/symbols/symbol-thread.ts';
import { projectFolder } from '../support/command.ts';
import { fixture } from './fixtures.ts';

const folder = mkdtempSync(join(tmpdir(), 'lunatic-symbols-'));
afterAll(() => rmSync(folder, { recursive: true }));

const read = (name: string) => new Uint8Array(readFileSync(fixture(name)));

/** A module that counts how often its bytes are asked for. */
function counted(bytes: Uint8Array, path: string | null = null) {
  const module = {
    path,
    count: 0,
    bytes() {
      module.count++;
      return bytes;
    },
  };
  return module;
}

test('the thread knows the same as the symbols themselves', async () => {
  const bytes = read('shapes-release.wasm');
  const direct = openSymbols(bytes);
  const module = counted(bytes);
  const apart = new SymbolThread().open(module);
  const file = '/project/shapes.cpp';
  expect(await apart.source()).toBe('dwarf');
  expect(await apart.files()).toEqual(direct.files());
  const lines = await apart.linesOf(file);
  expect(lines).toEqual(direct.linesOf(file));
  expect(lines.length).toBeGreaterThan(5);
  for (const line of lines) expect(await apart.startsOf(file, line)).toEqual(direct.startsOf(file, line));
  const offsets = Array.from({ length: bytes.length }, (_, offset) => offset);
  expect(await apart.framesAt(offsets)).toEqual(offsets.map((offset) => direct.framesAt(offset)));
  expect(module.count).toBe(1);
});

test('a module that the thread has given up is sent again', async () => {
  const thread = new SymbolThread();
  const first = counted(read('market-debug.wasm'));
  const symbols = thread.open(first);
  const before = await symbols.linesOf('/project/market.c');
  for (let i = 0; i < 8; i++) await thread.open(counted(read('split5.wasm'))).source();
  expect(await symbols.linesOf('/project/market.c')).toEqual(before);
  expect(first.count).toBe(2);
});

test('a module with which it takes too long is not asked about again', async () => {
  const module = counted(read('market-debug.wasm'));
  // No thread starts as fast.
  const symbols: ModuleSymbols = new SymbolThread(0).open(module);
  expect(await symbols.framesAt([1, 2])).toEqual([[], []]);
  expect(await symbols.files()).toEqual([]);
  expect(await symbols.source()).toBe('names');
  expect(module.count).toBe(0);
});

test('split units are found beside the module', async () => {
  for (const name of ['split4.wasm', 'split4-inner.dwo', 'split4-outer.dwo'])
    copyFileSync(fixture(name), join(folder, name));
  const path = join(folder, 'split4.wasm');
  const symbols = new SymbolThread().open(counted(read('split4.wasm'), path));
  const [start] = await symbols.startsOf('/project/inner.c', 6);
  const [frames] = await symbols.framesAt([start?.offset ?? 0]);
  expect(frames?.map(({ functionName }) => functionName)).toEqual(['deep', 'helper']);
});

test('companions are plain files of this machine', () => {
  const files = companionFiles(join(folder, 'program.wasm'));
  const map = (path: string) => files({ kind: 'source map', path, folder: '' });
  writeFileSync(join(folder, 'a b.map'), 'contents');
  expect(map('a%20b.map')?.toString()).toBe('contents');
  expect(map('./a%20b.map')?.toString()).toBe('contents');
  expect(map(`file://${folder}/a%20b.map`)?.toString()).toBe('contents');
  expect(map(join(folder, 'a b.map'))?.toString()).toBe('contents');
  // One that was built elsewhere lies beside the module.
  expect(map('/no/such/folder/a b.map')?.toString()).toBe('contents');
  expect(map('missing.map')).toBe(null);
  expect(map('https://example.com/a%20b.map')).toBe(null);
  expect(map('file://server/share/a%20b.map')).toBe(null);
  expect(map('.')).toBe(null);
  expect(map('%')).toBe(null);
  expect(map('a\0b')).toBe(null);
  expect(map('/dev/zero')).toBe(null);
});

test.skipIf(process.platform === 'win32')('a pipe in the place of a companion is not waited for', () => {
  execFileSync('mkfifo', [join(folder, 'pipe.map')]);
  expect(companionFiles(join(folder, 'a.wasm'))({ kind: 'source map', path: 'pipe.map', folder: '' })).toBe(
    null,
  );
});

test.skipIf(process.platform !== 'linux')(
  'what the system makes up when it is read is none, since some of it can be waited for without end',
  () => {
    const files = companionFiles(join(folder, 'a.wasm'));
    for (const path of ['/proc/self/status', '/proc/kmsg', '/proc/self/fd/0'])
      expect(files({ kind: 'source map', path, folder: '' })).toBe(null);
  },
);

test('the bundled script answers, too', async () => {
  const worker = new Worker(join(projectFolder, 'dist', 'symbol-reader.cjs'));
  const question = { ask: 'lines', file: '/project/market.c' };
  worker.postMessage({ module: 1, bytes: read('market-debug.wasm'), path: null, question });
  const answer = await new Promise((done, failed) => worker.on('message', done).on('error', failed));
  await worker.terminate();
  const lines = openSymbols(read('market-debug.wasm')).linesOf('/project/market.c');
  expect(answer).toEqual({ answer: { lines } });
});
