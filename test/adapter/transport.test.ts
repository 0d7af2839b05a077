import { readFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { describe, expect, onTestFinished, test } from 'vitest';
import { LunaticDebugSession } from '../../debug-adapter/index.ts';
import { launcher, lunatic, RunningCommand } from '../support/command.ts';
import { main } from '../support/guest.ts';
import { AdapterClient, guestFile, isAlive, testFolder, within } from './adapter-client.ts';
import { echo } from './guests.ts';

const hello = main('(call $print (text "hello"))');

interface PortAdapter {
  readonly command: RunningCommand;
  readonly port: number;
  readonly token: string;
}

/** `lunatic dap --port 0`, and the port and token it got. */
async function adapterOnPort(
  options: { args?: string[]; env?: Record<string, string> } = {},
): Promise<PortAdapter> {
  const { args = [], env = {} } = options;
  const command = new RunningCommand(['dap', '--port', '0', ...args], { input: null, env });
  onTestFinished(() => {
    command.child.kill('SIGKILL');
  });
  await command.printed('The token of', 'stderr');
  const [, port, token = ''] =
    /^Debug adapter listens on 127\.0\.0\.1:(\d+)\nThe token of "launch" and "attach" is (.*)\n$/.exec(
      command.stderr,
    ) ?? [];
  return { command, port: Number(port), token };
}

test('serves several sessions on a port, one after the other and at once', async () => {
  const { command, port, token } = await adapterOnPort();
  const first = await AdapterClient.port(port, token);
  await first.run(echo);
  await first.printed('started');
  const second = await AdapterClient.port(port, token);
  await second.run(hello);
  await second.event('terminated');
  expect(second.output('stdout')).toBe('hello\n');
  await second.disconnectRequest();
  expect(first.eventsOf('terminated')).toEqual([]);
  await first.disconnectRequest();
  const third = await AdapterClient.port(port, token);
  await third.run(hello);
  await third.event('terminated');
  expect(command.child.exitCode).toBe(null);
});

test('a lost connection on a port ends its program', async () => {
  const { port, token } = await adapterOnPort();
  const client = await AdapterClient.port(port, token);
  await client.run(main('(call $print (text "busy")) (loop $turn (br $turn))'));
  await client.printed('busy');
  const { result } = (await client.evaluateRequest({ expression: 'runtime', context: 'repl' })).body;
  const pid = Number(/process (\d+)/.exec(result)?.[1]);
  client.hangUp();
  const end = async () => {
    while (isAlive(pid)) await new Promise((done) => setTimeout(done, 20));
  };
  await within(end(), 'the program to end');
});

test('an adapter on a port that is told to end ends its programs', async () => {
  const { command, port, token } = await adapterOnPort();
  const client = await AdapterClient.port(port, token);
  await client.run(echo);
  await client.printed('started');
  command.child.kill('SIGTERM');
  await command.ended;
  await client.event('terminated');
});

test('a web page cannot speak to the adapter through its port', async () => {
  const { port } = await adapterOnPort();
  const socket = createConnection(port, '127.0.0.1');
  const request = JSON.stringify({ type: 'request', seq: 1, command: 'initialize', arguments: {} });
  socket.write(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${request.length}\r\n\r\n${request}`);
  let answer = '';
  socket.on('data', (bytes) => {
    answer += bytes;
  });
  await within(new Promise((done) => socket.on('close', done).on('error', done)), 'the adapter to hang up');
  expect(answer).toBe('');
});

test.each([
  ['a length that is no number', 'Content-Length: abc', /not 'Content-Length: abc'/],
  ['no end', 'X'.repeat(5000), /it has no end: 'X{60}…'/],
])('headers with %s end the session with an error', async (_what, header, message) => {
  const client = await AdapterClient.stdio();
  const ended = new Promise((done) => client.adapter?.once('exit', done));
  // A message before it is read.
  const request = '{"type": "request", "seq": 99, "command": "threads"}';
  client.adapter?.stdin?.write(`Content-Length: ${request.length}\r\n\r\n${request}${header}\r\n\r\n{}`);
  await client.event('terminated');
  expect(client.output('stderr')).toMatch(/^The session ends: the header of a message cannot be read: /);
  expect(client.output('stderr')).toMatch(message);
  expect(client.errors).toMatchObject([{ id: 1002 }]);
  await within(ended, 'the adapter to end');
});

describe('without its token an adapter on a port', () => {
  /** The numbers of the errors that requests are refused with. */
  async function refusals(
    client: AdapterClient,
    ...requests: [command: string, args: object][]
  ): Promise<unknown[]> {
    for (const [command, args] of requests) await client.customRequest(command, args).catch(() => {});
    return client.errors.map(({ id }) => id);
  }

  test('runs no program, and answers nothing else', async () => {
    const { port, token, command } = await adapterOnPort();
    expect(token).toMatch(/^[\w-]{32}$/);
    const program = guestFile(hello);
    const client = await AdapterClient.port(port);
    const numbers = await refusals(
      client,
      ['launch', { program }],
      ['launch', { program, token: '' }],
      ['launch', { program, token: `${token}x` }],
      ['launch', { program, token: token.toLowerCase() }],
      ['launch', { program, token: [token] }],
      ['attach', { url: 'ws://127.0.0.1:1/x', token: 'x' }],
      ['evaluate', { expression: 'runtime', context: 'repl', token }],
      ['lunatic/processes', { token }],
      ['configurationDone', {}],
      ['nonsense', {}],
    );
    expect(numbers).toEqual([1009, 1009, 1009, 1009, 1000, 1009, 1009, 1009, 1009, 1009]);
    expect(client.errors[0]?.variables?.['_message']).toBe(
      "launch: 'token' must be the one that `lunatic dap` has printed, or that of its variable LUNATIC_DAP_TOKEN",
    );
    expect(client.output()).toBe('');
    expect(command.child.exitCode).toBe(null);
    // With it, the same connection is served.
    await client.run(hello, { token });
    await client.event('terminated');
    expect(client.output('stdout')).toBe('hello\n');
  });

  test('is not kept busy by those that only connect, or send without an end', async () => {
    const { port, token } = await adapterOnPort();
    const served = await AdapterClient.port(port, token);
    await served.run(echo);
    await served.printed('started');
    const idle = Array.from({ length: 100 }, () => createConnection(port, '127.0.0.1').on('error', () => {}));
    onTestFinished(() => {
      for (const socket of idle) socket.destroy();
    });
    await Promise.all(idle.map((socket) => new Promise((done) => socket.once('connect', done))));
    await Promise.all(
      idle
        .slice(0, 84)
        .map(
          (socket) =>
            new Promise<void>((done) =>
              socket.closed ? done() : socket.resume().once('close', () => done()),
            ),
        ),
    );
    const flooding = createConnection(port, '127.0.0.1').on('error', () => {});
    flooding.write('Content-Length: 1000000000\r\n\r\n');
    for (let i = 0; i < 32; i++) flooding.write(Buffer.alloc(2 ** 16));
    await within(new Promise((done) => flooding.resume().once('close', done)), 'the adapter to hang up');
    const other = await AdapterClient.port(port, token);
    await other.run(hello);
    await other.event('terminated');
    await served.disconnectRequest();
  });

  test('is reached with one that was chosen, which programs and logs do not see', async () => {
    const chosen = 'a-token-of-my-own-choice';
    const log = join(testFolder(), 'dap.log');
    const { port, token } = await adapterOnPort({ args: ['--log', log], env: { LUNATIC_DAP_TOKEN: chosen } });
    expect(token).toBe('that of the variable LUNATIC_DAP_TOKEN');
    const client = await AdapterClient.port(port, chosen);
    await client.run(
      main(`
        (call $expect (call $environ_sizes_get (i32.const 16) (i32.const 20)) (i32.const 0))
        (call $expect (call $environ_get (i32.const 1024) (i32.const 8192)) (i32.const 0))
        (call $print (i32.const 8192) (i32.load (i32.const 20)))`),
    );
    await client.event('terminated');
    expect(client.output('stdout')).toContain('PATH=');
    expect(client.output('stdout')).not.toContain('DAP_TOKEN');
    await client.disconnectRequest();
    expect(readFileSync(log, 'utf8')).toContain('"token":"TOKEN"');
    expect(readFileSync(log, 'utf8')).not.toContain(chosen);
  });

  test('cannot be started with a token that is soon guessed', async () => {
    const { stderr, exitCode } = await lunatic(['dap', '--port', '0'], {
      env: { LUNATIC_DAP_TOKEN: 'short' },
    });
    expect(stderr).toBe('Error: LUNATIC_DAP_TOKEN must have at least 16 characters\n');
    expect(exitCode).toBe(2);
  });
});

test('a port that is taken', async () => {
  const { port } = await adapterOnPort();
  const { exitCode, stderr } = await lunatic(['dap', '--port', `${port}`]);
  expect(stderr).toContain('EADDRINUSE');
  expect(exitCode).toBe(1);
});

test('a port that is none', async () => {
  const { exitCode, stderr } = await lunatic(['dap', '--port', '70000']);
  expect(stderr).toContain('It must be a number from 0 to 65535.');
  expect(exitCode).toBe(2);
});

test('a session without streams', async () => {
  const session = new LunaticDebugSession({ runtime: process.execPath, lunatic: launcher });
  onTestFinished(() => session.close());
  const messages: (DebugProtocol.Response & DebugProtocol.Event)[] = [];
  const watchers = new Set<() => void>();
  session.onDidSendMessage((message) => {
    messages.push(message as DebugProtocol.Response & DebugProtocol.Event);
    for (const look of watchers) look();
  });
  const until = (holds: (message: (typeof messages)[number]) => boolean) =>
    within(
      new Promise<(typeof messages)[number]>((done) => {
        const look = () => {
          const found = messages.find(holds);
          if (found !== undefined) done(found);
        };
        watchers.add(look);
        look();
      }),
      'a message',
    );
  let seq = 0;
  const send = (command: string, args: object) => {
    const request: DebugProtocol.Request = { type: 'request', seq: ++seq, command, arguments: args };
    session.handleMessage(request);
    return until((message) => message.type === 'response' && message.request_seq === request.seq);
  };
  expect(await send('initialize', { adapterID: 'lunatic' })).toMatchObject({
    success: true,
    body: {
      supportsReadMemoryRequest: true,
      exceptionBreakpointFilters: [
        { filter: 'traps', default: true },
        { filter: 'failed-exits', default: true },
        { filter: 'kills', default: false },
        { filter: 'actors', default: false },
      ],
    },
  });
  await send('launch', { program: guestFile(hello) });
  await until(({ event }) => event === 'initialized');
  await send('configurationDone', {});
  await until(({ event }) => event === 'terminated');
  expect(messages.filter(({ event }) => event === 'output').map(({ body }) => body.output)).toEqual([
    'hello\n',
    expect.stringMatching(/^The program ended with exit code 0 after /),
  ]);
  expect((await send('disconnect', {})).success).toBe(true);
});

test('a session that its holder disposes of leaves nothing running', async () => {
  const session = new LunaticDebugSession({ runtime: process.execPath, lunatic: launcher });
  let output = '';
  session.onDidSendMessage((message) => {
    const { event, body } = message as DebugProtocol.Event;
    if (event === 'output') output += body.output;
    if (event === 'initialized')
      session.handleMessage({
        type: 'request',
        seq: 3,
        command: 'configurationDone',
      } as object as DebugProtocol.Request);
    if (output.includes('started')) session.dispose();
  });
  const request = (seq: number, command: string, args: object) =>
    session.handleMessage({ type: 'request', seq, command, arguments: args } as DebugProtocol.Request);
  request(1, 'initialize', {});
  request(2, 'launch', { program: guestFile(echo) });
  await within(session.closed, 'the session to end');
});
