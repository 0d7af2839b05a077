import { once } from 'node:events';
import { connect } from 'node:net';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Inspected, type Inspecting, inspectPrograms } from '../support/inspected.ts';
import { FAMILY } from '../support/inspected-guests.ts';
import { RawSocket } from '../support/raw-socket.ts';

/** As many cases as there is time for. */
const inTime = (numRuns: number) => ({ numRuns, interruptAfterTimeLimit: 8000 });

inspectPrograms();

/** The program runs on and answers. */
async function answers({ ask }: Inspecting, run: Inspected): Promise<void> {
  expect((await ask('process/list', {})).total).toBeGreaterThan(0);
  expect(run.command.child.exitCode).toBe(null);
}

async function ready(): Promise<{ run: Inspected; witness: Inspecting }> {
  const run = await Inspected.run(FAMILY);
  await run.command.printed('ready\n');
  return { run, witness: await run.connect() };
}

test('random bytes where HTTP is expected', async () => {
  const { run, witness } = await ready();
  const { hostname, port, pathname } = new URL(run.url);
  const upgrade =
    `GET ${pathname} HTTP/1.1\r\nHost: ${hostname}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
    'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n';
  const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));
  const mutated = fc.tuple(fc.nat(upgrade.length - 1), fc.nat(255), bytes).map(([at, byte, rest]) => {
    const text = Buffer.from(upgrade);
    text[at] = byte;
    return Buffer.concat([text, rest]);
  });
  // Frames after a handshake that is right.
  const frames = bytes.map((rest) => Buffer.concat([Buffer.from(upgrade), rest]));
  await fc.assert(
    fc.asyncProperty(fc.oneof(bytes, mutated, frames), async (sent) => {
      const socket = connect(Number(port), hostname);
      socket.on('error', () => {});
      socket.resume();
      socket.end(sent);
      await once(socket, 'end').catch(() => {});
      socket.destroy();
      await answers(witness, run);
    }),
    inTime(300),
  );
});

const METHODS = [
  ...['initialize', 'process/list', 'process/get', 'process/peers', 'process/config', 'process/stack'],
  ...['process/mailbox', 'process/memory', 'process/pause', 'process/resume', 'process/send', 'module/get'],
  'process/set-memory',
  ...['module/bytes', 'watch', 'start', '$/cancelRequest', '$/progress', '$/setTrace', '$/', 'toString', ''],
];
const odd = fc.constantFrom<unknown>(
  ...[undefined, null, '', '1:1', '1:3', '1:99', 'm1', 'm0', -1, 0, 1, 2 ** 31, 2 ** 53, 1e308, true, [], {}],
  ...['__proto__', 'é\ud800', '9'.repeat(400), [[[[]]]], { a: { b: {} } }],
);
const params = fc.oneof(
  odd,
  fc.array(odd, { maxLength: 3 }),
  fc.dictionary(
    fc.constantFrom(
      'process',
      'module',
      'after',
      'limit',
      'filter',
      'start',
      'count',
      'offset',
      'tag',
      'data',
      'id',
    ),
    odd,
  ),
  fc.record({ processes: odd, output: odd, traps: odd }, { requiredKeys: [] }),
  fc.record(
    { version: odd, client: odd, pauseRoot: odd, id: odd, value: odd, token: odd },
    { requiredKeys: [] },
  ),
  fc.record({ filter: fc.record({ text: odd, states: fc.array(odd), parent: odd }, { requiredKeys: [] }) }),
);
const message = fc.record(
  {
    jsonrpc: fc.constant('2.0'),
    id: fc.oneof(fc.nat(20), odd),
    method: fc.oneof(fc.constantFrom(...METHODS), odd),
    params,
    result: odd,
    error: odd,
  },
  { requiredKeys: ['jsonrpc'] },
);

test('mutated requests', async () => {
  const { run, witness } = await ready();
  await fc.assert(
    fc.asyncProperty(
      fc.boolean(),
      fc.array(message, { minLength: 1, maxLength: 12 }),
      async (known, messages) => {
        const raw = await RawSocket.open(run.url);
        if (known) await raw.initialize();
        for (const one of messages) raw.send(one);
        // Whatever came before, this is answered.
        raw.send({ jsonrpc: '2.0', id: 'last', method: 'process/list' });
        await raw.answer('last');
        raw.socket.terminate();
        await answers(witness, run);
      },
    ),
    inTime(300),
  );
});

test('mutated texts', async () => {
  const { run, witness } = await ready();
  const text = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'process/get', params: { process: '1:1' } });
  const change = fc.tuple(fc.nat(text.length), fc.nat(4), fc.string({ maxLength: 4, unit: 'binary' }));
  await fc.assert(
    fc.asyncProperty(fc.array(change, { maxLength: 3 }), async (changes) => {
      const raw = await RawSocket.open(run.url);
      await raw.initialize();
      let mutated = text;
      for (const [at, count, by] of changes) mutated = mutated.slice(0, at) + by + mutated.slice(at + count);
      raw.send(mutated);
      raw.send({ jsonrpc: '2.0', id: 'last', method: 'process/list' });
      // It is either answered or disconnected.
      await Promise.race([raw.closed, raw.answer('last').catch(() => {})]);
      raw.socket.terminate();
      await answers(witness, run);
    }),
    inTime(200),
  );
});

test('any order of control leaves a program that answers', async () => {
  const { run, witness } = await ready();
  const { ask } = witness;
  const step = fc.record({
    what: fc.constantFrom('pause', 'resume', 'stack', 'get', 'mailbox', 'config', 'peers'),
    id: fc.integer({ min: 1, max: 5 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 30 }), async (steps) => {
      const asked = steps.map(({ what, id }) =>
        ask(`process/${what}` as 'process/get', { process: `1:${id}` }).catch((error: { code: number }) => {
          expect([id, error.code]).toEqual([5, 1]);
        }),
      );
      await Promise.all(asked);
      for (let id = 1; id <= 4; id++) await ask('process/resume', { process: `1:${id}` });
      const { processes } = await ask('process/list', {});
      expect(processes.map(({ state }) => state)).not.toContain('paused');
      await answers(witness, run);
    }),
    inTime(100),
  );
});
