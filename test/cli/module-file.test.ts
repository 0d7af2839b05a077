import { mkdtempSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FileChanged, readLargeFile, whileUnchanged } from '../../runtime/cli/module-file.ts';
import { LoadedModule } from '../../runtime/kernel/module.ts';
import type { RewrittenStore } from '../../runtime/kernel/rewritten-store.ts';
import { ProcessConfig } from '../../runtime/permissions/config.ts';
import type { RewrittenModule } from '../../runtime/wasm/index.ts';
import { assembleText } from '../../runtime/wat/index.ts';

/** Bytes from which on these tests call a module large. */
const LARGE = 2 ** 20;
const LONG_AGO = new Date('2020-01-01');

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lunatic-'));
  path = join(folder, 'app.wasm');
});

afterEach(() => rmSync(folder, { recursive: true }));

async function moduleOf(letter: string): Promise<Uint8Array> {
  const data = letter.repeat(LARGE);
  return await assembleText(`(module (memory 20) (data (i32.const 0) "${data}") (func $named))`, 'app.wat');
}

async function write(letter: string, time = LONG_AGO): Promise<void> {
  writeFileSync(path, await moduleOf(letter));
  utimesSync(path, time, time);
}

describe('the file of a large module', () => {
  test('is read once more, and is the same as long as nobody writes it', async () => {
    await write('a');
    const { bytes, again } = await readLargeFile(path, LARGE);
    expect(Buffer.compare(again?.() ?? Buffer.of(), bytes)).toBe(0);
  });

  test('is noticed to have been written, replaced or removed', async () => {
    await write('a');
    const { again } = await readLargeFile(path, LARGE);
    await write('b', new Date('2020-01-02'));
    expect(again).toThrow(FileChanged);
    const second = await readLargeFile(path, LARGE);
    const other = join(folder, 'other.wasm');
    writeFileSync(other, await moduleOf('c'));
    utimesSync(other, new Date('2020-01-02'), new Date('2020-01-02'));
    renameSync(other, path);
    expect(second.again).toThrow(FileChanged);
    const third = await readLargeFile(path, LARGE);
    rmSync(path);
    expect(third.again).toThrow(FileChanged);
  });

  test('is held if it was written just now: one more write might tell the same time', async () => {
    await write('a', new Date());
    expect((await readLargeFile(path, LARGE)).again).toBeUndefined();
  });

  test('is held if it is small', async () => {
    await write('a');
    expect((await readLargeFile(path)).again).toBeUndefined();
  });

  test('is loaded anew if it changes meanwhile', async () => {
    await write('a');
    const loaded: Uint8Array[] = [];
    const result = await whileUnchanged(path, ({ bytes }) => {
      loaded.push(bytes);
      if (loaded.length > 1) return 'loaded';
      writeFileSync(path, Buffer.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]));
      throw new FileChanged();
    });
    expect(result).toBe('loaded');
    expect(loaded[1]?.length).toBe(8);
  });
});

test('the bytes of a large module are freed while it is compiled, and there afterwards', async () => {
  const bytes = await moduleOf('a');
  const copy = bytes.slice();
  const kept: string[] = [];
  const store: RewrittenStore = {
    of: () => ({ find: () => null, keep: (variant) => kept.push(variant) }),
  };
  let heldMeanwhile = -1;
  const again = () => {
    heldMeanwhile = bytes.length;
    return copy;
  };
  const loaded = new LoadedModule(
    bytes,
    { link: () => ({}) },
    { store },
    { config: new ProcessConfig(), again },
  );
  expect(heldMeanwhile).toBe(0);
  expect(loaded.bytes).toBe(copy);
  expect([0, 1].map((i) => loaded.functionNames.get(i))).toEqual(['named', undefined]);
  const metered = new ProcessConfig();
  metered.maxFuel = 1;
  loaded.compiledFor(metered);
  expect(kept).toHaveLength(2);
});

test('no thread makes what is kept of a module for processes with a fuel limit', async () => {
  const bytes = await moduleOf('a');
  const kept = new Map<string, RewrittenModule>();
  const store: RewrittenStore = {
    of: () => ({
      find: (variant) => kept.get(variant) ?? null,
      keep: (variant, rewritten) => kept.set(variant, { ...rewritten, bytes: rewritten.bytes.slice() }),
    }),
  };
  const load = () => new LoadedModule(bytes, { link: () => ({}) }, { store });
  const metered = new ProcessConfig();
  metered.maxFuel = 1;
  const first = load();
  expect(first.missing(metered)).not.toBeNull();
  first.compiledFor(metered);
  expect(load().missing(metered)).toBeNull();
});
