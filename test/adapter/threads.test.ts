import { expect, test } from 'vitest';
import { keyFromText } from '../../runtime/inspect/protocol.ts';
import { guest } from '../support/guest.ts';
import { AdapterClient } from './adapter-client.ts';
import { echo } from './guests.ts';

const text = (words: string) => Buffer.from(words).toString('base64');

/** Names of the threads, in order. */
async function names(client: AdapterClient): Promise<string[]> {
  return (await client.threadsRequest()).body.threads.map(({ name }) => name);
}

/** Spawns a process for each message it gets, and prints when it has. Each ends with its first message. */
const spawner = guest(`
  (func (export "_start")
    (loop $next
      (drop (call $receive))
      (drop (call $spawn (i64.const 0) (text "child")))
      (call $print (text "spawned"))
      (br $next)))
  (func (export "child") (drop (call $receive)))`);

test('processes appear as threads and leave as they end', async () => {
  const client = await AdapterClient.stdio();
  await client.run(spawner);
  const root = await client.process((info) => info.id === 1 && info.waitsFor === 'message', 'the root');
  expect(await names(client)).toEqual(['#1 _start (waiting for a message)']);

  await client.custom('lunatic/send', { process: root.key, data: '' });
  const child = await client.process((info) => info.id === 2 && info.waitsFor === 'message', 'the child');
  const { body } = await client.event('thread', (event) => event.body.threadId !== 1);
  expect(body.reason).toBe('started');
  expect(await names(client)).toEqual([
    '#1 _start (waiting for a message)',
    '#2 child (waiting for a message)',
  ]);
  expect(child.parent).toBe(root.key);

  await client.custom('lunatic/send', { process: child.key, data: '' });
  const gone = await client.event('thread', (event) => event.body.reason === 'exited');
  expect(gone.body.threadId).toBe(body.threadId);
  expect(await names(client)).toEqual([expect.stringMatching(/^#1 _start/)]);
});

test('a thread is named by what is registered, and tells what waits in the mailbox', async () => {
  const client = await AdapterClient.stdio();
  await client.run(
    guest(`(func (export "_start")
      (call $registry.put (text "clerk") (i64.const 0) (call $process.process_id))
      (call $send (call $process.process_id) (i64.const 5) (i64.const 1))
      (call $send (call $process.process_id) (i64.const 5) (i64.const 1))
      (drop (call $receive_tag (i64.const 9) (i64.const -1))))`),
  );
  await client.process((info) => info.mailbox === 2 && info.state === 'waiting', 'two messages');
  expect(await names(client)).toEqual(['#1 clerk (waiting for a message, 2 in mailbox)']);
});

test('clients are told when names change', async () => {
  const client = await AdapterClient.stdio();
  await client.run(echo);
  await client.waitingThread(2);
  await names(client);
  const before = client.events.length;
  await client.custom('lunatic/pause', { process: keyFromText('1:2') });
  await client.event('thread', ({ body }) => body.reason === 'started', before);
  expect(await names(client)).toContain('#2 worker (paused, waiting for a message)');
});

test('no thread starts that has stopped, also where its name changes', async () => {
  const client = await AdapterClient.stdio();
  await client.run(echo);
  const threadId = await client.waitingThread(1);
  await names(client);
  await client.pauseRequest({ threadId });
  await client.event('stopped');
  let before = client.events.length;
  // At most the first of them is one that it waits for.
  await client.custom('lunatic/send', { process: keyFromText('1:1'), data: '' });
  await client.custom('lunatic/send', { process: keyFromText('1:1'), data: '' });
  do {
    const { body } = await client.event('thread', ({ body }) => body.reason === 'started', before);
    expect(body.threadId).not.toBe(threadId);
    before = client.events.length;
  } while (!(await names(client)).some((name) => /^#1 .*in mailbox/.test(name)));
});

test('one process is paused while the others run on, and continued', async () => {
  const client = await AdapterClient.stdio();
  await client.run(echo);
  const [first, second] = [await client.waitingThread(2), await client.waitingThread(3)];
  await client.pauseRequest({ threadId: first });
  const { body } = await client.event('stopped');
  expect(body).toEqual({ reason: 'pause', threadId: first, allThreadsStopped: false });

  await client.custom('lunatic/send', { process: keyFromText('1:2'), data: text('to the first') });
  await client.custom('lunatic/send', { process: keyFromText('1:3'), data: text('to the second') });
  await client.printed('to the second');
  expect(client.output('stdout')).not.toContain('to the first');
  expect(client.eventsOf('stopped').map((event) => event.body.threadId)).not.toContain(second);

  const answer = await client.continueRequest({ threadId: first });
  expect(answer.body.allThreadsContinued).toBe(false);
  await client.printed('to the first');
});

test('continuing one leaves another paused; continuing all leaves none', async () => {
  const client = await AdapterClient.stdio();
  await client.run(echo);
  const threads = [await client.waitingThread(2), await client.waitingThread(3)] as const;
  const pauseBoth = async () => {
    const before = client.events.length;
    for (const threadId of threads) {
      await client.pauseRequest({ threadId });
      await client.event('stopped', ({ body }) => body.threadId === threadId, before);
    }
  };
  const states = async () => {
    const { processes } = await client.custom('lunatic/processes', { filter: { text: 'worker' } });
    return processes.map(({ state }) => state);
  };
  await pauseBoth();
  await client.continueRequest({ threadId: threads[0] });
  expect(await states()).toEqual(['waiting', 'paused']);
  await client.continueRequest({ threadId: threads[1] });
  await pauseBoth();
  const all = await client.continueRequest({ threadId: threads[0], singleThread: false });
  expect(all.body.allThreadsContinued).toBe(true);
  expect(await states()).toEqual(['waiting', 'waiting']);
});

test('a process that computes without end is paused and continued', async () => {
  const client = await AdapterClient.stdio();
  await client.run(
    guest(`(func (export "_start")
      (drop (call $spawn (i64.const 0) (text "busy")))
      (call $forever))
    (func $busy (export "busy") (loop $turn (br $turn)))`),
  );
  const busy = await client.process((info) => info.entry === 'busy', 'the busy one');
  const { threadId } = await client.custom('lunatic/thread', { process: busy.key });
  await client.pauseRequest({ threadId });
  await client.event('stopped', ({ body }) => body.threadId === threadId);
  expect((await client.topFrame(threadId)).text).toContain('loop');
  await client.continueRequest({ threadId });
  expect((await client.custom('lunatic/process', { process: busy.key })).state).not.toBe('paused');
});

test('a process that is paused and continued from elsewhere is shown so', async () => {
  const client = await AdapterClient.stdio();
  await client.run(echo);
  const threadId = await client.waitingThread(2);
  await client.custom('lunatic/pause', { process: keyFromText('1:2') });
  expect((await client.event('stopped')).body).toMatchObject({ reason: 'pause', threadId });
  await client.custom('lunatic/resume', { process: keyFromText('1:2') });
  expect((await client.event('continued')).body).toEqual({ threadId, allThreadsContinued: false });
});

test('terminating a thread kills its process and no other', async () => {
  const client = await AdapterClient.stdio();
  await client.run(echo);
  const [first] = [await client.waitingThread(2), await client.waitingThread(3)];
  await client.customRequest('terminateThreads', { threadIds: [first] });
  const { body } = await client.event('thread', (event) => event.body.reason === 'exited');
  expect(body.threadId).toBe(first);
  await client.custom('lunatic/send', { process: keyFromText('1:3'), data: text('still here') });
  await client.printed('still here');
  await expect(client.pauseRequest({ threadId: first })).rejects.toThrow(
    `There is no thread ${first} any more`,
  );
});

test('10,000 processes: the first 1,000 are threads, which is told once; the others take their places', async () => {
  const client = await AdapterClient.stdio();
  await client.run(
    guest(
      `(global $i (mut i32) (i32.const 0))
      (func (export "_start")
        (loop $next
          (drop (call $spawn (i64.const 0) (text "idle")))
          (global.set $i (i32.add (global.get $i) (i32.const 1)))
          (br_if $next (i32.lt_u (global.get $i) (i32.const 9999))))
        (call $print (text "all"))
        (call $forever))
      (func (export "idle") (drop (call $receive)))`,
    ),
  );
  await client.until(() => client.processes().size === 10_000, '10,000 processes');
  const { threads } = (await client.threadsRequest()).body;
  expect(threads.length).toBe(1000);
  expect(client.output('console').match(/There are more than 1000 processes/g)).toHaveLength(1);

  // One that is not shown becomes a thread when it stops.
  await client.custom('lunatic/pause', { process: keyFromText('1:9000') });
  const { body } = await client.event('stopped');
  const shown = (await client.threadsRequest()).body.threads;
  expect(shown.length).toBe(1001);
  expect(shown.find(({ id }) => id === body.threadId)?.name).toContain('#9000 idle (paused');

  // Those that end make room for others: here for just as many, less the one too many.
  const some = threads.slice(1, 101).map(({ id }) => id);
  await client.customRequest('terminateThreads', { threadIds: some });
  await client.until(
    () =>
      some.every((id) =>
        client.eventsOf('thread').some(({ body }) => body.threadId === id && body.reason === 'exited'),
      ),
    'them to be gone',
  );
  await client.until(
    () => client.eventsOf('thread').filter(({ body }) => body.reason === 'started').length >= 1001 + 99,
    'others in their places',
  );
  expect((await client.threadsRequest()).body.threads.length).toBe(1000);
  // A page of the tree.
  const page = await client.custom('lunatic/processes', { limit: 50 });
  expect([page.processes.length, page.total]).toEqual([50, 9900]);
  await client.disconnectRequest();
}, 60_000);
