import { createConnection } from 'node:net';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { expect, onTestFinished, test } from 'vitest';
import { LunaticDebugSession } from '../../debug-adapter/index.ts';
import { launcher, lunatic, RunningCommand } from '../support/command.ts';
import { main } from '../support/guest.ts';
import { AdapterClient, guestFile, isAlive, within } from './adapter-client.ts';
import { echo } from './guests.ts';

const hello = main('(call $print (text "hello"))');

/** `lunatic dap --port 0`, and the port it got. */
async function adapterOnPort(): Promise<{ command: RunningCommand; port: number }> {
  const command = new RunningCommand(['dap', '--port', '0'], { input: null });
  onTestFinished(() => {
    command.child.kill('SIGKILL');
  });
  await command.printed('\n', 'stderr');
  return {
    command,
    port: Number(/^Debug adapter listens on 127\.0\.0\.1:(\d+)$/m.exec(command.stderr)?.[1]),
  };
}

test('serves several sessions on a port, one after the other and at once', async () => {
  const { command, port } = await adapterOnPort();
  const first = await AdapterClient.port(port);
  await first.run(echo);
  await first.printed('started');
  const second = await AdapterClient.port(port);
  await second.run(hello);
  await second.event('terminated');
  expect(second.output('stdout')).toBe('hello\n');
  await second.disconnectRequest();
  expect(first.eventsOf('terminated')).toEqual([]);
  await first.disconnectRequest();
  const third = await AdapterClient.port(port);
  await third.run(hello);
  await third.event('terminated');
  expect(command.child.exitCode).toBe(null);
});

test('a lost connection on a port ends its program', async () => {
  const { port } = await adapterOnPort();
  const client = await AdapterClient.port(port);
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
  const { command, port } = await adapterOnPort();
  const client = await AdapterClient.port(port);
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

test('inside an extension host, without streams, on Node 20', async () => {
  const { withResolvers } = Promise;
  // What that Node does not have.
  Object.assign(Promise, { withResolvers: undefined });
  onTestFinished(() => {
    Object.assign(Promise, { withResolvers });
  });
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
      ],
    },
  });
  await send('launch', { program: guestFile(hello) });
  await until(({ event }) => event === 'initialized');
  await send('configurationDone', {});
  await until(({ event }) => event === 'terminated');
  expect(messages.filter(({ event }) => event === 'output').map(({ body }) => body.output)).toEqual([
    'hello\n',
  ]);
  expect((await send('disconnect', {})).success).toBe(true);
});

test('an extension host that has no use for the session any more leaves nothing running', async () => {
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
