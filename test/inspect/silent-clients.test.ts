import { expect, test } from 'vitest';
import { main } from '../support/guest.ts';
import { Inspected, inspectPrograms } from '../support/inspected.ts';
import { assemble } from '../support/program.ts';
import { RawSocket } from '../support/raw-socket.ts';

inspectPrograms();

/** The program answers, and has not ended. */
async function stillWorks(run: Inspected): Promise<void> {
  const { ask, client } = await run.connect();
  expect((await ask('process/list', {})).total).toBeGreaterThan(0);
  await client.close();
}

/** Prints for ever, 60 KB at a time. */
const CHATTY = main('(loop $again (call $write (i32.const 65536) (i32.const 61440)) (br $again))', {
  memory: '(memory (export "memory") 2)',
});

/** Resident memory of a process, in bytes. */
function memoryOf(pid: number): number {
  const { readFileSync } = process.getBuiltinModule('node:fs');
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;
}

test.runIf(process.platform === 'linux')(
  'a client that does not read what it watches is disconnected before the memory grows',
  async () => {
    const run = await Inspected.run(CHATTY, ['--inspect-wait']);
    const { child } = run.command;
    const deaf = await RawSocket.open(run.url);
    await deaf.initialize();
    deaf.send({ jsonrpc: '2.0', id: 1, method: 'watch', params: { output: true, processes: 50 } });
    await deaf.answer(1);
    deaf.socket.pause();
    deaf.send({ jsonrpc: '2.0', id: 2, method: 'start', params: {} });
    let most = 0;
    // Once it is gone, the socket at this end has been reset, though nothing of it was read.
    const other = await run.connect();
    let output = 0;
    other.client.on('output', ({ data }) => {
      output += data.length;
      most = Math.max(most, memoryOf(child.pid ?? 0));
    });
    await other.ask('watch', { output: true });
    while (output < 120 * 2 ** 20) await other.ask('process/list', {});
    expect(most).toBeLessThan(600 * 2 ** 20);
    deaf.socket.resume();
    expect(await deaf.closed).toBe(1006);
    await stillWorks(run);
  },
);

test.runIf(process.platform === 'linux')(
  'many clients that do not read what they watch take no more memory together, and a word tells of them',
  { timeout: 120_000 },
  async () => {
    const run = await Inspected.run(CHATTY, ['--inspect-wait']);
    const { child } = run.command;
    const deaf = await Promise.all(
      Array.from({ length: 30 }, async () => {
        const client = await RawSocket.open(run.url);
        await client.initialize();
        client.send({ jsonrpc: '2.0', id: 1, method: 'watch', params: { output: true, processes: 50 } });
        await client.answer(1);
        client.socket.pause();
        return client;
      }),
    );
    const { client, ask } = await run.connect();
    let most = 0;
    let output = 0;
    client.on('output', ({ data }) => {
      output += data.length;
      most = Math.max(most, memoryOf(child.pid ?? 0));
    });
    await ask('watch', { output: true });
    await ask('start', { pauseRoot: false });
    while (output < 40 * 2 ** 20) await ask('process/list', {});
    expect(most).toBeLessThan(600 * 2 ** 20);
    await run.command.printed('an inspection client was disconnected, since it had not read', 'stderr');
    for (const { socket } of deaf) socket.terminate();
    await stillWorks(run);
  },
);

test('a client that does not read does not keep the program from ending', async () => {
  const run = await Inspected.run(main('(call $print (text "bye"))'), ['--inspect-wait']);
  const deaf = await RawSocket.open(run.url);
  await deaf.initialize();
  deaf.send({ jsonrpc: '2.0', id: 1, method: 'start', params: {} });
  await deaf.answer(1);
  deaf.socket.pause();
  expect(await run.command.ended).toMatchObject({ exitCode: 0, stdout: 'bye\n' });
});

/** A client that is connected and reads nothing from now on. */
async function silentClient(run: Inspected): Promise<RawSocket> {
  const client = await RawSocket.open(run.url);
  await client.initialize();
  client.socket.pause();
  return client;
}

/** A module with so many bytes that nobody needs. */
async function largeModule(size: number): Promise<Uint8Array> {
  const padding = Buffer.alloc(size, 'padding ');
  const length = Buffer.alloc(5);
  for (let i = 0, left = size + 1; i < 5; i++, left >>>= 7) length[i] = (left & 127) | (i < 4 ? 128 : 0);
  return Buffer.concat([
    await assemble(main('(call $forever)')),
    Buffer.of(0),
    length,
    Buffer.of(0),
    padding,
  ]);
}

test.runIf(process.platform === 'linux')(
  'what 31 clients ask for and do not read is not made before they read it, and it is complete then',
  { timeout: 120_000 },
  async () => {
    const module = await largeModule(24 * 2 ** 20);
    const run = await Inspected.run(module);
    const { ask } = await run.connect();
    const pid = run.command.child.pid ?? 0;
    const before = memoryOf(pid);
    const late = await silentClient(run);
    const others = await Promise.all(Array.from({ length: 30 }, () => silentClient(run)));
    const requests = [
      { method: 'module/bytes', params: { module: 'm1' } },
      { method: 'process/memory', params: { process: '1:1', offset: 0, count: 2 ** 20 } },
      { method: 'process/list', params: {} },
    ];
    for (const client of [late, ...others])
      for (let id = 0; id < 30; id++) client.send({ jsonrpc: '2.0', id, ...requests[id % 3] });
    let most = 0;
    for (let i = 0; i < 500; i++) {
      await ask('process/list', {});
      most = Math.max(most, memoryOf(pid));
    }
    // It would be 31 times 32 MiB, in several forms.
    expect(most - before).toBeLessThan(600 * 2 ** 20);
    for (const { socket } of others) socket.terminate();
    late.socket.resume();
    const answer = await late.answer(29);
    expect(answer.result).toMatchObject({ total: 1 });
    expect([...late.answers.keys()].slice(1)).toEqual(Array.from({ length: 30 }, (_, id) => id));
    for (const id of [0, 27]) {
      const { data } = (await late.answer(id)).result as { data: string };
      expect(Buffer.from(data, 'base64').equals(module)).toBe(true);
    }
  },
);

test('notifications wait until a long answer is complete, and an id of any text is given back', async () => {
  const module = await largeModule(6 * 2 ** 20);
  const run = await Inspected.run(module);
  const client = await silentClient(run);
  const id = '"result":{"data":"\u0000';
  client.send({ jsonrpc: '2.0', id: 1, method: 'watch', params: { processes: 50, output: true } });
  client.send({ jsonrpc: '2.0', id, method: 'module/bytes', params: { module: 'm1' } });
  client.send({ jsonrpc: '2.0', id: 2, method: 'process/kill', params: { process: '1:1' } });
  client.socket.resume();
  const { data } = (await client.answer(id)).result as { data: string };
  expect(Buffer.from(data, 'base64').equals(module)).toBe(true);
  expect(await client.answer(2)).toMatchObject({ result: null });
  expect(await client.closed).toBe(1000);
});
