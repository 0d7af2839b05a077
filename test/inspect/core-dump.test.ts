import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { dumpIn } from '../../runtime/inspect/core-dump/dump-bytes.ts';
import { readDump } from '../../runtime/inspect/core-dump/dump-reader.ts';
import { writeDump } from '../../runtime/inspect/core-dump/dump-writer.ts';
import { DumpedProgram } from '../../runtime/inspect/core-dump/dumped-program.ts';
import { keyFromText } from '../../runtime/inspect/protocol.ts';
import { crashFolder } from '../support/core-dumps.ts';
import { readCoreDump } from '../support/read-core-dump.ts';
import { fuzzDumps, sampleDump } from './dump-fuzz.ts';

const module = readFileSync(join(crashFolder, 'crash-c.wasm'));
const key = keyFromText('1:5');

const opened = (bytes: Uint8Array) => new DumpedProgram(readDump(dumpIn(bytes)), module, null);

test('what was written is read, by our reader and by a strict one of the format', async () => {
  const sample = sampleDump();
  const bytes = Buffer.concat(writeDump({ ...sample, globals: sample.globals.slice(0, 2) }));
  const strict = readCoreDump(bytes);
  expect(strict.stacks[0]?.frames[0]?.locals).toEqual([
    0x04030201,
    'missing',
    0x0807060504030201n,
    Buffer.from([1, 2, 3, 4]).readFloatLE(),
    Buffer.from([1, 2, 3, 4, 5, 6, 7, 8]).readDoubleLE(),
  ]);
  expect(strict.process).toEqual(sample.about);
  const program = opened(bytes);
  expect(await program.request('process/get', { process: key })).toEqual(sample.about.process);
  expect(await program.request('process/peers', { process: key })).toEqual(sample.about.peers);
  expect(await program.request('process/mailbox', { process: key })).toEqual({
    messages: sample.messages,
    length: 1,
  });
  const { locals } = await program.request('process/locals', { process: key, frame: 0 });
  expect(locals.map(({ index, type }) => [index, type])).toEqual([
    [0, 'i32'],
    [2, 'i64'],
    [3, 'f32'],
    [4, 'f64'],
  ]);
  expect((await program.request('process/globals', { process: key })).globals).toHaveLength(1);
  const { data, size } = await program.request('process/memory', { process: key, offset: 99_998, count: 12 });
  expect(Buffer.from(data, 'base64').toString()).toBe('\0\0the second');
  expect(size).toBe(131_072);
  await expect(
    program.request('process/memory', { process: key, offset: 119_999, count: 2 }),
  ).rejects.toThrow('this part of the memory was left out of the core dump');
});

test('names in a dump are displayed as harmless as those of a program', async () => {
  const sample = sampleDump();
  const hostile = 'a\x1b[31m\u202e\n';
  const bytes = Buffer.concat(
    writeDump({
      ...sample,
      about: {
        ...sample.about,
        process: {
          ...sample.about.process,
          names: [hostile],
          entry: hostile,
          end: { kind: 'trapped', message: hostile },
        },
        frames: [{ ...sample.about.frames[0], offset: 1, functionName: hostile }],
      },
    }),
  );
  const program = opened(bytes);
  const info = await program.request('process/get', { process: key });
  const stack = await program.request('process/stack', { process: key });
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these must not be there.
  expect(JSON.stringify([info.names, info.entry, stack, info.end])).not.toMatch(/\\u001b|\u202e|[\x00-\x1f]/);
});

/** A dump in which a part of the bytes is another. */
function changed(from: string, to: string): Buffer {
  const bytes = Buffer.concat(writeDump(sampleDump()));
  const at = bytes.indexOf(from);
  expect(at).toBeGreaterThan(0);
  expect(to).toHaveLength(from.length);
  bytes.write(to, at, 'latin1');
  return bytes;
}

test.each([
  [
    'a version of the future',
    () => changed('lunatic.process\x01', 'lunatic.process\x02'),
    /has the version 2, and this Lunatic knows 1/,
  ],
  [
    'no JSON',
    () => changed('"runtime":', '"runtime";'),
    /what it says of the process cannot be read: it is no JSON/,
  ],
  ['another thing', () => changed('"state":"held"', '"state":"gone"'), /process\.state is wrong/],
  [
    'too short',
    () => Buffer.concat(writeDump(sampleDump())).subarray(0, 900),
    /ends in the midst of a section|malformed/,
  ],
])('a dump with %s is refused in words', (_, bytes, message) => {
  expect(() => opened(bytes())).toThrow(message);
});

test('a dump without our sections, as other runtimes write them, can be looked at', async () => {
  const wat = Buffer.concat(writeDump(sampleDump()));
  // Sections of other names are skipped.
  for (const name of ['lunatic.process', 'lunatic.mailbox']) wat.write('x', wat.indexOf(name));
  const program = opened(wat);
  const [process] = (await program.request('process/list', {})).processes;
  expect(process).toMatchObject({ id: 1, entry: '#5 kitchen', state: 'held', memory: 131_072 });
  const { frames } = await program.request('process/stack', { process: keyFromText('1:1') });
  expect(frames).toHaveLength(1);
});

test('20,000 dumps that were changed at random hurt nobody', async () => {
  expect(await fuzzDumps(20_000, 1)).toBeGreaterThan(0);
});
