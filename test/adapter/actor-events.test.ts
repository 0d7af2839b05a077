import { join } from 'node:path';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { expect, onTestFinished, test } from 'vitest';
import { keyFromText } from '../../runtime/inspect/protocol.ts';
import { projectFolder, RunningCommand } from '../support/command.ts';
import { guest } from '../support/guest.ts';
import { AdapterClient, guestFile, testFolder } from './adapter-client.ts';

/** A program that has begun with some filters. */
class Watching {
  readonly client: AdapterClient;
  readonly breakpoints: DebugProtocol.Breakpoint[];
  #stops = 0;

  constructor(client: AdapterClient, breakpoints: DebugProtocol.Breakpoint[]) {
    this.client = client;
    this.breakpoints = breakpoints;
  }

  static async run(functions: string, ...filters: [filterId: string, condition?: string][]) {
    const client = await AdapterClient.stdio();
    await client.configure(guest(functions));
    const watching = new Watching(client, await setFilters(client, ...filters));
    await client.configurationDoneRequest();
    return watching;
  }

  /** The next stop: the process, what is said of it, and the functions that it is in. */
  async stop() {
    const at = this.#stops++;
    const { body } = await this.client.until(() => this.client.eventsOf('stopped')[at], 'a stop');
    const { threadId = 0 } = body;
    const { stackFrames } = (await this.client.stackTraceRequest({ threadId })).body;
    const { exceptionId, description } = (await this.client.customRequest('exceptionInfo', { threadId }))
      .body;
    return { body, threadId, exceptionId, description, calls: stackFrames.map(({ name }) => name) };
  }

  async threadOf(id: number): Promise<number> {
    return (await this.client.custom('lunatic/thread', { process: keyFromText(`1:${id}`) })).threadId;
  }

  get stops(): number {
    return this.client.eventsOf('stopped').length;
  }
}

async function setFilters(client: AdapterClient, ...filters: [filterId: string, condition?: string][]) {
  const filterOptions = filters.map(([filterId, condition]) => ({ filterId, condition }));
  const { body } = await client.customRequest('setExceptionBreakpoints', { filters: [], filterOptions });
  return body.breakpoints;
}

/** The root sends the worker, which is process 2, messages with the tags 4 to 6. */
const POST = `
  (func $work (export "worker")
    (loop $next
      (drop (call $receive))
      (call $print (text "got one"))
      (br $next)))
  (func $post (param $to i64) (param $tag i64) (param $at i32) (param $length i32)
    (call $message.create_data (local.get $tag) (i64.const 8))
    (drop (call $message.write_data (local.get $at) (local.get $length)))
    (drop (call $message.send (local.get $to)))
    (nop))
  (func (export "_start") (local $worker i64)
    (local.set $worker (call $spawn (i64.const 0) (text "worker")))
    (call $post (local.get $worker) (i64.const 4) (text "ping"))
    (call $post (local.get $worker) (i64.const 5) (text "ping"))
    (call $post (local.get $worker) (i64.const 6) (text "pong!"))
    (call $print (text "all sent"))
    (call $forever))`;

test('a process stops behind the line that sends a message with a tag, size, receiver and content', async () => {
  const watching = await Watching.run(POST, [
    'actors',
    'send tag == 5 && size == 4 && receiver == 2 && sender == 1 && content == "ping" && content[0] == \'p\'',
  ]);
  expect(watching.breakpoints).toEqual([{ id: expect.any(Number), verified: true }]);
  const { body, threadId, exceptionId, description, calls } = await watching.stop();
  expect(body).toMatchObject({
    reason: 'exception',
    description: 'Paused on message sent',
    hitBreakpointIds: [watching.breakpoints[0]?.id],
  });
  expect(threadId).toBe(await watching.threadOf(1));
  expect(exceptionId).toBe('message sent');
  expect(description).toBe('message sent to #2 worker: tag 5, 4 bytes, "ping"');
  expect(calls[0]).toBe('post');
  // It is still in the call that has sent it.
  const { id: frameId } = await watching.client.topFrame(threadId);
  expect((await watching.client.evaluateRequest({ expression: '$tag', frameId })).body.result).toBe('5');
  await watching.client.continueRequest({ threadId });
  await watching.client.printed('all sent');
  expect(watching.stops).toBe(1);
});

test('a process stops behind the line that receives a message, from whomever it comes', async () => {
  const watching = await Watching.run(POST, [
    'actors',
    'receive entry worker && contains(content, "on") && sender == 1',
  ]);
  const { body, threadId, description, calls } = await watching.stop();
  expect(body.description).toBe('Paused on message received');
  expect(threadId).toBe(await watching.threadOf(2));
  expect(description).toBe('message received from #1 _start: tag 6, 5 bytes, "pong!"');
  expect(calls).toContain('work');
  expect(watching.client.output('stdout').match(/got one/g)).toHaveLength(2);
  await watching.client.continueRequest({ threadId });
  await watching.client.printed('got one\ngot one\ngot one');
  expect(watching.stops).toBe(1);
});

test('messages that wait in a mailbox have their senders when they are received', async () => {
  const watching = await Watching.run(
    `
    (func (export "a") (call $send (i64.const 1) (i64.const 7) (i64.const 1)))
    (func (export "b") (call $send (i64.const 1) (i64.const 8) (i64.const 1)))
    (func (export "_start")
      (drop (call $spawn (i64.const 0) (text "a")))
      (drop (call $spawn (i64.const 0) (text "b")))
      (drop (call $receive_tag (i64.const 8) (i64.const -1)))
      (drop (call $receive_tag (i64.const 7) (i64.const -1)))
      (call $print (text "done"))
      (call $forever))`,
    ['actors', 'receive size == 8'],
  );
  const first = await watching.stop();
  expect(first.description).toMatch(/^message received from #3( b)?: tag 8, 8 bytes/);
  await watching.client.continueRequest({ threadId: first.threadId });
  const second = await watching.stop();
  expect(second.description).toMatch(/^message received from #2( a)?: tag 7, 8 bytes/);
});

test('a normal exit and one with code 0 are held, and end when they go on', async () => {
  const watching = await Watching.run(
    `
    (func (export "worker") (call $print (text "working")))
    (func (export "other") (call $proc_exit (i32.const 0)))
    (func (export "_start")
      (call $run (text "worker"))
      (call $print (text "worker ended"))
      (call $run (text "other"))
      (call $print (text "other ended"))
      (call $forever))`,
    ['actors', 'exit'],
  );
  const first = await watching.stop();
  expect(first).toMatchObject({ exceptionId: 'normal exit', description: 'its function has returned' });
  expect(first.threadId).toBe(await watching.threadOf(2));
  expect(watching.client.output('stdout')).not.toContain('worker ended');
  await watching.client.continueRequest({ threadId: first.threadId });
  const second = await watching.stop();
  expect(second).toMatchObject({ exceptionId: 'normal exit', description: 'exited with code 0' });
  await watching.client.continueRequest({ threadId: second.threadId });
  await watching.client.printed('other ended');
});

const VICTIM = `
  (func $wait_on (export "victim")
    (call $send (i64.const 1) (i64.const 99) (i64.const 0))
    (drop (call $receive)))
  (func (export "failing") unreachable)
  (func (export "linked") (local $peer i64)
    (local.set $peer (call $spawn (i64.const 7) (text "failing")))
    (drop (call $receive)))
  (func (export "_start") (local $victim i64)
    (local.set $victim (call $spawn (i64.const 0) (text "victim")))
    (call $process.monitor (local.get $victim))
    (call $message.create_data (i64.const 0) (i64.const 0))
    (drop (call $process.exists (local.get $victim)))
    (drop (call $receive_tag (i64.const 99) (i64.const -1)))
    (call $process.kill (local.get $victim))
    (call $expect (call $receive) (i32.const 2))
    (call $print (text "the victim has died"))
    (drop (call $spawn (i64.const 0) (text "linked")))
    (call $forever))`;

test('a process that is killed is held with its stack, and dies when it goes on', async () => {
  const watching = await Watching.run(VICTIM, ['kills', 'by == 1']);
  const { threadId, exceptionId, description, calls } = await watching.stop();
  expect(threadId).toBe(await watching.threadOf(2));
  expect({ exceptionId, description }).toEqual({ exceptionId: 'kill', description: 'killed by #1 _start' });
  expect(calls).toContain('wait_on');
  expect(watching.client.output('stdout')).not.toContain('has died');
  await watching.client.continueRequest({ threadId });
  await watching.client.printed('the victim has died');
});

test('a process that dies through a link is held before it does', async () => {
  const watching = await Watching.run(VICTIM, ['kills', 'link']);
  const { threadId, description, calls } = await watching.stop();
  expect(threadId).toBe(await watching.threadOf(3));
  expect(description).toBe('killed through its link to #4 failing, which has died');
  expect(calls).toContain('linked');
  await watching.client.continueRequest({ threadId });
  await watching.client.event('thread', ({ body }) => body.reason === 'exited' && body.threadId === threadId);
});

test('a process that is held since it was killed is killed for good by a person', async () => {
  const watching = await Watching.run(VICTIM, ['kills', 'by == 1']);
  const { threadId } = await watching.stop();
  await watching.client.customRequest('terminateThreads', { threadIds: [threadId] });
  await watching.client.printed('the victim has died');
});

test('links and monitors that are made or broken stop the process that does it, or is told', async () => {
  const watching = await Watching.run(
    `
    (func (export "peer") (drop (call $receive)))
    (func (export "_start") (local $peer i64)
      (call $process.die_when_link_dies (i32.const 0))
      (local.set $peer (call $spawn (i64.const 0) (text "peer")))
      (call $process.link (i64.const 5) (local.get $peer))
      (call $process.unlink (local.get $peer))
      (call $process.monitor (local.get $peer))
      (call $send (local.get $peer) (i64.const 1) (i64.const 1))
      (drop (call $receive))
      (call $print (text "done"))
      (call $forever))`,
    ['actors', 'link process.id == 1; monitor process.id == 1'],
  );
  const said: string[] = [];
  for (let i = 0; i < 4; i++) {
    const { threadId, description } = await watching.stop();
    said.push(description);
    await watching.client.continueRequest({ threadId });
  }
  expect(said).toEqual([
    'linked to #2 peer under tag 5',
    'no longer linked to #2 peer',
    'monitors #2 peer',
    '#2 peer has ended, which it monitored',
  ]);
  await watching.client.printed('done');
});

test('a process stops where it registers a name', async () => {
  const watching = await Watching.run(
    `(func (export "_start")
      (call $registry.put (text "cache") (i64.const 0) (i64.const 1))
      (call $registry.put (text "db") (i64.const 0) (i64.const 1))
      (call $print (text "done"))
      (call $forever))`,
    ['actors', 'register name == "db"'],
  );
  const { threadId, exceptionId, description } = await watching.stop();
  expect(exceptionId).toBe('registered name');
  expect(description).toBe('registered #1 cache as "db"');
  await watching.client.continueRequest({ threadId });
  await watching.client.printed('done');
});

test('a process stops when its mailbox is longer than a number of messages', async () => {
  const watching = await Watching.run(
    `
    (func (export "slow") (drop (call $receive_tag (i64.const 99) (i64.const -1))))
    (func (export "_start") (local $slow i64) (local $i i64)
      (local.set $slow (call $spawn (i64.const 0) (text "slow")))
      (loop $more
        (call $send (local.get $slow) (i64.const 5) (i64.const 1))
        (br_if $more (i64.lt_s (local.tee $i (i64.add (local.get $i) (i64.const 1))) (i64.const 20))))
      (call $print (text "flooded"))
      (call $forever))`,
    ['actors', 'mailbox > 9 && process.entry == "slow"'],
  );
  const { threadId, exceptionId, description, calls } = await watching.stop();
  expect(threadId).toBe(await watching.threadOf(2));
  expect({ exceptionId, description }).toEqual({
    exceptionId: 'long mailbox',
    description:
      '10 messages in its mailbox, the last one from #1 _start: tag 5, 8 bytes, 01 00 00 00 00 00 00 00',
  });
  expect(calls).toContain('slow');
  await watching.client.printed('flooded');
});

test('a process that waits for longer than a time stops where it waits', async () => {
  const watching = await Watching.run(
    `
    (func $idle (export "worker") (drop (call $receive)))
    (func (export "_start")
      (drop (call $spawn (i64.const 0) (text "worker")))
      (call $forever))`,
    ['actors', 'wait > 50ms && process.entry == "worker" && kind == "message"'],
  );
  const { threadId, exceptionId, description, calls } = await watching.stop();
  expect(threadId).toBe(await watching.threadOf(2));
  expect(exceptionId).toBe('long wait');
  expect(description).toMatch(/^waiting for a message for \d+ m?s$/);
  expect(calls).toContain('idle');
});

test('conditions of filters that make no sense are refused with a word', async () => {
  const client = await AdapterClient.stdio();
  await client.configure(guest('(func (export "_start") (call $forever))'));
  expect(
    await setFilters(
      client,
      ['sends', 'tagg == 5'],
      ['sends', 'tag == '],
      ['mailbox'],
      ['waits', ''],
      ['names', 'name > "a"'],
      ['kills', 'link'],
      ['nonsense'],
    ),
  ).toMatchObject([
    {
      verified: false,
      message: 'there is no tagg here, but tag, kind, size, sender, receiver, content, process',
    },
    { verified: false, message: expect.stringContaining('The condition cannot be read') },
    { verified: false, message: "Edit its condition: '> 100', for example" },
    { verified: false, message: "Edit its condition: '> 2s', for example" },
    { verified: false, message: 'texts are only equal or different' },
    { verified: true },
    { verified: false },
  ]);
});

test('clients are told of few filters; the examples of each are taken as they stand', async () => {
  const client = await AdapterClient.stdio();
  const { body = {} } = await client.initializeRequest();
  await client.configure(guest('(func (export "_start") (call $forever))'));
  const processes = ['entry worker', 'name db', 'id 5', 'under 5'];
  const examples: Record<string, string[]> = {
    traps: [...processes, 'panic', '!panic'],
    'failed-exits': [...processes, 'code == 3', 'panic'],
    kills: [...processes, 'link', '!link', 'by == 3'],
    actors: [
      'send tag == 5',
      'spawn',
      'mailbox > 100',
      'receive entry worker',
      'wait > 2s',
      'exit',
      'link',
      'monitor',
      'register name == "db"',
    ],
  };
  const { exceptionBreakpointFilters: filters = [] } = body;
  expect(filters.map(({ filter }) => filter)).toEqual(Object.keys(examples));
  for (const { filter, conditionDescription } of filters) {
    const taken = [];
    for (const example of examples[filter] ?? []) {
      expect(conditionDescription).toContain(example);
      const [breakpoint] = await setFilters(client, [filter, example]);
      if (breakpoint?.verified === true) taken.push(example);
    }
    expect(taken).toEqual(examples[filter]);
  }
  // The examples of what actors do are taken together, too.
  const all = filters.at(-1)?.conditionDescription ?? '';
  expect(await setFilters(client, ['actors', all])).toMatchObject([{ verified: true }]);
});

test('the condition of actor events says which they are', async () => {
  const client = await AdapterClient.stdio();
  await client.configure(guest('(func (export "_start") (call $forever))'));
  for (const condition of [
    'send tag == 5 && size > 100 && sender == 3 && receiver == 4 && content == "ping" && kind == "data"',
    'receive contains(content, "a;b") && content[0] == \';\'; spawn',
    'spawn under 5',
    'link made && peer == 3 && tag == 5',
    'link !made',
    'monitor entry worker && made',
    'mailbox 100 && process.name == "db"',
    'mailbox bytes > 1000 && contains(content, "pi")',
    'wait > 500ms && kind == "message"',
    'exit id 3;',
  ])
    expect([condition, ...(await setFilters(client, ['actors', condition]))]).toMatchObject([
      condition,
      { verified: true },
    ]);
});

test('a condition of actor events that makes no sense is refused, and none of its events counts', async () => {
  const client = await AdapterClient.stdio();
  await client.configure(
    guest(`
    (func (export "worker"))
    (func (export "_start") (call $run (text "worker")) (call $print (text "done")) (call $forever))`),
  );
  const faults = {
    '': "Edit its condition: 'spawn', 'send tag == 5', for example",
    sned: "'sned' does not begin with an event, as in 'send tag == 5': spawn, exit, send, receive",
    'tag == 5': "'tag == 5' does not begin with an event",
    'spawn; mailbox': "Edit its condition: '> 100', for example",
    'spawn; wait entry worker': "Edit its condition: '> 2s', for example",
    'spawn; send tag ==': 'The condition cannot be read',
    'spawn; exit; send tagg == 5': 'there is no tagg here, but tag, kind',
  };
  for (const [condition, message] of Object.entries(faults))
    expect(await setFilters(client, ['actors', condition])).toMatchObject([
      { verified: false, message: expect.stringContaining(message) },
    ]);
  await client.configurationDoneRequest();
  await client.printed('done');
  expect(client.eventsOf('stopped')).toEqual([]);
});

test('one filter stops at several kinds of what actors do, and is what the client is told of', async () => {
  const watching = await Watching.run(POST, ['actors', 'link; send tag == 4; receive tag == 5']);
  const [breakpoint] = watching.breakpoints;
  expect(breakpoint).toEqual({ id: expect.any(Number), verified: true });
  for (const [what, tag] of [
    ['message sent', 'tag 4'],
    ['message received', 'tag 5'],
  ] as const) {
    const { body, threadId, description } = await watching.stop();
    expect(body).toMatchObject({
      description: `Paused on ${what}`,
      hitBreakpointIds: [breakpoint?.id],
    });
    expect(description).toContain(tag);
    await watching.client.continueRequest({ threadId });
  }
});

test('a filter that clients have kept from before works as it did', async () => {
  const client = await AdapterClient.stdio();
  await client.configure(guest('(func (export "_start") (call $forever))'));
  const messages =
    'tag == 5 && size > 100 && sender == 3 && receiver == 4 && content == "ping" && kind == "data"';
  const conditions: [string, string?][] = [
    ['normal-exits'],
    ['normal-exits', 'entry worker'],
    ['spawns', 'under 5'],
    ['sends', messages],
    ['receives', 'contains(content, "pi")'],
    ['ties', 'made && kind == "link" && peer == 3 && tag == 5'],
    ['ties', '!made'],
    ['ties', 'entry worker && made'],
    ['names', 'name == "db" && target == 3'],
    ['mailbox', '100 && process.name == "db"'],
    ['waits', '500ms && kind == "message"'],
  ];
  const breakpoints = await setFilters(client, ...conditions);
  expect(breakpoints).toMatchObject(conditions.map(() => ({ verified: true })));
});

test.each([
  ['failed-exits', 'entry worker || code == 3', "'entry worker || code == 3' cannot be read"],
  ['failed-exits', 'entry worker == 3', 'cannot be read'],
  ['spawns', 'name db | id 3', 'cannot be read'],
  ['mailbox', '100 || bytes > 5', '100 is always true; compare it with something'],
  ['sends', 'tag == 5 && 3', '3 is always true'],
  ['sends', '!5', '5 is always true'],
])('a condition that would mean something else is refused: %s, %s', async (filter, condition, message) => {
  const client = await AdapterClient.stdio();
  await client.configure(guest('(func (export "_start") (call $forever))'));
  expect(await setFilters(client, [filter, condition])).toMatchObject([
    { verified: false, message: expect.stringContaining(message) },
  ]);
});

test('the filter for traps tells panics from other traps, and a panic keeps its message', async () => {
  const program = join(projectFolder, 'test', 'guests', 'built', 'rust', 'panic.wasm');
  const panicked = await AdapterClient.stdio();
  await panicked.configure('', { program, cwd: testFolder() });
  const [breakpoint] = await setFilters(panicked, ['traps', 'panic']);
  await panicked.configurationDoneRequest();
  expect((await panicked.event('stopped')).body).toMatchObject({
    reason: 'exception',
    description: 'Paused on trap',
    text: 'panicked: the cat number 24 is not in the box',
    hitBreakpointIds: [breakpoint?.id],
  });
  const watching = await Watching.run('(func (export "_start") unreachable)', ['traps', 'panic']);
  await watching.client.event('terminated');
  expect(watching.stops).toBe(0);
});

test('a program without probes stops at what its processes do, too', async () => {
  const command = new RunningCommand(['run', '--inspect', '--inspect-wait', guestFile(guest(POST))], {
    input: null,
  });
  onTestFinished(() => {
    command.child.kill('SIGKILL');
  });
  await command.printed('ws://', 'stderr');
  const client = await AdapterClient.stdio();
  await client.attachRequest({ url: /ws:\S+/.exec(command.stderr)?.[0] ?? '' } as object);
  await client.event('initialized');
  const watching = new Watching(client, await setFilters(client, ['actors', 'receive tag == 5']));
  await client.configurationDoneRequest();
  const { threadId, description } = await watching.stop();
  expect(threadId).toBe(await watching.threadOf(2));
  expect(description).toContain('tag 5');
  // Messages that it is not asked about any more go the fast way again.
  await setFilters(watching.client);
  await watching.client.continueRequest({ threadId });
  await watching.client.printed('got one\ngot one\ngot one');
});
