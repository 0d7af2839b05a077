import { expect, test } from 'vitest';
import { Inspected, inspectPrograms } from '../support/inspected.ts';
import { FAMILY } from '../support/inspected-guests.ts';
import { RawSocket } from '../support/raw-socket.ts';

inspectPrograms();

const PROCESS = '"process" must be a process as in "1:42"';
const aProcess: [params: unknown, message: string][] = [
  [undefined, '"process" must be a string'],
  [null, '"process" must be a string'],
  [[], '"process" must be a string'],
  ['1:1', '"process" must be a string'],
  [{}, '"process" must be a string'],
  [{ process: 1 }, '"process" must be a string'],
  [{ process: null }, '"process" must be a string'],
  [{ process: ['1:1'] }, '"process" must be a string'],
  ...['', '1', '1:', ':1', '1:1 ', ' 1:1', '-1:1', '1:1:1', '1:1e3', 'x'.repeat(1e6)].map(
    (process): [unknown, string] => [{ process }, PROCESS],
  ),
];

/** Numbers that are none from 0. */
const noCounts = [-1, 0.5, 2 ** 53, '1', null, {}];

const cases: Record<string, [params: unknown, message: string][]> = {
  initialize: [
    [undefined, '"version" must be a string'],
    [{ version: ['1.0'] }, '"version" must be a string'],
  ],
  start: [[{ pauseRoot: 1 }, '"pauseRoot" must be true or false']],
  'process/list': [
    [{ after: 1 }, '"after" must be a string'],
    [{ after: 'x' }, '"after" must be a process as in "1:42"'],
    ...noCounts.map((limit): [unknown, string] => [{ limit }, '"limit" must be a whole number from 0']),
    [{ filter: 'x' }, '"filter" must be an object'],
    [{ filter: null }, '"filter" must be an object'],
    [{ filter: [] }, '"filter" must be an object'],
    [{ filter: { text: 1 } }, '"filter.text" must be a string'],
    [{ filter: { parent: 1 } }, '"filter.parent" must be a process or null'],
    [{ filter: { parent: 'x' } }, '"filter.parent" must be a process or null'],
    [{ filter: { states: 'paused' } }, '"filter.states" must be a list of states'],
    [{ filter: { states: ['asleep'] } }, '"filter.states" must be a list of states'],
    [{ filter: { states: ['toString'] } }, '"filter.states" must be a list of states'],
    [{ filter: { states: [null] } }, '"filter.states" must be a list of states'],
  ],
  'process/get': aProcess,
  'process/peers': aProcess,
  'process/config': aProcess,
  'process/stack': aProcess,
  'process/pause': aProcess,
  'process/resume': aProcess,
  'process/kill': aProcess,
  'process/mailbox': [
    ...aProcess,
    ...noCounts.flatMap((count): [unknown, string][] => [
      [{ process: '1:1', start: count }, '"start" must be a whole number from 0'],
      [{ process: '1:1', count }, '"count" must be a whole number from 0'],
    ]),
  ],
  'process/memory': [
    ...aProcess,
    ...noCounts.flatMap((count): [unknown, string][] => [
      [{ process: '1:1', offset: count, count: 1 }, '"offset" must be a whole number from 0'],
      [{ process: '1:1', offset: 0, count }, '"count" must be a whole number from 0'],
    ]),
    [{ process: '1:1', offset: 0 }, '"count" must be a whole number from 0'],
    [{ process: '1:1', count: 0 }, '"offset" must be a whole number from 0'],
  ],
  'process/set-memory': [
    ...aProcess,
    [{ process: '1:1', offset: -1, data: '' }, '"offset" must be a whole number from 0'],
    [{ process: '1:1', offset: 0, data: 1 }, '"data" must be a string'],
    [{ process: '1:1', offset: 0, data: '!' }, '"data" must be bytes as base64'],
    [{ process: '1:1', offset: 0, data: '', memory: -1 }, '"memory" must be a whole number from 0'],
  ],
  'process/send': [
    ...aProcess,
    [{ process: '1:1' }, '"data" must be a string'],
    ...['!', 'YQ=a', 'Y Q', 'é'].map((data): [unknown, string] => [
      { process: '1:1', data },
      '"data" must be bytes as base64',
    ]),
    [{ process: '1:1', data: '', tag: 5 }, '"tag" must be a string'],
    ...['', 'x', '1.5', '1e3', '0x10', '9'.repeat(30)].map((tag): [unknown, string] => [
      { process: '1:1', data: '', tag },
      '"tag" must be an integer as decimal digits',
    ]),
  ],
  'module/get': [[{}, '"module" must be a string']],
  'module/breakpoints': [
    [{ module: 'm1', offsets: 5 }, '"offsets" must be a list of offsets'],
    ...[5, [5], [null]].map((terms): [unknown, string] => [
      { module: 'm1', offsets: [], terms },
      '"terms" must be a list of terms of breakpoints',
    ]),
    [{ module: 'm1', offsets: Array(10_001).fill(0) }, '"offsets" must be at most 10000 offsets'],
    [{ module: 'm1', offsets: [], terms: Array(10_001).fill({}) }, '"terms" must be at most 10000 terms'],
    [
      { module: 'm1', offsets: [], terms: [{ types: Array(10_001).fill({ kind: 'boolean' }) }] },
      '"terms.types" must be at most 10000 types',
    ],
    [{ module: 'm1', offsets: [], terms: [{ condition: 5 }] }, '"terms.condition" must be a string'],
    [
      { module: 'm1', offsets: [], terms: [{ log: 'x'.repeat(10_001) }] },
      '"terms.log" must be a string of at most 10000 characters',
    ],
    [{ module: 'm1', offsets: [], terms: [{ id: -1 }] }, '"terms.id" must be a whole number from 0'],
    [
      { module: 'm1', offsets: [], terms: [{ names: { x: { kind: 'operand', index: 1 } } }] },
      '"terms.names" must be places of variables by their names',
    ],
  ],
  'process/evaluate': [
    ...aProcess,
    [{ process: '1:1', frame: 0, expression: 5 }, '"expression" must be a string'],
    [{ process: '1:1', frame: -1, expression: 'x' }, '"frame" must be a whole number from 0'],
    [{ process: '1:1', frame: 0, expression: 'x', types: 5 }, '"types" must be a list of types'],
  ],
  'process/data-breakpoints': [
    [{}, '"breakpoints" must be a list of breakpoints on data'],
    [{ breakpoints: [5] }, '"breakpoints" must be a list of breakpoints on data'],
    [
      { breakpoints: [{ id: 1, process: '1:1', place: { kind: 'stack' } }] },
      '"breakpoints.place" must be a place in memory, or a global',
    ],
    [
      { breakpoints: [{ id: 1, process: 'x', place: { kind: 'global', index: 0 } }] },
      '"breakpoints.process" must be a process as in "1:42"',
    ],
    [
      { breakpoints: Array(101).fill({ id: 1, process: '1:1', place: { kind: 'global', index: 0 } }) },
      '"breakpoints" must be at most 100 breakpoints',
    ],
  ],
  'events/breakpoints': [
    [{}, '"breakpoints" must be a list of breakpoints on events'],
    [{ breakpoints: [5] }, '"breakpoints" must be a list of breakpoints on events'],
    [{ breakpoints: [{ id: 1, on: 'toString' }] }, '"breakpoints.on" must be a kind of events'],
    [{ breakpoints: [{ id: -1, on: 'send' }] }, '"breakpoints.id" must be a whole number from 0'],
    [{ breakpoints: [{ id: 1, on: 'send', condition: 5 }] }, '"breakpoints.condition" must be a string'],
    [{ breakpoints: [{ id: 1, on: 'send', only: [5] }] }, '"breakpoints.only" must be a list of patterns'],
    [
      { breakpoints: Array(101).fill({ id: 1, on: 'send' }) },
      '"breakpoints" must be at most 100 breakpoints',
    ],
  ],
  'processes/choose': [
    [{ only: 'id 5' }, '"only" must be a list of patterns'],
    [{ except: [{ by: 'age', value: '5' }] }, '"except.by" must be id, name, entry or descent'],
    [{ only: [{ by: 'id', value: 5 }] }, '"only.value" must be a string'],
    [{ only: Array(101).fill({ by: 'id', value: '5' }) }, '"only" must be at most 100 patterns'],
  ],
  'module/ready': [[{ module: 1 }, '"module" must be a string']],
  'module/bytes': [[{ module: 1 }, '"module" must be a string']],
  watch: [
    ...noCounts
      .filter((count) => count !== null)
      .map((processes): [unknown, string] => [{ processes }, '"processes" must be a whole number from 0']),
    [{ processes: null }, '"processes" must be a whole number from 0'],
    [{ processes: true }, '"processes" must be a whole number from 0'],
    [{ output: 1 }, '"output" must be true or false'],
    [{ traps: 'yes' }, '"traps" must be true or false'],
  ],
};

test('parameters that make no sense are refused with a message, and change nothing', async () => {
  const run = await Inspected.run(FAMILY);
  await run.command.printed('ready\n');
  const raw = await RawSocket.open(run.url);
  await raw.initialize();
  let id = 0;
  for (const [method, refused] of Object.entries(cases)) {
    for (const [params, message] of refused) {
      raw.send({ jsonrpc: '2.0', id: ++id, method, params });
      expect([method, params, (await raw.answer(id)).error]).toEqual([
        method,
        params,
        { code: -32602, message },
      ]);
    }
  }
  const { ask } = await run.connect();
  const { processes } = await ask('process/list', {});
  expect(processes.map(({ state }) => state)).not.toContain('paused');
  expect(processes.map(({ mailbox }) => mailbox)).toEqual([0, 2, 0, 0]);
});

test('parameters by position are read from the first', async () => {
  const run = await Inspected.run(FAMILY);
  const raw = await RawSocket.open(run.url);
  await raw.initialize();
  raw.send({ jsonrpc: '2.0', id: 1, method: 'process/get', params: [{ process: '1:1' }, 2, 3] });
  expect((await raw.answer(1)).result).toMatchObject({ key: '1:1' });
});

test('an interval of years does not make the program busy', async () => {
  const run = await Inspected.run(FAMILY);
  const { ask } = await run.connect();
  await ask('watch', { processes: Number.MAX_SAFE_INTEGER });
  for (let i = 0; i < 100; i++) await ask('process/list', {});
  expect(run.command.stderr).not.toContain('Timeout');
});
