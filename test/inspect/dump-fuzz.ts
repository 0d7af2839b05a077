/**
 * Reads core dumps that were changed at random, and asks for everything in them. Each must be refused in words, or answer.
 *
 *     node test/inspect/dump-fuzz.ts [--inputs=1000000] [--seed=1]
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { InspectRequestError } from '../../runtime/inspect/client.ts';
import { CoreDumpError } from '../../runtime/inspect/core-dump/core-dump-error.ts';
import { dumpIn } from '../../runtime/inspect/core-dump/dump-bytes.ts';
import type { DumpContent } from '../../runtime/inspect/core-dump/dump-content.ts';
import { DumpModule } from '../../runtime/inspect/core-dump/dump-module.ts';
import { readDump } from '../../runtime/inspect/core-dump/dump-reader.ts';
import { writeDump } from '../../runtime/inspect/core-dump/dump-writer.ts';
import { DumpedProgram } from '../../runtime/inspect/core-dump/dumped-program.ts';
import { keyFromText, type Requests } from '../../runtime/inspect/protocol.ts';
import { mutate, Random } from '../symbols/fuzz.ts';

/** Milliseconds that one input may take. */
const TIME_LIMIT = 2000;

const module = readFileSync(join(import.meta.dirname, '..', 'guests', 'crash', 'crash-c.wasm'));
const key = keyFromText('1:5');
const peer = { key: keyFromText('1:2'), id: 2, environment: 1, names: ['db'], entry: 'serve' };

/** A dump that has something of everything. */
export function sampleDump(): DumpContent {
  const dumped = new DumpModule(module, '/project/crash-c.wasm');
  const offset = module.length - 400;
  const frame = { functionIndex: 7, offset };
  const data = Buffer.from([1, 2, 3, 4, 5, 6, 7, 8]).toString('base64');
  return {
    about: {
      runtime: 'lunatic 0.1.0',
      time: 1,
      program: '/project/crash-c.wasm',
      arguments: ['--verbose'],
      cwd: '/project',
      process: {
        key,
        id: 5,
        environment: 1,
        parent: keyFromText('1:1'),
        names: ['kitchen'],
        state: 'held',
        since: 1,
        module: 'm1',
        entry: '_start',
        mailbox: 1,
        memory: 131_072,
        links: 1,
        monitors: 1,
        end: { kind: 'trapped', message: 'unreachable', panic: 'no more cake' },
      },
      peers: { links: [{ peer, tag: '9' }], monitors: [peer] },
      config: {
        max_memory: 1,
        max_fuel: 0,
        can_compile_modules: true,
        can_create_configs: true,
        can_spawn_processes: true,
        preopened_directories: ['a -> b'],
        arguments: ['x'],
        environment_variables: ['PATH'],
        commands: [],
        network_also_restricted_by_parent: false,
      },
      module: dumped.about,
      frames: [{ offset, functionName: 'share' }],
      globals: [0],
      leftOut: [[120_000, 121_000]],
      leftOutOfOthers: [[[60, 64]]],
    },
    messages: [{ kind: 'data', tag: '-4', size: 8, data, resources: ['module'] }],
    frames: [
      {
        ...dumped.frame(frame, []),
        locals: [
          { type: 'i32', data },
          null,
          { type: 'i64', data },
          { type: 'f32', data },
          { type: 'f64', data },
        ],
      },
    ],
    globals: [
      { type: 'i32', data },
      { type: 'i64', data: null },
      { type: 'v128', data: null },
      { type: 'funcref', data: null },
    ],
    memories: [
      {
        pages: 2,
        is64: false,
        pieces: [
          { address: 0, bytes: Buffer.from('the first') },
          { address: 100_000, bytes: Buffer.from('the second') },
        ],
      },
      { pages: 1, is64: false, pieces: [{ address: 70, bytes: Buffer.from('another memory') }] },
    ],
    module: null,
  };
}

/** What names in expressions stand for: each kind of place, and what leads through memory. */
const TERMS = {
  names: {
    number: { kind: 'local', index: 0 },
    big: { kind: 'local', index: 2 },
    half: { kind: 'local', index: 4 },
    global: { kind: 'global', index: 0 },
    text: { kind: 'memory', base: { store: 'local', index: 0 }, offset: -67_305_985, type: 0 },
    list: { kind: 'memory', base: null, offset: 0, type: 1 },
    map: { kind: 'memory', base: null, offset: 0, type: 2 },
  },
  types: [
    { kind: 'pointer', to: 3 },
    { kind: 'list', name: 'Vec', start: 0, count: 4, of: 3, isText: false },
    {
      ...{ kind: 'map', name: 'Map', length: 4, key: 3, value: 3 },
      entries: { form: 'tree', root: 0, left: 0, right: 4, keyAt: 8, valueAt: 12 },
    },
    { kind: 'integer', bytes: 1, isSigned: true, isCharacter: true },
  ],
};

/** What a debugger asks for. */
const QUESTIONS: readonly (readonly [keyof Requests, object])[] = [
  ['process/list', {}],
  ['process/get', { process: key }],
  ['process/peers', { process: key }],
  ['process/config', { process: key }],
  ['process/stack', { process: key }],
  ['process/locals', { process: key, frame: 0 }],
  ['process/globals', { process: key }],
  ['process/mailbox', { process: key }],
  ['process/memory', { process: key, offset: 0, count: 2 ** 20 }],
  ['process/memory', { process: key, offset: 99_999, count: 10 }],
  ['module/get', { module: 'm1' }],
  ...[
    'process.id + process.parent + big + half',
    'process.name == "kitchen" && global == number',
    'text[2]',
    'list',
    'map[7]',
    'memory[131071]',
  ].map((expression) => ['process/evaluate', { process: key, frame: 0, expression, ...TERMS }] as const),
];

/**
 * @returns how many could be opened nevertheless
 * @throws Error that tells the input which threw something else, or took too long
 */
export async function fuzzDumps(inputs: number, seed: number): Promise<number> {
  const original = new Uint8Array(Buffer.concat(writeDump(sampleDump())));
  const random = new Random(seed);
  let opened = 0;
  for (let count = 0; count < inputs; count++) {
    const bytes = mutate(original, 8, random);
    const begin = performance.now();
    try {
      if (await open(random.below(10) === 0 ? bytes.subarray(0, random.below(bytes.length)) : bytes))
        opened++;
    } catch (error) {
      throw new Error(`input ${count} of seed ${seed} threw`, { cause: error });
    }
    const taken = performance.now() - begin;
    if (taken > TIME_LIMIT) throw new Error(`input ${count} of seed ${seed} took ${taken} ms`);
  }
  return opened;
}

async function open(bytes: Uint8Array): Promise<boolean> {
  let program: DumpedProgram;
  try {
    program = new DumpedProgram(readDump(dumpIn(bytes)), module, null);
  } catch (error) {
    if (error instanceof CoreDumpError) return false;
    throw error;
  }
  for (const [name, params] of QUESTIONS) {
    try {
      await program.requestUnchecked(name, params);
    } catch (error) {
      if (!(error instanceof InspectRequestError)) throw error;
    }
  }
  await program.close();
  return true;
}

if (process.argv[1] === import.meta.filename) {
  const option = (name: string, byDefault: number) =>
    Number(process.argv.find((word) => word.startsWith(`--${name}=`))?.split('=')[1] ?? byDefault);
  const inputs = option('inputs', 1_000_000);
  console.log(`${await fuzzDumps(inputs, option('seed', 1))} of ${inputs} could be opened`);
}
