import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CHECKSUM } from '../../runtime/cli/checksum.ts';
import { digestOf } from '../../runtime/cli/digest.ts';
import { ModuleCache } from '../../runtime/cli/module-cache.ts';
import { LoadedModule } from '../../runtime/kernel/module.ts';
import {
  dropCustomsPass,
  memoryPass,
  originalIndex,
  preemptPass,
  type RewrittenModule,
  readModule,
  rewriteModule,
} from '../../runtime/wasm/index.ts';
import { wat } from './wasm/support.ts';

let home: string;
let folder: string;
let original: Uint8Array;
let rewritten: RewrittenModule;

const PROGRAM = `(module (import "a" "b" (func)) (memory (export "memory") 1) (global (mut i32) (i32.const 1))
  (func (export "_start") (loop $l (call 0) (br $l))))`;

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'lunatic-cache-'));
  folder = join(home, 'modules');
  original = await wat(PROGRAM);
  rewritten = rewriteModule(readModule(original), [memoryPass, preemptPass]);
});
afterEach(() => rmSync(home, { recursive: true }));

const cache = (maker = 'us', capacity?: number): ModuleCache => new ModuleCache(folder, maker, { capacity });
const found = (maker?: string): RewrittenModule | null => cache(maker).of(original).find('plain');
const keep = (): void => cache().of(original).keep('plain', rewritten);
const entry = (): string => join(folder, readdirSync(folder)[0] ?? '');

describe('what was kept', () => {
  test('is found, equal to what it was', () => {
    keep();
    const again = found();
    expect(again?.bytes).toEqual(rewritten.bytes);
    expect(again).toMatchObject({ memories: rewritten.memories, functions: rewritten.functions });
    for (let at = 0; at < rewritten.bytes.length; at++) {
      expect(again?.offsets.toOriginal(at)).toBe(rewritten.offsets.toOriginal(at));
    }
    for (let i = 0; i < 4; i++) {
      expect(again && originalIndex(again.functions, i)).toBe(originalIndex(rewritten.functions, i));
    }
  });

  test('is found whatever is in a custom section, but only where it stands', () => {
    const custom = (contents: number[]): Uint8Array =>
      Uint8Array.from([0, contents.length + 2, 1, 0x61, ...contents]);
    const with1 = Uint8Array.from([...original, ...custom([1, 2])]);
    cache().of(with1).keep('plain', rewritten);
    const findIn = (...parts: Iterable<number>[]): RewrittenModule | null =>
      cache()
        .of(Uint8Array.from(parts.flatMap((part) => [...part])))
        .find('plain');
    expect(findIn(original, custom([3, 4]))).not.toBeNull();
    // Everything behind a longer section, or one elsewhere, has other offsets.
    expect(findIn(original, custom([3, 4, 5]))).toBeNull();
    expect(findIn(original.subarray(0, 8), custom([1, 2]), original.subarray(8))).toBeNull();
    expect(findIn(original)).toBeNull();
  });

  test('is not what another rewriter, another variant or another module needs', async () => {
    keep();
    const other = await wat(PROGRAM.replace('i32.const 1', 'i32.const 2'));
    expect([found('others'), cache().of(original).find('metered'), cache().of(other).find('plain')]).toEqual([
      null,
      null,
      null,
    ]);
  });

  test('is only readable by this user, and nothing unfinished is left', () => {
    keep();
    expect(readdirSync(folder)).toHaveLength(1);
    expect([statSync(folder).mode & 0o777, statSync(entry()).mode & 0o777]).toEqual([0o700, 0o600]);
  });

  test('is made anew where a single byte of it has changed, wherever that is', () => {
    keep();
    const whole = readFileSync(entry());
    for (let at = 0; at < whole.length; at++) {
      const broken = Buffer.from(whole);
      broken[at] = (broken[at] ?? 0) ^ 0x10;
      writeFileSync(entry(), broken);
      expect(found(), `byte ${at}`).toBeNull();
    }
    keep();
    expect(found()).not.toBeNull();
  });

  test('is made anew where it was cut off', () => {
    keep();
    const { size } = statSync(entry());
    for (let length = size - 1; length >= 0; length -= 7) {
      truncateSync(entry(), length);
      expect(found(), `${length} bytes`).toBeNull();
    }
  });

  test('is not used for another module, even if it stands in its place', async () => {
    keep();
    const other = await wat('(module (func (export "_start")))');
    cache()
      .of(other)
      .keep('plain', rewriteModule(readModule(other), [preemptPass]));
    const [a = '', b = ''] = readdirSync(folder).map((name) => join(folder, name));
    renameSync(a, `${a}.swap`);
    renameSync(b, a);
    renameSync(`${a}.swap`, b);
    expect([found(), cache().of(other).find('plain')]).toEqual([null, null]);
  });

  test('gives way when there is too much, the longest unused first', () => {
    keep();
    const { size } = statSync(entry());
    const room = size * 3.5;
    for (const [i, variant] of ['a', 'b', 'c'].entries()) {
      const before = new Set(readdirSync(folder));
      cache('us', room).of(original).keep(variant, rewritten);
      const [made = ''] = readdirSync(folder).filter((name) => !before.has(name));
      utimesSync(join(folder, made), 1000 + i, 1000 + i);
    }
    const left = ['plain', 'a', 'b', 'c'].filter((v) => cache().of(original).find(v) !== null);
    expect(left).toEqual(['plain', 'b', 'c']);
  });

  test.skipIf(process.platform === 'win32').each([
    ['the folder can be written by others', () => chmodSync(folder, 0o777)],
    ['an entry can be written by others', () => chmodSync(entry(), 0o666)],
    [
      'the folder is a link',
      () => {
        renameSync(folder, `${folder}-elsewhere`);
        symlinkSync(`${folder}-elsewhere`, folder);
      },
    ],
    [
      'an entry is a link',
      () => {
        const path = entry();
        renameSync(path, join(home, 'elsewhere'));
        symlinkSync(join(home, 'elsewhere'), path);
      },
    ],
  ])('is not trusted if %s', (_, change) => {
    keep();
    expect(found()).not.toBeNull();
    change();
    expect(found()).toBeNull();
  });
});

test.skipIf(process.platform === 'win32')('nothing is written into a folder that others can write', () => {
  mkdirSync(folder);
  chmodSync(folder, 0o777);
  keep();
  expect(readdirSync(folder)).toEqual([]);
});

test('a module that is kept is run as it was kept, and not rewritten again', async () => {
  const kept = rewriteModule(readModule(await wat('(module (func (export "f") (result i32) i32.const 2))')), [
    preemptPass,
  ]);
  const bytes = await wat('(module (func (export "f") (result i32) i32.const 1))');
  let written = 0;
  const store = { of: () => ({ find: () => kept, keep: () => written++ }) };
  const loaded = new LoadedModule(bytes, { link: () => ({}) }, { store });
  const { ProcessConfig } = await import('../../runtime/permissions/config.ts');
  const { module } = loaded.compiledFor(ProcessConfig.forRoot());
  const { exports } = new WebAssembly.Instance(module, { 'lunatic:kernel': { tick: () => {} } });
  expect((exports['f'] as () => number)()).toBe(2);
  expect(written).toBe(0);
  // What is seldom asked for is read from the original then.
  expect(loaded.source.code.functionCount).toBe(1);
});

describe('the digest', () => {
  test('is made by the code of checksum.wat', async () => {
    const source = readFileSync(join(import.meta.dirname, '../../runtime/cli/checksum.wat'), 'utf8');
    const { bytes } = rewriteModule(readModule(await wat(source)), [dropCustomsPass]);
    expect(Buffer.from(bytes).toString('base64')).toBe(CHECKSUM);
  });

  test('does not depend on the pieces, and differs for all short texts', () => {
    const bytes = Buffer.from(Array.from({ length: 200_000 }, (_, i) => (i * 7 + (i >> 8)) & 0xff));
    const whole = digestOf([bytes]);
    for (const at of [0, 1, 15, 16, 64_511, 64_512, 64_513, 199_999]) {
      expect(digestOf([bytes.subarray(0, at), bytes.subarray(at)])).toEqual(whole);
    }
    const all = Array.from({ length: 70 }, (_, size) => digestOf([Buffer.alloc(size)]).toString('hex'));
    expect(new Set(all).size).toBe(70);
  });

  test('tells every bit, and pieces that changed places', () => {
    const bytes = Buffer.from(Array.from({ length: 96 }, (_, i) => (i * 7) & 0xff));
    const seen = new Set([digestOf([bytes]).toString('hex')]);
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const other = Buffer.from(bytes);
      other[bit >> 3] = (other[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      seen.add(digestOf([other]).toString('hex'));
    }
    for (let a = 0; a < bytes.length; a += 4) {
      for (let b = a + 4; b < bytes.length; b += 4) {
        const other = Buffer.from(bytes);
        bytes.copy(other, a, b, b + 4);
        bytes.copy(other, b, a, a + 4);
        seen.add(digestOf([other]).toString('hex'));
      }
    }
    expect(seen.size).toBe(1 + 96 * 8 + (24 * 23) / 2);
  });
});
