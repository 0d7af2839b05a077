import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { WebSocketServer } from 'ws';
import { keyFromText } from '../../runtime/inspect/protocol.ts';
import { InspectClient } from '../../runtime/internal.ts';
import { RunningCommand } from '../support/command.ts';
import { main } from '../support/guest.ts';
import { AdapterClient, guestFile, testFolder } from './adapter-client.ts';
import { echo } from './guests.ts';
import { shop } from './shops.ts';

/** Starts a program that can be inspected, as a user would. Returns where. */
async function inspected(
  text: string,
  ...options: string[]
): Promise<{ command: RunningCommand; url: string }> {
  const command = new RunningCommand(['run', '--inspect', ...options, guestFile(text)], { input: null });
  onTestFinished(() => {
    command.child.kill('SIGKILL');
  });
  await command.printed('ws://', 'stderr');
  return { command, url: /ws:\S+/.exec(command.stderr)?.[0] ?? '' };
}

async function attached(url: string, options = {}): Promise<AdapterClient> {
  const client = await AdapterClient.stdio();
  await client.attachRequest({ url, ...options } as object);
  await client.event('initialized');
  await client.configurationDoneRequest();
  return client;
}

test('attaches to a program that runs: processes, output, its end', async () => {
  const { command, url } = await inspected(echo);
  await command.printed('started');
  const client = await attached(url);
  await client.waitingThread(2);
  await client.custom('lunatic/send', {
    process: keyFromText('1:2'),
    data: Buffer.from('häl').toString('base64'),
  });
  await client.printed('häl\n');
  await client.custom('lunatic/kill', { process: keyFromText('1:1') });
  expect((await client.event('exited')).body.exitCode).toBe(1);
  await client.event('terminated');
  expect((await command.ended).exitCode).toBe(1);
});

/** Sets a breakpoint at the one line of a module that stores something. */
async function breakAtStore(client: AdapterClient, path: string) {
  const lines = (await client.sourceText({ path })).split('\n');
  const line = lines.findIndex((text) => text.includes('i32.store (i32.const 0)')) + 1;
  const { body } = await client.setBreakpointsRequest({ source: { path }, breakpoints: [{ line }] });
  return { line, breakpoint: body.breakpoints[0] };
}

/** A program or tests that are started for breakpoints, and have not begun. */
async function attachedToDebug(name: 'run' | 'test', path: string) {
  const command = new RunningCommand([name, '--inspect=debug', '--inspect-wait', path], { input: null });
  onTestFinished(() => {
    command.child.kill('SIGKILL');
  });
  await command.printed('ws://', 'stderr');
  const client = await AdapterClient.stdio();
  await client.attachRequest({ url: /ws:\S+/.exec(command.stderr)?.[0] ?? '' } as object);
  await client.event('initialized');
  return { command, client };
}

const STORING = main('(i32.store (i32.const 0) (i32.const 1))\n(call $print (text "at last"))');

test('breakpoints stop a program that was started with --inspect=debug, from its first instruction on', async () => {
  const path = guestFile(STORING);
  const { command, client } = await attachedToDebug('run', path);
  const { breakpoint, line } = await breakAtStore(client, path);
  expect(breakpoint).toMatchObject({ verified: true, line });
  await client.configurationDoneRequest();
  expect((await client.event('stopped')).body.reason).toBe('breakpoint');
  // Detaching takes it away.
  await client.disconnectRequest();
  await command.printed('at last');
});

test('a program that was started with --inspect alone says that it has no breakpoints, and what has', async () => {
  const { command, url } = await inspected(STORING, '--inspect-wait');
  const client = await AdapterClient.stdio();
  await client.attachRequest({ url } as object);
  await client.event('initialized');
  const { breakpoint } = await breakAtStore(client, guestFile(STORING));
  expect(breakpoint).toMatchObject({
    verified: false,
    message: expect.stringContaining('`--inspect=debug`'),
  });
  await client.configurationDoneRequest();
  await command.printed('at last');
});

test('breakpoints stop tests', async () => {
  const path = guestFile(
    '(module (memory 1)\n(func (export "#lunatic_test_stores")\n(i32.store (i32.const 0) (i32.const 1))))',
  );
  const { client } = await attachedToDebug('test', path);
  expect((await breakAtStore(client, path)).breakpoint).toMatchObject({ verified: true });
  await client.configurationDoneRequest();
  expect((await client.event('stopped')).body.reason).toBe('breakpoint');
});

test('detaching leaves the program alone, and lets go what was paused', async () => {
  const { command, url } = await inspected(echo);
  const client = await attached(url);
  const threadId = await client.waitingThread(2);
  await client.pauseRequest({ threadId });
  await client.event('stopped');
  await client.disconnectRequest();
  // Nobody needs to be told that the connection is closed.
  expect(client.output('console')).toBe('');

  const other = await InspectClient.connect(url, { client: 'test' });
  onTestFinished(() => other.close());
  await other.request('process/send', {
    process: keyFromText('1:2'),
    data: Buffer.from('free').toString('base64'),
  });
  await command.printed('free\n');
  expect(command.child.exitCode).toBe(null);
});

test('detaching may end the program', async () => {
  const { command, url } = await inspected(echo);
  const client = await attached(url);
  await client.waitingThread(2);
  await client.disconnectRequest({ terminateDebuggee: true });
  expect((await command.ended).exitCode).toBe(1);
});

test('a program that waits for its debugger begins', async () => {
  const { command, url } = await inspected(main('(call $print (text "at last"))'), '--inspect-wait');
  const client = await attached(url, { stopOnEntry: true });
  const { body } = await client.event('stopped');
  expect(body.reason).toBe('entry');
  await client.continueRequest({ threadId: body.threadId ?? 0 });
  await client.event('terminated');
  expect(client.output('stdout')).toBe('at last\n');
  expect((await command.ended).exitCode).toBe(0);
});

test('the connection to the program is lost', async () => {
  const { command, url } = await inspected(echo);
  const client = await attached(url);
  await client.waitingThread(2);
  command.child.kill('SIGKILL');
  await client.event('terminated');
  expect(client.output('console')).toBe('The connection to the program is lost.\n');
});

/** Attaches in vain, and returns what the client is told. */
async function refusal(url: string) {
  const client = await AdapterClient.stdio();
  await expect(client.attachRequest({ url } as object)).rejects.toThrow();
  const [error] = client.errors;
  return { id: error?.id, message: error?.variables?.['_message'], showUser: error?.showUser };
}

test('a text that is no URL', async () => {
  const message = expect.stringContaining(
    'is not the address of an inspector: expected one like ws://127.0.0.1:9229/TOKEN',
  );
  expect(await refusal('nonsense')).toEqual({ id: 2101, message, showUser: true });
  expect(await refusal('http://127.0.0.1/')).toEqual({ id: 2101, message, showUser: true });
});

test('a place where nothing listens', async () => {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  expect(await refusal(`ws://127.0.0.1:${port}/token`)).toEqual({
    id: 2102,
    message: expect.stringMatching(`^Cannot connect to an inspector at 127.0.0.1:${port}: .*ECONNREFUSED`),
    showUser: true,
  });
});

test('a place where something else listens', async () => {
  const server = createServer((_, response) => response.end('hello'));
  onTestFinished(() => {
    server.close();
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  expect(await refusal(`ws://127.0.0.1:${port}/`)).toMatchObject({
    id: 2102,
    message: expect.stringContaining('it answered with the HTTP status 200'),
  });
});

test('a wrong token', async () => {
  const { url } = await inspected(echo);
  const { host } = new URL(url);
  expect(await refusal(`ws://${host}/wrong`)).toEqual({
    id: 2103,
    message: `The inspector at ${host} does not accept this token`,
    showUser: true,
  });
});

/** Something that speaks JSON-RPC and answers every request with this. */
async function answering(answer: object): Promise<string> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  onTestFinished(() => {
    for (const socket of server.clients) socket.terminate();
    server.close();
  });
  server.on('connection', (socket) => {
    socket.on('message', (data) => {
      const { id } = JSON.parse(data.toString());
      socket.send(JSON.stringify({ jsonrpc: '2.0', id, ...answer }));
    });
  });
  await new Promise((done) => server.once('listening', done));
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

test('a runtime of another version', async () => {
  expect(await refusal(await answering({ result: { version: '3.0' } }))).toEqual({
    id: 2104,
    message: expect.stringContaining('speaks version 3.0 of the inspection protocol, and this one 2.'),
    showUser: true,
  });
});

test('a runtime that refuses our version', async () => {
  const error = { code: -32_602, message: 'the client speaks version 1.0' };
  expect(await refusal(await answering({ error }))).toMatchObject({
    id: 2104,
    message: expect.stringContaining('refuses: the client speaks version 1.0'),
  });
});

test('somebody who answers nonsense', async () => {
  expect(await refusal(await answering({ result: null }))).toMatchObject({ id: 2104 });
});

test('somebody who hangs up', async () => {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  onTestFinished(() => {
    server.close();
  });
  server.on('connection', (socket) => socket.close(1008, 'go away'));
  await new Promise((done) => server.once('listening', done));
  const { port } = server.address() as AddressInfo;
  expect(await refusal(`ws://127.0.0.1:${port}/`)).toMatchObject({
    id: 2102,
    message: expect.stringContaining('it closed the connection (go away)'),
  });
});

test('somebody who never answers is given up in time', async () => {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  onTestFinished(() => {
    for (const socket of server.clients) socket.terminate();
    server.close();
  });
  await new Promise((done) => server.once('listening', done));
  const { port } = server.address() as AddressInfo;
  const connected = InspectClient.connect(`ws://127.0.0.1:${port}/`, { client: 'test', timeout: 50 });
  await expect(connected).rejects.toThrow(`127.0.0.1:${port} did not answer in 0.05 s`);
});

test.each([
  ['another one, of the same size', (bytes: Buffer) => bytes.fill(0x61, bytes.length - 4)],
  ['one of another size', (bytes: Buffer) => Buffer.concat([bytes, Buffer.from('\n')])],
])('where the file of the program is %s by now, nothing beside it is used', async (_, change) => {
  const { source, launch } = await shop('C');
  const folder = testFolder();
  const program = join(folder, 'shop.wasm');
  copyFileSync(launch.program ?? '', program);
  const command = new RunningCommand(['run', '--inspect=debug', program], { input: null });
  onTestFinished(() => {
    command.child.kill('SIGKILL');
  });
  await command.printed('ws://', 'stderr');
  const url = /ws:\S+/.exec(command.stderr)?.[0] ?? '';
  const before = await attached(url, { sourceFileMap: launch.sourceFileMap });
  expect(before.output('console')).not.toContain('is not the program that runs');
  await before.disconnectRequest({});
  writeFileSync(program, change(readFileSync(program)));
  const client = await attached(url, { sourceFileMap: launch.sourceFileMap });
  await client.printed(`${program} is not the program that runs, or has changed since`, 'console');
  // What the running module itself says is still right.
  const { stackFrames } = (await client.stackTraceRequest({ threadId: await client.waitingThread(2) })).body;
  expect(stackFrames[0]?.source?.path).toBe(source);
});
