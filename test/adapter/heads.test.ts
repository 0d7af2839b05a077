import { readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { buildAssemblyScript } from '../../scripts/build-guests.mjs';
import { projectFolder } from '../support/command.ts';
import { AdapterClient, testFolder } from './adapter-client.ts';
import { unpacked } from './value-guests.ts';

const folder = join(projectFolder, 'test', 'guests', 'values');

/** Prepares a run of a program. Returns its client, and finds the line in its source that ends with something. */
async function configured(program: string, source: string) {
  const path = resolve(folder, source);
  const lines = source === '' ? [] : readFileSync(path, 'utf8').split('\n');
  const client = await AdapterClient.stdio();
  const isBuiltHere = isAbsolute(program);
  await client.configure('', {
    program: isBuiltHere ? program : unpacked(program),
    sourceFileMap: { [basename(path)]: path, '/project': dirname(path) },
  });
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
    "turns 97 'a' 3",
    ...["turn 97 'a' 3", "turn 97 'a' 2", "turn 97 'a' 1"],
    "endless 98 'b' 2",
    ...["each 98 'b' 2", "each 98 'b' 1"],
    "one 99 'c' 4",
    "apart 100 'd' 5",
    "empty 101 'e' 6",
  ]);
  const bodies = ['turn', 'turn', 'each', 'each', 'one', 'body', 'empty'];
  expect(lines).toEqual(bodies.map((comment) => lineOf(`// ${comment}`)));
});

test('a process comes to a line with a loop once in each turn, however many pieces of code it has', async () => {
  const { texts } = await logged(
    'heads-c.wasm',
    'heads.c',
    ['// while', 'while {count}'],
    ['// for', 'for {sum}'],
  );
  const whiles = [3, 2, 1, 0].map((count) => `while ${count}`);
  expect(texts).toEqual([...whiles, 'for 2', 'for 3', 'for 4']);
});

test('so does one in AssemblyScript, whose library is in the midst of lines; steps do not stop in it', async () => {
  const source = join(testFolder(), 'loops.ts');
  const program = join(testFolder(), 'loops.wasm');
  writeFileSync(
    source,
    `class Price {
  constructor(public each: i32) {}
  twice(): i32 { return 2 * this.each; }
  text(): string {
    return 'is ' + this.twice().toString(); // call
  }
}
export function _start(): void {
  let count = 3;
  while (count > 0) { // while
    count--;
    if (count == 1) continue;
  }
  for (let i = 0; i < 2; i++) { // for
    count++;
  }
  const text = new Price(count).text();
  count = text.length; // end
}
`,
  );
  await buildAssemblyScript(source, program, { debug: true, sourceMap: true, args: ['--use', 'abort='] });
  const points = ['call', 'while', 'for'].map((comment): [string, string] => [
    `// ${comment}`,
    `${comment} {count}`,
  ]);
  const { texts } = await logged(program, source, ...points);
  expect(texts.map((text) => text?.replace(/ \{.*/, ''))).toEqual([
    ...[3, 2, 1, 0].map((count) => `while ${count}`),
    ...[0, 1, 2].map((count) => `for ${count}`),
    'call',
  ]);
  const { client, path, lineOf } = await configured(program, source);
  await client.setBreakpointsRequest({ source: { path }, breakpoints: [{ line: lineOf('// call') }] });
  await client.configurationDoneRequest();
  const { threadId = 0 } = (await client.event('stopped')).body;
  await client.nextRequest({ threadId });
  await client.until(() => client.eventsOf('stopped').length === 2, 'the end of the step');
  expect((await client.topFrame(threadId)).line).toMatch(/ end$/);
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

test('calls that were inlined are stopped in by the name of their function: once in each, also if it begins with a loop', async () => {
  const { client, lineOf } = await configured('optimised-c.wasm', 'optimised.c');
  const { body } = await client.setFunctionBreakpointsRequest({ breakpoints: [{ name: 'halved' }] });
  expect(body.breakpoints).toMatchObject([{ verified: true, message: several(2) }]);
  await client.configurationDoneRequest();
  const { threadId = 0 } = (await client.event('stopped')).body;
  const places = async () =>
    (await client.stackTraceRequest({ threadId })).body.stackFrames
      .slice(0, 2)
      .map(({ name, line }) => [name, line]);
  expect(await places()).toEqual([
    ['halved', lineOf('// halved')],
    ['halves', lineOf('// one')],
  ]);
  await client.continueRequest({ threadId });
  await client.until(() => client.eventsOf('stopped').length === 2, 'the other call');
  expect(await places()).toEqual([
    ['halved', lineOf('// halved')],
    ['halves', lineOf('// other')],
  ]);
  await client.continueRequest({ threadId });
  await client.event('terminated');
  expect(client.eventsOf('stopped')).toHaveLength(2);
});

// The names of functions were taken out of the second module, which leaves its debug information.
test.each([
  ['methods-cpp.wasm', { price: 1, 'Shelf::price': 1, 'price(int)': 1, 'price(char)': 0 }],
  ['classes-cpp.wasm.gz', { 'Apple::total': 1, 'inner::Apple::total': 1, total: several(2) }],
  [
    'process-rust.wasm',
    { 'Process::id': several(3), 'function::process::Process<M,S>::id': several(3), Process: 0 },
  ],
])('functions are found by the last parts of their names: %s', async (program, wanted) => {
  const { client } = await configured(program, '');
  const breakpoints = Object.keys(wanted).map((name) => ({ name }));
  const { body } = await client.setFunctionBreakpointsRequest({ breakpoints });
  const found = body.breakpoints.map(({ verified, message }) => (verified ? (message ?? 1) : 0));
  expect(found).toEqual(Object.values(wanted));
});

test('the head of a function has no column of its body among those of its line', async () => {
  const coverage = join(projectFolder, 'test', 'guests', 'coverage');
  const { client, path } = await configured(join(coverage, 'cart-cpp.wasm'), join(coverage, 'cart.cpp'));
  const [line, closure] = [24, 26];
  const locations = await client.customRequest('breakpointLocations', { source: { path }, line });
  expect(locations.body.breakpoints).toEqual([closure, 1].map((column) => ({ line, column })));
  // Each of them is one place.
  const breakpoints = [closure, 1].map((column) => ({ line, column }));
  const { body } = await client.setBreakpointsRequest({ source: { path }, breakpoints });
  expect(body.breakpoints).toMatchObject([{ line }, { line: line + 1 }]);
});
