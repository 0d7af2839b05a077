import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { keyFromText } from '../../runtime/inspect/protocol.ts';
import { projectFolder } from '../support/command.ts';
import { guest } from '../support/guest.ts';
import { AdapterClient, testFolder } from './adapter-client.ts';
import { echo } from './guests.ts';

/** A root that waits in a function in a function. */
const nested = guest(`
  (func (export "_start") (call $outer))
  (func $outer (call $inner (i32.const 7)))
  (func $inner (param i32)
    (drop (call $message.receive (i32.const 0) (i32.const 0) (i64.const -1))) ;; waits here
    (call $print (text "got it")))`);

test('the stack of a process that waits: function names, and the instruction in the text of the module', async () => {
  const client = await AdapterClient.stdio();
  await client.run(nested);
  const threadId = await client.waitingThread(1);
  const { stackFrames, totalFrames } = (await client.stackTraceRequest({ threadId })).body;
  expect(stackFrames.map(({ name }) => name)).toEqual(['inner', 'outer', '_start']);
  expect(totalFrames).toBe(3);
  expect(new Set(stackFrames.map(({ source }) => source?.name))).toEqual(new Set(['guest.wat']));
  const lines = await Promise.all(stackFrames.map((frame) => client.textAt(frame)));
  expect(lines).toEqual([
    expect.stringMatching(/^call \$message\.receive/),
    expect.stringMatching(/^call \$inner/),
    expect.stringMatching(/^call \$outer/),
  ]);
});

test("a call that a macro has put around the author's function is dimmed, and leaves no trace in its name", async () => {
  const client = await AdapterClient.stdio();
  await client.run(
    guest(`
      (func (export "_start") (call $shop::pays))
      (func $shop::pays (call $shop::pays::__with_mailbox))
      (func $shop::pays::__with_mailbox
        (drop (call $message.receive (i32.const 0) (i32.const 0) (i64.const -1))))`),
  );
  const threadId = await client.waitingThread(1);
  const frames = (start: number) => client.stackTraceRequest({ threadId, startFrame: start, levels: 3 });
  const { stackFrames } = (await frames(0)).body;
  expect(stackFrames.map(({ name, source }) => [name, source?.presentationHint])).toEqual([
    ['shop::pays', undefined],
    ['shop::pays', 'deemphasize'],
    ['_start', undefined],
  ]);
  expect((await frames(1)).body.stackFrames).toEqual(stackFrames.slice(1));
});

test('a stack comes in pages, and the same call has the same id', async () => {
  const client = await AdapterClient.stdio();
  await client.run(nested);
  const threadId = await client.waitingThread(1);
  const first = (await client.stackTraceRequest({ threadId, startFrame: 0, levels: 1 })).body;
  const rest = (await client.stackTraceRequest({ threadId, startFrame: 1, levels: 20 })).body;
  const whole = (await client.stackTraceRequest({ threadId })).body;
  expect([first.totalFrames, rest.totalFrames]).toEqual([3, 3]);
  expect([...first.stackFrames, ...rest.stackFrames]).toEqual(whole.stackFrames);
});

test('lines count from 0 for clients that count so', async () => {
  const client = await AdapterClient.stdio();
  await client.initializeRequest({
    adapterID: 'lunatic',
    linesStartAt1: false,
    columnsStartAt1: false,
    pathFormat: 'path',
  });
  await client.run(nested);
  const threadId = await client.waitingThread(1);
  const [frame] = (await client.stackTraceRequest({ threadId })).body.stackFrames;
  const line = (await client.sourceText(frame?.source)).split('\n')[frame?.line ?? -1] ?? '';
  expect(line.slice(frame?.column)).toMatch(/^call \$message\.receive/);
});

test('the stack of a paused process', async () => {
  const client = await AdapterClient.stdio();
  await client.run(nested);
  const threadId = await client.waitingThread(1);
  await client.pauseRequest({ threadId });
  await client.event('stopped');
  expect(await client.topFrame(threadId)).toMatchObject({
    name: 'inner',
    line: expect.stringMatching(/^call \$message\.receive/),
  });
});

/** The child traps at once; the root waits. */
const broken = guest(`
  (func (export "_start")
    (drop (call $spawn (i64.const 0) (text "child")))
    (call $forever))
  (func $child (export "child") (call $divide (i32.const 0)))
  (func $divide (param i32) (drop (i32.div_u (i32.const 1) (local.get 0))))`);

test('a trap stops its process, with its reason and its stack, and no other', async () => {
  const client = await AdapterClient.stdio();
  await client.run(broken);
  const { body } = await client.event('stopped');
  expect(body).toMatchObject({
    reason: 'exception',
    description: 'Paused on trap',
    allThreadsStopped: false,
  });
  expect(body.text).toBe('trapped: divide by zero');
  const threadId = body.threadId ?? 0;
  const { threads } = (await client.threadsRequest()).body;
  expect(threads.find(({ id }) => id === threadId)?.name).toBe('#2 child (trapped: divide by zero)');

  const info = (await client.exceptionInfoRequest({ threadId })).body;
  expect(info).toMatchObject({ exceptionId: 'trap', breakMode: 'unhandled', description: 'divide by zero' });
  expect(info.details?.stackTrace).toMatch(
    /^at divide \(guest\.wat:\d+:\d+\)\nat child \(guest\.wat:\d+:\d+\)$/,
  );
  expect(await client.topFrame(threadId)).toMatchObject({
    name: 'divide',
    line: expect.stringMatching(/^i32\.div_u/),
  });

  await client.continueRequest({ threadId });
  const exited = await client.event('thread', (event) => event.body.reason === 'exited');
  expect(exited.body.threadId).toBe(threadId);
});

/** Asks for more than one frame, and tells when that was answered. */
function askForMore(
  client: AdapterClient,
  threadId: number,
): { isAnswered: boolean; answer: Promise<string[]> } {
  const request = client.stackTraceRequest({ threadId, startFrame: 0, levels: 20 });
  const asked = {
    isAnswered: false,
    answer: request.then(({ body }) => {
      asked.isAnswered = true;
      return body.stackFrames.map(({ name }) => name);
    }),
  };
  return asked;
}

test('VS Code gets no second stack of a trap before it shows the reason beside the first', async () => {
  const client = await AdapterClient.stdio('vscode');
  await client.run(broken);
  const threadId = (await client.event('stopped')).body.threadId ?? 0;
  const more = askForMore(client, threadId);
  const first = await client.stackTraceRequest({ threadId, startFrame: 0, levels: 1 });
  expect(first.body.stackFrames).toMatchObject([{ name: 'divide' }]);
  const rest = await client.stackTraceRequest({ threadId, startFrame: 1, levels: 19 });
  expect(rest.body.stackFrames).toMatchObject([{ name: 'child' }]);
  expect(more.isAnswered).toBe(false);
  await client.exceptionInfoRequest({ threadId });
  expect(await more.answer).toEqual(['divide', 'child']);
  expect(await askForMore(client, threadId).answer).toEqual(['divide', 'child']);
});

test('VS Code gets it also where it never asks for the reason', async () => {
  const client = await AdapterClient.stdio('vscode');
  await client.run(broken);
  const threadId = (await client.event('stopped')).body.threadId ?? 0;
  expect(await askForMore(client, threadId).answer).toEqual(['divide', 'child']);
});

test('other clients get a whole stack at once', async () => {
  const client = await AdapterClient.stdio();
  await client.run(broken);
  const threadId = (await client.event('stopped')).body.threadId ?? 0;
  const more = askForMore(client, threadId);
  await client.stackTraceRequest({ threadId, startFrame: 0, levels: 1 });
  expect(more.isAnswered).toBe(true);
});

test('calls that came with the language are dimmed, and a panic is called one', async () => {
  const client = await AdapterClient.stdio();
  const program = join(projectFolder, 'test', 'guests', 'built', 'rust', 'panic.wasm');
  await client.run('', { program, cwd: testFolder() });
  const threadId = (await client.event('stopped')).body.threadId ?? 0;
  const { stackFrames } = (await client.stackTraceRequest({ threadId })).body;
  const own = stackFrames.filter(({ source }) => source?.presentationHint !== 'deemphasize');
  expect(own.map(({ name }) => name).slice(0, 4)).toEqual([
    'panic::find_the_cat',
    'panic::look_inside',
    'panic::open_the_box',
    'panic::main',
  ]);
  expect(stackFrames[0]).toMatchObject({ name: 'rust_panic', source: { origin: 'library code' } });
  const { body } = await client.exceptionInfoRequest({ threadId });
  expect(body).toMatchObject({
    exceptionId: 'panic',
    description: 'the cat number 24 is not in the box',
  });
});

test('calls of a project in a folder that is called like a library are not dimmed', async () => {
  const client = await AdapterClient.stdio();
  const folder = join(testFolder(), 'llvm-project', 'shop');
  mkdirSync(folder, { recursive: true });
  const program = join(folder, 'shop.wat');
  writeFileSync(
    program,
    guest(
      '(func $core::start (export "_start") (call $open)) (func $open (call $close)) (func $close unreachable)',
    ),
  );
  await client.run('', { program });
  const threadId = (await client.event('stopped')).body.threadId ?? 0;
  const { stackFrames } = (await client.stackTraceRequest({ threadId })).body;
  const own = stackFrames.filter(({ source }) => source?.presentationHint !== 'deemphasize');
  expect(own.map(({ name }) => name)).toEqual(['close', 'open']);
});

test('where nothing else was called, what came with the language is not dimmed', async () => {
  const client = await AdapterClient.stdio();
  await client.run(guest('(func $core::start (export "_start") unreachable)'));
  const threadId = (await client.event('stopped')).body.threadId ?? 0;
  const { stackFrames } = (await client.stackTraceRequest({ threadId })).body;
  expect(stackFrames).toMatchObject([{ name: 'core::start', source: { name: 'guest.wat' } }]);
  expect(stackFrames[0]?.source?.presentationHint).toBeUndefined();
});

test('a trapped root process holds the end of the program', async () => {
  const client = await AdapterClient.stdio();
  await client.run(guest('(func (export "_start") unreachable)'));
  const { body } = await client.event('stopped');
  expect(client.eventsOf('exited')).toEqual([]);
  await client.continueRequest({ threadId: body.threadId ?? 0 });
  expect((await client.event('exited')).body.exitCode).toBe(1);
});

test('without the filter a trap ends its process', async () => {
  const client = await AdapterClient.stdio();
  await client.configure(broken);
  await client.setExceptionBreakpointsRequest({ filters: [] });
  await client.configurationDoneRequest();
  await client.event('lunatic/processesChanged', ({ body }) => body.total === 1);
  await client.until(() => client.output('stderr').includes('divi'), 'the trap');
  expect(client.eventsOf('stopped')).toEqual([]);
});

test('the filter can be set while the program runs', async () => {
  const client = await AdapterClient.stdio();
  await client.configure(
    guest(`
      (func (export "_start") (loop $next
        (drop (call $receive))
        (call $process.monitor (call $spawn (i64.const 0) (text "child")))
        (drop (call $receive))
        (call $print (text "it is dead"))
        (br $next)))
      (func (export "child") unreachable)`),
  );
  await client.setExceptionBreakpointsRequest({ filters: [] });
  await client.configurationDoneRequest();
  await client.waitingThread(1);
  await client.custom('lunatic/send', { process: keyFromText('1:1'), data: '' });
  await client.printed('it is dead\n');
  await client.setExceptionBreakpointsRequest({ filters: ['traps'] });
  await client.custom('lunatic/send', { process: keyFromText('1:1'), data: '' });
  expect((await client.event('stopped')).body.reason).toBe('exception');
  expect(client.output('stdout')).toBe('it is dead\n');
});

test('what did not trap has no exception', async () => {
  const client = await AdapterClient.stdio();
  await client.run(nested);
  const threadId = await client.waitingThread(1);
  await expect(client.exceptionInfoRequest({ threadId })).rejects.toThrow('has not failed');
});

/** Sends itself messages with tag, text, bytes; a link and a monitor die; then waits for another tag. */
const mail = guest(
  `(func (export "_start")
    (call $message.create_data (i64.const 7) (i64.const 5))
    (drop (call $message.write_data (text "hello")))
    (drop (call $message.send (call $process.process_id)))
    (call $message.create_data (i64.const 0) (i64.const 3))
    (drop (call $message.write_data (text "\\00\\ff\\80")))
    (drop (call $message.send (call $process.process_id)))
    (call $message.create_data (i64.const -2) (i64.const 0))
    (drop (call $message.send (call $process.process_id)))
    (call $process.monitor (call $spawn (i64.const 0) (text "short")))
    (drop (call $receive_tag (i64.const 99) (i64.const -1))))
  (func (export "short"))`,
);

test('a mailbox: what is in each message', async () => {
  const client = await AdapterClient.stdio();
  await client.run(mail);
  await client.process((info) => info.mailbox === 4, 'four messages');
  const threadId = await client.waitingThread(1);
  const messages = await client.scope(threadId, 'Mailbox');
  expect(messages.map(({ name, value }) => `${name} ${value}`)).toEqual([
    '[0] tag 7, 5 bytes, "hello"',
    '[1] 3 bytes, 00 ff 80',
    '[2] tag -2, 0 bytes',
    '[3] process 2 has died',
  ]);
  const fields = async (index: number) =>
    (await client.variables(messages[index]?.variablesReference ?? 0)).map(
      ({ name, value }) => `${name}: ${value}`,
    );
  expect(await fields(0)).toEqual([
    'kind: data',
    'tag: 7',
    'size: 5 bytes',
    'text: "hello"',
    'bytes: 68 65 6c 6c 6f',
  ]);
  expect(await fields(1)).toEqual(['kind: data', 'tag: 0', 'size: 3 bytes', 'bytes: 00 ff 80']);
  expect(await fields(3)).toEqual(['kind: process-died', 'tag: 0', 'process: #2']);
});

test('a long mailbox comes in pages', async () => {
  const client = await AdapterClient.stdio();
  await client.run(
    guest(`(global $i (mut i64) (i64.const 0))
      (func (export "_start")
        (loop $next
          (global.set $i (i64.add (global.get $i) (i64.const 1)))
          (call $send (call $process.process_id) (global.get $i) (i64.const 0))
          (br_if $next (i64.lt_u (global.get $i) (i64.const 3000))))
        (drop (call $receive_tag (i64.const 9999) (i64.const -1))))`),
  );
  await client.process((info) => info.mailbox === 3000, 'the messages');
  const threadId = await client.waitingThread(1);
  const [frame] = (await client.stackTraceRequest({ threadId })).body.stackFrames;
  const { scopes } = (await client.scopesRequest({ frameId: frame?.id ?? 0 })).body;
  const scope = scopes.find(({ name }) => name === 'Mailbox');
  expect(scope).toMatchObject({ indexedVariables: 3000 });
  const page = async (start: number, count: number) => {
    const variablesReference = scope?.variablesReference ?? 0;
    const { body } = await client.variablesRequest({ variablesReference, filter: 'indexed', start, count });
    return body.variables.map(({ name, value }) => `${name} ${value}`);
  };
  expect(await page(2998, 100)).toEqual([
    '[2998] tag 2999, 8 bytes, 00 00 00 00 00 00 00 00',
    '[2999] tag 3000, 8 bytes, 00 00 00 00 00 00 00 00',
  ]);
  const many = await page(100, 2500);
  expect([many.length, many[0], many.at(-1)]).toEqual([
    2500,
    expect.stringMatching(/^\[100\] tag 101,/),
    expect.stringMatching(/^\[2599\] tag 2600,/),
  ]);
});

test('links and monitors', async () => {
  const client = await AdapterClient.stdio();
  await client.run(
    guest(`
      (func (export "_start")
        (drop (call $spawn (i64.const 5) (text "idle")))
        (call $process.monitor (call $spawn (i64.const 0) (text "idle")))
        (call $forever))
      (func (export "idle") (call $forever))`),
  );
  const [root, third] = [await client.waitingThread(1), await client.waitingThread(3)];
  const [links, monitors] = await client.scope(root, 'Links and monitors');
  expect(links).toMatchObject({ name: 'linked to', value: '1 process', indexedVariables: 1 });
  expect(monitors).toMatchObject({ name: 'monitored by', value: '0 processes', variablesReference: 0 });
  const [link] = await client.variables(links?.variablesReference ?? 0);
  expect(link?.value).toBe('#2 idle');
  const [, watchers] = await client.scope(third, 'Links and monitors');
  expect(await client.variables(watchers?.variablesReference ?? 0)).toMatchObject([{ value: '#1 _start' }]);
});

test('the config of a process', async () => {
  const client = await AdapterClient.stdio();
  await client.run(echo);
  const config = await client.scope(await client.waitingThread(2), 'Config');
  expect(config).toContainEqual({ name: 'can_spawn_processes', value: 'true', variablesReference: 0 });
});

test('limits in words, and lists that expand', async () => {
  const client = await AdapterClient.stdio();
  await client.run(echo, { args: ['first', 'second'], env: { PASSWORD: 'open sesame 4711' } });
  const config = await client.scope(await client.waitingThread(2), 'Config');
  const row = (name: string) => config.find((variable) => variable.name === name);
  expect(row('max_memory')?.value).toBe('4 GiB');
  expect(row('max_fuel')?.value).toBe('no limit');
  expect(row('arguments')).toMatchObject({ value: '3 arguments', indexedVariables: 3 });
  const entries = async (name: string) =>
    (await client.variables(row(name)?.variablesReference ?? 0)).map(
      (entry) => `${entry.name} ${entry.value}`,
    );
  expect((await entries('arguments')).slice(1)).toEqual(['[1] first', '[2] second']);
  expect((await entries('preopened_directories')).join()).toContain(' -> ');
  const variables = (await entries('environment_variables')).join('\n');
  expect(variables).toMatch(/^\[\d+\] PASSWORD$/m);
  // Values may be secrets.
  expect(variables).not.toContain('sesame');
});

test('the memory of a process', async () => {
  const client = await AdapterClient.stdio();
  const twenty = guest(
    `(data (i32.const 65530) "across the edge")
    (func (export "_start") (i32.store (i32.const 20971516) (i32.const 0x64636261)) (call $forever))`,
    { memory: '(memory (export "memory") 320)' },
  );
  await client.run(twenty);
  const [memory] = await client.scope(await client.waitingThread(1), 'Memory');
  expect(memory?.value).toBe('20 MiB');
  const memoryReference = memory?.memoryReference ?? '';
  const read = async (offset: number, count: number) => {
    const { data, ...rest } = (await client.customRequest('readMemory', { memoryReference, offset, count }))
      .body;
    return { text: Buffer.from(data ?? '', 'base64').toString('latin1'), ...rest };
  };
  expect(await read(65_530, 15)).toEqual({ address: '0xfffa', text: 'across the edge' });
  expect(await read(20_971_518, 8)).toEqual({ address: '0x13ffffe', text: 'cd', unreadableBytes: 6 });
  expect(await read(30_000_000, 4)).toEqual({ address: '0x1c9c380', text: '', unreadableBytes: 4 });
  // More than one answer of the runtime can hold.
  const much = await read(0, 3_000_000);
  expect(much.text.length).toBe(3_000_000);
  expect(much.text.slice(65_530, 65_545)).toBe('across the edge');
  expect(much).not.toHaveProperty('unreadableBytes');

  const data = Buffer.from('over the hills').toString('base64');
  const write = (offset: number) => client.customRequest('writeMemory', { memoryReference, offset, data });
  await expect(write(65_530)).rejects.toThrow('stand');
  await client.pauseRequest({ threadId: await client.waitingThread(1) });
  await client.event('stopped');
  expect((await write(65_530)).body).toEqual({ offset: 65_530, bytesWritten: 14 });
  expect((await read(65_530, 15)).text).toBe('over the hillse');
  await expect(write(30_000_000)).rejects.toThrow('memory');
  await expect(write(-1)).rejects.toThrow('There is no address -1');
});

test('the console: processes, mailboxes, stacks, messages, an end', async () => {
  const client = await AdapterClient.stdio();
  await client.run(echo);
  await Promise.all([client.waitingThread(1), client.waitingThread(2), client.waitingThread(3)]);
  const evaluate = async (expression: string) =>
    (await client.evaluateRequest({ expression, context: 'repl' })).body;
  expect((await evaluate('help')).result).toContain('mailbox 5');
  expect((await evaluate('processes')).result.split('\n')).toEqual([
    '#1 _start (waiting for a message)',
    '#2 worker (waiting for a message)',
    '#3 worker (waiting for a message)',
  ]);
  expect((await evaluate('processes start')).result).toBe('#1 _start (waiting for a message)');
  expect((await evaluate('stack 2')).result).toMatch(/^receive \(0x[0-9a-f]+\)\nworker \(0x[0-9a-f]+\)$/);
  expect((await evaluate('send 2 good  morning')).result).toBe('sent to #2');
  await client.printed('good morning\n');
  expect((await evaluate('mailbox 3')).result).toBe('0 messages');
  expect((await evaluate('pause #3')).result).toBe('#3 is paused');
  await client.event('stopped');
  expect((await evaluate('resume 1:3')).result).toBe('#3 goes on');
  expect((await evaluate('pause all')).result).toBe('all processes are paused');
  await client.event('stopped', ({ body }) => body.allThreadsStopped === true);
  expect((await evaluate('processes')).result.split('\n')).toContain(
    '#2 worker (paused, waiting for a message)',
  );
  expect((await evaluate('resume all')).result).toBe('all paused processes go on');
  expect((await evaluate('kill 3')).result).toBe('#3 is killed');
  await client.event('lunatic/processesChanged', ({ body }) => body.total === 2);
  await expect(evaluate('stack 3')).rejects.toThrow("There is no process '3'");
  await expect(evaluate('dance')).rejects.toThrow("There is no command 'dance'; 'help' lists them");
  await expect(evaluate('kill')).rejects.toThrow('Which process?');
});

test('the requests of a process tree', async () => {
  const client = await AdapterClient.stdio();
  await client.run(echo);
  await client.waitingThread(2);
  const process = keyFromText('1:2');
  const page = await client.custom('lunatic/processes', { filter: { parent: keyFromText('1:1') } });
  expect(page.processes.map(({ key }) => key)).toEqual(['1:2', '1:3']);
  expect(await client.custom('lunatic/process', { process })).toMatchObject({
    entry: 'worker',
    parent: keyFromText('1:1'),
  });
  expect(await client.custom('lunatic/mailbox', { process })).toEqual({ messages: [], length: 0 });
  expect(await client.custom('lunatic/peers', { process })).toEqual({ links: [], monitors: [] });
  expect(await client.custom('lunatic/config', { process })).toHaveProperty('can_spawn_processes', true);
  const { frames } = await client.custom('lunatic/stack', { process });
  const [frame] = frames;
  if (frame === undefined) throw new Error('no frame');
  const place = await client.custom('lunatic/source', frame);
  expect(await client.textAt(place)).toContain('call $');
  const module = await client.custom('lunatic/module', { module: frame.module });
  expect(module.exports.map(({ name }) => name)).toContain('worker');
  await client.custom('lunatic/kill', { process });
  await client.event('thread', ({ body }) => body.reason === 'exited');
  await expect(client.custom('lunatic/process', { process })).rejects.toThrow(/1:2/);
});
