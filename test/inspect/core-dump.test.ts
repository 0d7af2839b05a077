import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { dumpIn } from '../../runtime/inspect/core-dump/dump-bytes.ts';
import type { DumpContent, DumpedProcess } from '../../runtime/inspect/core-dump/dump-content.ts';
import { DumpModule } from '../../runtime/inspect/core-dump/dump-module.ts';
import { readDump } from '../../runtime/inspect/core-dump/dump-reader.ts';
import { writeDump } from '../../runtime/inspect/core-dump/dump-writer.ts';
import { DumpedProgram } from '../../runtime/inspect/core-dump/dumped-program.ts';
import { keyFromText } from '../../runtime/inspect/protocol.ts';
import { crashFolder } from '../support/core-dumps.ts';
import { readCoreDump } from '../support/read-core-dump.ts';
import { fuzzDumps, sampleDump } from './dump-fuzz.ts';

const LOCAL = { kind: 'local', index: 0 } as const;
const NOT_KEPT = { kind: 'local', index: 1 } as const;
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

test('expressions are evaluated up to what was left out', async () => {
  const sample = sampleDump();
  const evaluate = (expression: string, of: Partial<DumpedProcess> = {}) =>
    opened(Buffer.concat(writeDump({ ...sample, about: { ...sample.about, ...of } })))
      .request('process/evaluate', { process: key, frame: 0, expression, names: { x: LOCAL, y: NOT_KEPT } })
      .then(({ text }) => text, String);
  expect(await evaluate('x == 0x04030201 && process.id == 5 && process.parent == 1')).toBe('true');
  expect(await evaluate('process.name == "kitchen"')).toBe('true');
  expect(await evaluate('y')).toContain('the local y is not kept');
  expect(await evaluate('text(100000, 3) == "the" && memory[119999] == 0')).toBe('true');
  expect(await evaluate('memory[120000]')).toContain('1 byte at 0x1d4c0 cannot be read');
  // Behind it is what was left out, and nobody may take that for zeros.
  expect(await evaluate('memory[121001]')).toContain('1 byte at 0x1d8a9 cannot be read');
  expect(await evaluate('memory[131071]', { leftOut: [] })).toBe('0');
});

test('what was left out of one memory was not left out of another one', async () => {
  const sample = sampleDump();
  const read = async (dump: DumpContent, memory: number, offset: number) => {
    const range = { process: key, memory, offset, count: 14 };
    const { data } = await opened(Buffer.concat(writeDump(dump))).request('process/memory', range);
    return Buffer.from(data, 'base64').toString();
  };
  const about: DumpedProcess = { ...sample.about, leftOut: [[70, 90]], leftOutOfOthers: [[[8, 64]]] };
  const now = { ...sample, about };
  expect(await read(now, 1, 70)).toBe('another memory');
  await expect(read(now, 1, 60)).rejects.toThrow('left out of the core dump');
  expect(await read(now, 0, 0)).toBe('the first\0\0\0\0\0');
  await expect(read(now, 0, 80)).rejects.toThrow('left out of the core dump');
  await expect(read(now, 2, 0)).rejects.toThrow('process 5 had no memory 2');
  // As older runtimes wrote them.
  const { leftOutOfOthers: _, ...older } = about;
  expect(await read({ ...now, about: older }, 1, 70)).toBe('another memory');
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

/** LEB128 of four bytes. */
const wide = (count: number) =>
  Buffer.from([0, 7, 14, 21].map((by) => ((count >> by) & 127) | (by < 21 ? 128 : 0)));

function section(name: string, ...parts: Uint8Array[]): Buffer {
  const content = Buffer.concat([Buffer.from([name.length]), Buffer.from(name), ...parts]);
  return Buffer.concat([Buffer.from([0]), wide(content.length), content]);
}

const MAGIC = Buffer.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
const MODULES = section('coremodules', Buffer.from([1, 0, 1, 0x61]));
const INSTANCES = section('coreinstances', Buffer.from([1, 0, 0, 0, 0]));
/** A thread whose calls have so many locals, and so many values on their operand stacks. */
function thread(calls: number, locals: number, values: number): Buffer {
  const call = [Buffer.from([0, 0, 7, 0]), wide(locals), Buffer.alloc(locals, 1)];
  call.push(wide(values), Buffer.alloc(2 * values, Buffer.from([0x7f, 5])));
  return section('corestack', Buffer.from([0, 0]), wide(calls), ...Array(calls).fill(call).flat());
}

test('values on the operand stack are passed', () => {
  const { threads } = readDump(dumpIn(Buffer.concat([MAGIC, MODULES, INSTANCES, thread(1, 2, 500_000)])));
  expect(threads[0]?.frames).toEqual([
    { instance: 0, functionIndex: 7, codeOffset: 0, locals: [null, null] },
  ]);
});

test.each([
  [
    'instances',
    () => section('coreinstances', wide(50_000), Buffer.alloc(200_000)),
    /at most 10000 instances/,
  ],
  ['modules', () => section('coremodules', wide(50_000), Buffer.alloc(100_000)), /at most 10000 modules/],
  [
    'globals of instances',
    () => section('coreinstances', Buffer.from([1, 0, 0, 0]), wide(2_000_000), Buffer.alloc(2_000_000)),
    /at most 1000000 globals/,
  ],
  ['locals of a call', () => thread(1, 50_001, 0), /at most 50000 locals/],
  ['locals of all calls', () => thread(21, 50_000, 0), /at most 0 locals/],
  [
    'bytes of its module',
    () => section('lunatic.module', Buffer.from([1]), Buffer.alloc(2 ** 26 + 1)),
    /the module in it is too large/,
  ],
  ['values on operand stacks', () => thread(5, 0, 250_000), /at most 0 values on the stack/],
  [
    'bytes of names',
    () =>
      Buffer.concat(
        Array(300).fill(
          section('corestack', Buffer.from([0]), wide(500_000), Buffer.alloc(500_000), wide(0)),
        ),
      ),
    /its section corestack is too large, or all of them are/,
  ],
  [
    'messages',
    () => section('lunatic.mailbox', Buffer.from(`\x01[${'{},'.repeat(3_000_000)}{}]`)),
    /its mailbox cannot be read: it has too many parts/,
  ],
])('a dump with too many %s is refused', (_, bytes, message) => {
  expect(() => readDump(dumpIn(Buffer.concat([MAGIC, bytes()])))).toThrow(message);
});

test('many threads of an instance with many globals share them', async () => {
  const bytes = Buffer.concat([
    ...[
      MAGIC,
      MODULES,
      section('coreinstances', Buffer.from([1, 0, 0, 0]), wide(50_000), Buffer.alloc(50_000)),
    ],
    ...Array(5000).fill(thread(1, 0, 0)),
    Buffer.from([6, 6, 1, 0x7f, 0, 0x41, 7, 0x0b]),
  ]);
  const program = opened(bytes);
  const { globals } = await program.request('process/globals', { process: keyFromText('1:4999') });
  expect(globals).toHaveLength(50_000);
});

test('locals that are known are in the dump, whatever their indices; those of outer calls are not if there are too many', () => {
  const sample = sampleDump();
  const dumped = new DumpModule(module, '/project/crash-c.wasm');
  const offset = module.length - 400;
  const data = Buffer.from([7, 0, 0, 0]).toString('base64');
  const known = [{ index: 4000, type: 'i32' as const, data }];
  const large = dumped.frame({ functionIndex: 7, offset }, known);
  const { frames } = sample.about;
  const [about = { offset }] = frames;
  const read = (count: number) => {
    const content = { ...sample, about: { ...sample.about, frames: Array(count).fill(about) } };
    const written = writeDump({ ...content, frames: Array(count).fill(large), globals: [] });
    return readDump(dumpIn(Buffer.concat(written))).threads[0]?.frames ?? [];
  };
  expect(read(1)[0]?.locals[4000]).toEqual({ type: 'i32', data });
  const many = read(300).map(({ locals }) => locals.length);
  expect(many.slice(0, 249).every((length) => length === 4001)).toBe(true);
  expect(many.slice(249).every((length) => length === 0)).toBe(true);
});

test('20,000 dumps that were changed at random hurt nobody', async () => {
  expect(await fuzzDumps(20_000, 1)).toBeGreaterThan(0);
});
