import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { LaunchArguments } from '../../debug-adapter/index.ts';
import { launcher } from '../support/command.ts';
import { AdapterClient, guestFile, testFolder, within } from './adapter-client.ts';
import { echo } from './guests.ts';

/** Launches in vain, and returns what the client is told. */
async function refusal(args: Partial<LaunchArguments> | object) {
  const client = await AdapterClient.stdio();
  await expect(client.launchRequest(args as object)).rejects.toThrow();
  const [error] = client.errors;
  expect(client.eventsOf('initialized')).toEqual([]);
  // Clients show the error, so the console does not say it again.
  expect(client.output('stderr', 'console')).toBe('');
  return { id: error?.id, message: error?.variables?.['_message'], showUser: error?.showUser };
}

test('no program', async () => {
  expect(await refusal({})).toEqual({
    id: 1000,
    message: "launch: 'program' must be a text",
    showUser: true,
  });
});

test('arguments that are none', async () => {
  const program = guestFile(echo);
  expect(await refusal({ program, args: 'one' })).toMatchObject({
    id: 1000,
    message: "launch: 'args' must be an array of texts",
  });
  expect(await refusal({ program, env: { A: 1 } })).toMatchObject({
    message: "launch: 'env' must be an object of texts, or null for variables to take away",
  });
  expect(await refusal({ program, stopOnEntry: 'yes' })).toMatchObject({
    message: "launch: 'stopOnEntry' must be true or false",
  });
});

test('a program that is not there', async () => {
  const program = join(testFolder(), 'none.wasm');
  expect(await refusal({ program })).toEqual({
    id: 2001,
    message: `The program '${program}' is not found`,
    showUser: true,
  });
});

test('a folder in place of a program', async () => {
  const program = testFolder();
  expect(await refusal({ program })).toEqual({
    id: 2002,
    message: `The program '${program}' is a folder: name a .wasm or .wat file`,
    showUser: true,
  });
});

test('a working folder that is not there', async () => {
  const cwd = join(testFolder(), 'none');
  expect(await refusal({ program: guestFile(echo), cwd })).toMatchObject({
    id: 2004,
    message: `The folder '${cwd}' is not found`,
  });
});

test('a program that does not link', async () => {
  const program = guestFile('(module (import "env" "missing" (func)) (func (export "_start")))');
  expect(await refusal({ program })).toEqual({
    id: 2007,
    message: expect.stringContaining('missing'),
    showUser: true,
  });
});

test('a module that is malformed', async () => {
  const program = join(testFolder(), 'broken.wasm');
  writeFileSync(program, Buffer.from('0061736d01000000ff', 'hex'));
  expect(await refusal({ program })).toMatchObject({
    id: 2007,
    message: expect.stringMatching(/malformed|offset/i),
  });
});

test('a text that does not assemble, with its braces', async () => {
  const program = guestFile('(module (func {nonsense}))');
  expect(await refusal({ program })).toMatchObject({
    id: 2007,
    message: expect.stringContaining('nonsense'),
  });
});

test('a program without the function to call', async () => {
  const client = await AdapterClient.stdio();
  await client.run('(module)', { noDebug: true });
  expect((await client.event('exited')).body.exitCode).toBe(1);
  await client.event('terminated');
  expect(client.output('stderr')).toContain('the module exports no function "_start"');
});

test('a Node that is not there', async () => {
  expect(await refusal({ program: guestFile(echo), runtime: '/nowhere/node' })).toEqual({
    id: 2005,
    message: "The Node '/nowhere/node' cannot be started: it is not found",
    showUser: true,
  });
});

test.skipIf(process.platform === 'win32')('a file that is no Node', async () => {
  const runtime = join(testFolder(), 'node');
  writeFileSync(runtime, 'no program');
  expect(await refusal({ program: guestFile(echo), runtime })).toMatchObject({
    id: 2005,
    message: expect.stringMatching(/cannot be started: .*EACCES/),
  });
});

test.skipIf(process.platform === 'win32')('a Node that is much too old', async () => {
  const runtime = join(testFolder(), 'node');
  writeFileSync(runtime, '#!/bin/sh\necho "$0: bad option: --import" >&2; exit 9\n', { mode: 0o755 });
  expect(await refusal({ program: guestFile(echo), runtime })).toMatchObject({
    id: 2006,
    message: `The Node '${runtime}' is too old: 24.21, or 26 and newer, can run programs`,
  });
});

test('a Node that cannot suspend wasm', async () => {
  // A copy outside of the project has no package beside it that could take over.
  const lunatic = join(testFolder(), 'lunatic.cjs');
  copyFileSync(launcher, lunatic);
  const env = { NODE_OPTIONS: '--import "data:text/javascript,delete WebAssembly.Suspending"' };
  expect(await refusal({ program: guestFile(echo), lunatic, env })).toEqual({
    id: 2006,
    message: expect.stringContaining(
      'needs a Node with JavaScript Promise Integration (24.21, or 26 and newer)',
    ),
    showUser: true,
  });
});

test('a runtime that ends without a word', async () => {
  const lunatic = join(testFolder(), 'silent.mjs');
  writeFileSync(lunatic, 'process.exit(5)');
  expect(await refusal({ program: guestFile(echo), lunatic })).toMatchObject({
    id: 2007,
    message: 'The runtime ended with exit code 5 before the program began',
  });
});

test('requests before there is a program, about what is not there, and unknown ones', async () => {
  const client = await AdapterClient.stdio();
  await expect(client.threadsRequest()).rejects.toThrow('No program has been launched or attached to yet');
  await expect(client.customRequest('fly')).rejects.toThrow("The request 'fly' is unknown");
  await client.run(echo);
  const threadId = await client.waitingThread(2);
  await expect(client.scopesRequest({ frameId: 77 })).rejects.toThrow('There is no frame 77 any more');
  await expect(client.variablesRequest({ variablesReference: 77 })).rejects.toThrow('no variables 77');
  await expect(client.sourceRequest({ sourceReference: 77 })).rejects.toThrow('There is no source 77');
  await expect(client.nextRequest({ threadId })).rejects.toThrow('does not stand still');
  await expect(client.customRequest('lunatic/process', { process: 5 })).rejects.toThrow(/process/);
  expect(client.errors.map(({ id }) => id)).toEqual([1002, 1001, 3002, 3003, 3004, 3007, 1000]);
  const breakpoints = await client.setBreakpointsRequest({
    source: { path: '/a.wat' },
    breakpoints: [{ line: 1 }],
  });
  expect(breakpoints.body.breakpoints).toMatchObject([
    { verified: false, message: expect.stringMatching(/^No module of the program has code of this file/) },
  ]);
  const wrong = client.customRequest('setBreakpoints', { source: { path: '/a.wat' }, breakpoints: [5] });
  await expect(wrong).rejects.toThrow("'breakpoints' must be an array of objects");
  await expect(client.evaluateRequest({ expression: ' ', context: 'repl' })).rejects.toThrow(
    "Type an expression, or in the debug console 'help' for its commands",
  );
  const nothing = { variablesReference: 1, name: 'count', value: '' };
  await expect(client.setVariableRequest(nothing)).rejects.toThrow('Type the value that it is to have');
});

test('a session whose launch failed can be ended', async () => {
  const client = await AdapterClient.stdio();
  await expect(client.launchRequest({ program: '/nowhere.wasm' } as object)).rejects.toThrow();
  const ended = new Promise((done) => client.adapter?.once('exit', done));
  await client.disconnectRequest();
  expect(await within(ended, 'the adapter to end')).toBe(0);
});

test('an expression that cannot be evaluated, which the console shows in place of a value', async () => {
  const client = await AdapterClient.stdio();
  await client.run(echo, { stopOnEntry: true });
  const { threadId = 0 } = (await client.event('stopped')).body;
  const frameId = (await client.stackTraceRequest({ threadId })).body.stackFrames[0]?.id ?? 0;
  for (const context of ['repl', 'watch'])
    await expect(client.evaluateRequest({ expression: 'nobody + 1', context, frameId })).rejects.toThrow();
  expect(client.errors.map(({ id, showUser }) => [id, showUser])).toEqual([
    [2010, false],
    [2010, false],
  ]);
});
