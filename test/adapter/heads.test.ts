import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { projectFolder } from '../support/command.ts';
import { AdapterClient } from './adapter-client.ts';
import { unpacked } from './value-guests.ts';

const folder = join(projectFolder, 'test', 'guests', 'values');

/** Prepares a run of a program. Returns its client, and finds the line in its source that ends with something. */
async function configured(program: string, source: string) {
  const path = join(folder, source);
  const lines = source === '' ? [] : readFileSync(path, 'utf8').split('\n');
  const client = await AdapterClient.stdio();
  await client.configure('', { program: unpacked(program), sourceFileMap: { '/project': folder } });
  return { client, path, lineOf: (end: string) => lines.findIndex((line) => line.endsWith(end)) + 1 };
}

/** What log points at lines of a program print, with the lines to which they have come. */
async function logged(program: string, source: string, ...points: [end: string, message: string][]) {
  const { client, path, lineOf } = await configured(program, source);
  const breakpoints = points.map(([end, logMessage]) => ({ line: lineOf(end), logMessage }));
  const { body } = await client.setBreakpointsRequest({ source: { path }, breakpoints });
  await client.configurationDoneRequest();
  await client.event('terminated');
  const texts = client.output('console').matchAll(/^.*: (.*)$/gm);
  return {
    lines: body.breakpoints.map(({ line }) => line),
    texts: [...texts].map(([, text]) => text),
    lineOf,
  };
}

test('the head of a function stops once in each call, where parameters are known; a loop in each turn', async () => {
  const message = '{name[0]} {count}';
  const { lines, texts, lineOf } = await logged(
    'heads-c.wasm',
    'heads.c',
    ...['turns', 'turn', 'endless', 'each', 'one', 'apart', 'empty'].map((comment): [string, string] => [
      `// ${comment}`,
      `${comment} ${message}`,
    ]),
  );
  expect(texts).toEqual([
    'turns 97 3',
    ...['turn 97 3', 'turn 97 2', 'turn 97 1'],
    'endless 98 2',
    ...['each 98 2', 'each 98 1'],
    'one 99 4',
    'apart 100 5',
    'empty 101 6',
  ]);
  const bodies = ['turn', 'turn', 'each', 'each', 'one', 'body', 'empty'];
  expect(lines).toEqual(bodies.map((comment) => lineOf(`// ${comment}`)));
});

test.each([
  ['methods-cpp.wasm', 'methods.cpp', 'int price(int each) {', '{each} {count}', ['5 4']],
  [
    'values-rust.wasm.gz',
    'values.rs',
    'rest: &[i16]) -> usize {',
    '{count} {name} {point.x}',
    ['12 a name 100'],
  ],
  [
    'values-rust-modern.wasm.gz',
    'values.rs',
    'rest: &[i16]) -> usize {',
    '{count} {name} {point.x}',
    ['12 a name 100'],
  ],
])('parameters are known at heads of functions: %s', async (program, source, head, message, expected) => {
  expect((await logged(program, source, [head, message])).texts).toEqual(expected);
});

test('functions of one line are stopped in behind their prologues by name, and by a step into them', async () => {
  const { client, path, lineOf } = await configured('heads-c.wasm', 'heads.c');
  await client.setFunctionBreakpointsRequest({ breakpoints: [{ name: 'empty', condition: 'count == 6' }] });
  await client.setBreakpointsRequest({ source: { path }, breakpoints: [{ line: lineOf('// call') }] });
  await client.configurationDoneRequest();
  const { threadId = 0 } = (await client.event('stopped')).body;
  const innermost = async () => {
    const { stackFrames } = (await client.stackTraceRequest({ threadId })).body;
    const [frame] = stackFrames;
    const { result } = (await client.evaluateRequest({ expression: 'count', frameId: frame?.id ?? 0 })).body;
    return { name: frame?.name, line: frame?.line, count: result };
  };
  await client.stepInRequest({ threadId });
  await client.event('stopped', ({ body }) => body.reason === 'step');
  expect(await innermost()).toEqual({ name: 'one', line: lineOf('// one'), count: '4' });
  await client.continueRequest({ threadId });
  await client.until(() => client.eventsOf('stopped').length === 3, 'the breakpoint');
  expect(await innermost()).toEqual({ name: 'empty', line: lineOf('// empty'), count: '6' });
});

const several = (count: number) => `It stops at ${count} places, which all have this name`;

// The names of functions were taken out of the second module, which leaves its debug information.
test.each([
  ['methods-cpp.wasm', { price: 1, 'Shelf::price': 1, 'price(int)': 1, 'price(char)': 0 }],
  ['classes-cpp.wasm.gz', { 'Apple::total': 1, 'inner::Apple::total': 1, total: several(2) }],
  [
    'process-rust.wasm',
    { 'Process::id': several(2), 'function::process::Process<M,S>::id': several(2), Process: 0 },
  ],
])('functions are found by the last parts of their names: %s', async (program, wanted) => {
  const { client } = await configured(program, '');
  const breakpoints = Object.keys(wanted).map((name) => ({ name }));
  const { body } = await client.setFunctionBreakpointsRequest({ breakpoints });
  const found = body.breakpoints.map(({ verified, message }) => (verified ? (message ?? 1) : 0));
  expect(found).toEqual(Object.values(wanted));
});
