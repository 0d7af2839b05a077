import { copyFileSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { keyFromText } from '../../runtime/inspect/protocol.ts';
import { assembleText } from '../../runtime/internal.ts';
import { crashFolder, crashProgram, dumpFolder, dumpOf } from '../support/core-dumps.ts';
import { guest } from '../support/guest.ts';
import { modernWat } from '../unit/wasm/support.ts';
import { AdapterClient } from './adapter-client.ts';
import { openedDump, type Stopped, stoppedIn } from './value-guests.ts';

const sourceFileMap = { '/project': crashFolder };

function opened(coreDump: string): Promise<Stopped> {
  return openedDump(coreDump, { sourceFileMap });
}

/** The call at some depth: its function, and the comment at its line. */
async function calls({ client, threadId }: Stopped): Promise<string[]> {
  const { stackFrames } = (await client.stackTraceRequest({ threadId })).body;
  return stackFrames.map(({ name, source, line }) => {
    const text =
      source?.path === undefined ? '' : (readFileSync(source.path, 'utf8').split('\n')[line - 1] ?? '');
    return `${name}: ${/\/\/ (\w+)$/.exec(text)?.[1] ?? source?.name}`;
  });
}

test('a C program that trapped: calls at their lines, variables, messages, links', async () => {
  const dump = await opened(await dumpOf(crashProgram('crash-c')));
  const { client, threadId, scope, inside, evaluate } = dump;
  const { body } = await client.event('stopped');
  expect(body).toMatchObject({ reason: 'exception', text: 'trapped: divide by zero' });
  expect((await client.exceptionInfoRequest({ threadId })).body).toMatchObject({
    exceptionId: 'trap',
    description: 'divide by zero',
  });
  expect(await calls(dump)).toEqual(['share: division', 'serve: serving', 'start: start']);
  const own = await scope('Locals');
  expect(own.values).toMatchObject({ guests: '0' });
  expect((await inside(own.get('order'))).values).toMatchObject({ count: '12', price: '2.5' });
  const around = (await scope('Locals', 1)).values;
  expect(around).toMatchObject({ table: '7', totals: '(3) [10, 20, 30]' });
  expect(around['order']).toContain('"cake"');
  expect((await scope('Statics')).values).toEqual({ orders_seen: '42' });
  expect((await scope('Globals')).names).toEqual(['$__stack_pointer']);
  expect((await evaluate('order->count * 2')).result).toBe('24');
  expect((await evaluate('totals[1] + orders_seen', 1)).result).toBe('62');
  const [message] = (await scope('Mailbox')).all;
  expect(message?.value).toContain('two coffees');
  expect((await inside(message as never)).values).toMatchObject({ tag: '9', size: '11 bytes' });
  const peers = await scope('Links and monitors');
  expect((await inside(peers.get('linked to'))).values).toEqual({ '[0]': '#2 waiter' });
  expect((await scope('Config')).values).toMatchObject({ can_spawn_processes: 'true' });
  const threads = (await client.threadsRequest()).body.threads;
  expect(threads.map(({ name }) => name)).toEqual([expect.stringContaining('#1 kitchen')]);
});

test('a Rust program that panicked: its message, and the variables of its own calls', async () => {
  const dump = await opened(await dumpOf(crashProgram('crash-rust')));
  const { client, threadId, scope } = dump;
  const { body } = await client.event('stopped');
  expect(body.text).toBe('panicked: 7 of cake are missing');
  expect((await client.exceptionInfoRequest({ threadId })).body.description).toBe('7 of cake are missing');
  const stack = await calls(dump);
  const check = stack.findIndex((call) => call.endsWith('check: panic'));
  const main = stack.findIndex((call) => call.endsWith('main: main'));
  expect(check).toBeGreaterThan(0);
  expect(main).toBeGreaterThan(check);
  expect((await scope('Locals', check)).values).toMatchObject({
    order: 'Order {item: "cake", count: 12, notes: (2) ["no nuts", "to go"]}',
    available: '5',
    missing: '7',
  });
  expect((await scope('Locals', main)).values).toMatchObject({
    stock: '(2) {"cake": 5, "tea": 80}',
    tip: 'Some(2.5)',
  });
});

test('memory, instructions and modules of a dump can be read', async () => {
  const { client, threadId, scope } = await opened(await dumpOf(crashProgram('crash-c')));
  const memory = (await scope('Memory')).get('memory');
  const { memoryReference } = memory;
  const { body } = await client.customRequest('readMemory', { memoryReference, offset: 1024, count: 4096 });
  expect(Buffer.from(body.data, 'base64').toString('latin1')).toContain('two coffees');
  const [frame] = (await client.stackTraceRequest({ threadId })).body.stackFrames;
  const { instructions } = (
    await client.customRequest('disassemble', {
      memoryReference: frame?.instructionPointerReference,
      instructionCount: 1,
    })
  ).body;
  expect(instructions[0].instruction).toBe('i32.div_s');
  const { modules } = (await client.modulesRequest({})).body;
  expect(modules).toMatchObject([{ id: 'm1', symbolStatus: 'DWARF' }]);
});

test('what would run a dump or change it is refused in a sentence', async () => {
  const { client, threadId, scope } = await opened(await dumpOf(crashProgram('crash-c')));
  const locals = await scope('Locals');
  const refused = /A core dump can only be looked at: nothing of it runs/;
  const args = { threadId };
  await expect(client.continueRequest(args)).rejects.toThrow(refused);
  await expect(client.nextRequest(args)).rejects.toThrow(refused);
  await expect(client.stepInRequest(args)).rejects.toThrow(refused);
  await expect(client.stepOutRequest(args)).rejects.toThrow(refused);
  await expect(client.pauseRequest(args)).rejects.toThrow(refused);
  await expect(client.customRequest('restart', {})).rejects.toThrow(refused);
  await expect(
    client.setVariableRequest({ variablesReference: locals.reference, name: 'guests', value: '3' }),
  ).rejects.toThrow(refused);
  await expect(client.customRequest('terminateThreads', { threadIds: [threadId] })).rejects.toThrow(refused);
  await expect(client.custom('lunatic/send', { process: keyFromText('1:1'), data: '' })).rejects.toThrow(
    refused,
  );
  for (const command of ['kill 1', 'resume 1', 'input hello'])
    await expect(client.evaluateRequest({ expression: command, context: 'repl' })).rejects.toThrow(refused);
  const { breakpoints } = (
    await client.setBreakpointsRequest({
      source: { path: join(crashFolder, 'crash.c') },
      breakpoints: [{ line: 30 }],
    })
  ).body;
  expect(breakpoints).toMatchObject([{ verified: false, message: expect.stringMatching(refused) }]);
  // Nothing has changed.
  expect((await scope('Locals')).values).toMatchObject({ guests: '0' });
});

test('a process that stands still is saved from its session; one that runs is not', async () => {
  const client = await AdapterClient.stdio();
  await client.configure('', { program: crashProgram('crash-c'), sourceFileMap });
  await client.configurationDoneRequest();
  const { threadId = 0 } = (await client.event('stopped')).body;
  // What failed shows its variables in the session, too.
  const live = stoppedIn(client, threadId);
  expect((await live.scope('Locals')).values).toMatchObject({ guests: '0' });
  expect((await live.scope('Locals', 1)).values).toMatchObject({ totals: '(3) [10, 20, 30]' });
  const path = join(dumpFolder(), 'saved.coredump');
  const { process } = await client.custom('lunatic/processOf', { threadId });
  await client.custom('lunatic/saveCoreDump', { process, path });
  const waiter = keyFromText('1:2');
  await expect(client.custom('lunatic/saveCoreDump', { process: waiter, path })).rejects.toThrow(
    'process 2 runs: it must be paused, or held after a failure, for a core dump',
  );
  await client.custom('lunatic/pause', { process: waiter });
  const second = join(dumpFolder(), 'paused.coredump');
  await client.custom('lunatic/saveCoreDump', { process: waiter, path: second });
  await expect(
    client.custom('lunatic/saveCoreDump', { process: waiter, path: join(path, 'below a file') }),
  ).rejects.toThrow(/The core dump cannot be written to .*saved\.coredump: /);
  expect(client.errors.at(-1)).toMatchObject({ id: 2013, showUser: true });
  await client.disconnectRequest();

  const failed = await opened(path);
  expect((await failed.client.event('stopped')).body.text).toBe('trapped: divide by zero');
  expect((await failed.scope('Locals', 1)).values).toMatchObject({ table: '7', totals: '(3) [10, 20, 30]' });
  expect((await failed.scope('Statics')).values).toEqual({ orders_seen: '42' });
  const paused = await opened(second);
  expect((await paused.client.event('stopped')).body.reason).toBe('pause');
  expect((await calls(paused)).at(-1)).toMatch(/^waiter/);
  const peers = await paused.scope('Links and monitors');
  expect((await paused.inside(peers.get('linked to'))).values).toEqual({ '[0]': '#1 kitchen, tag 5' });
});

test('a session with a dump ends as others do', async () => {
  const { client } = await opened(await dumpOf(crashProgram('crash-c')));
  await client.customRequest('terminate', {});
  await client.event('terminated');
  await client.disconnectRequest();
});

test('text modules, without locals where the program ran at full speed', async () => {
  const program = join(dumpFolder(), 'text.wat');
  writeFileSync(
    program,
    `(module
  (func $half (param $number i32) (result i32)
    (i32.div_u (local.get $number) (i32.const 0)))
  (func (export "_start")
    (drop (call $half (i32.const 8)))))`,
  );
  const { client, threadId, scope, evaluate } = await opened(await dumpOf(program));
  expect(await client.topFrame(threadId)).toMatchObject({
    name: 'half',
    line: expect.stringContaining('i32.div_u'),
  });
  expect((await scope('Locals')).values).toEqual({ $number: '8' });
  expect((await evaluate('$number + 1')).result).toBe('9');
  const fast = await opened(await dumpOf(program, ['--core-dump-fast']));
  expect((await fast.client.topFrame(fast.threadId)).name).toBe('half');
  expect((await fast.scope('Locals')).values).toEqual({
    '': 'the program ran at full speed, without keeping them',
  });
});

test('a module that the program has compiled is in its dump', async () => {
  const inner = await assembleText(
    '(module (func (export "fall") (param $depth i32) (unreachable)) (func (export "go") (call 0 (i32.const 3))))',
    'inner.wat',
  );
  const program = join(dumpFolder(), 'outer.wat');
  const text = guest(
    `(func (export "_start")
      (if (call $process.compile_module (blob "inner") (i32.const 0)) (then (unreachable)))
      (drop (call $process.spawn (i64.const 0) (i64.const -1) (i64.load (i32.const 0))
        (text "go") (i32.const 0) (i32.const 0) (i32.const 8)))
      (call $process.monitor (i64.load (i32.const 8)))
      (drop (call $receive)))`,
    { blobs: { inner } },
  );
  writeFileSync(program, text);
  const { client, threadId, scope } = await opened(await dumpOf(program));
  expect(await client.topFrame(threadId)).toMatchObject({ name: 'fall', line: 'unreachable' });
  expect((await scope('Locals')).values).toEqual({ $depth: '3' });
});

test('a dump of another build is refused; the module can be named', async () => {
  const folder = dumpFolder();
  const program = crashProgram('crash-c', folder);
  const dump = await dumpOf(program);
  const other = join(folder, 'old.wasm');
  copyFileSync(program, other);
  const bytes = readFileSync(program);
  // A function's code is another one, of the same size.
  bytes[bytes.lastIndexOf('cake') + 1] = 0x6f;
  writeFileSync(program, bytes);
  const client = await AdapterClient.stdio();
  await expect(client.launchRequest({ coreDump: dump } as never)).rejects.toThrow(
    /crash-c\.wasm' is another build than the one that the core dump is of/,
  );
  expect(client.errors.at(-1)).toMatchObject({ id: 2012, showUser: true });
  await expect(client.launchRequest({ coreDump: dump, program: '/nowhere.wasm' } as never)).rejects.toThrow(
    /'\/nowhere\.wasm' is not found/,
  );
  const large = join(folder, 'large.wasm');
  writeFileSync(large, bytes);
  truncateSync(large, 2 ** 30);
  await expect(client.launchRequest({ coreDump: dump, program: large } as never)).rejects.toThrow(
    /large\.wasm' is too large to be a module/,
  );
  await client.launchRequest({ coreDump: dump, program: other, sourceFileMap } as never);
  await client.event('initialized');
});

test.each([
  ['nothing', () => join(dumpFolder(), 'nowhere'), /cannot be read: ENOENT/],
  ['a folder', () => dumpFolder(), /it is not a file|EISDIR/],
  ['a module', () => crashProgram('crash-c'), /it has code or other things that no core dump has/],
  ['a text', () => join(crashFolder, 'crash.c'), /it does not begin as a core dump does/],
  ['a device', () => '/dev/zero', /it is not a file/],
])('%s is no dump', async (_, path, message) => {
  const client = await AdapterClient.stdio();
  await expect(client.launchRequest({ coreDump: path() } as never)).rejects.toThrow(message);
  expect(client.errors.at(-1)).toMatchObject({ id: 2011, showUser: true });
});

/** A program of two memories, which sleeps before it traps. */
const TWO_MEMORIES = `(module
  (import "lunatic::process" "sleep_ms" (func $sleep (param i64)))
  (memory (export "memory") 1) (memory $other 3)
  (data (i32.const 8) "in the first") (data $other (memory $other) (i32.const 100000) "in the second")
  (func (export "_start") (local $at i32)
    (local.set $at (i32.const 100000))
    (call $sleep (i64.const 1))
    (unreachable)))`;

/** What is displayed of its memories, and where the second text is. */
async function secondMemory({ client, scope }: Stopped): Promise<string> {
  const memories = await scope('Memory');
  expect(memories.values).toEqual({ memory: '64 KiB', 'memory 1': '192 KiB' });
  const read = async (name: string, offset: number, count: number) => {
    const { memoryReference } = memories.get(name);
    const { body } = await client.customRequest('readMemory', { memoryReference, offset, count });
    return Buffer.from(body.data, 'base64').toString('latin1');
  };
  expect(await read('memory', 8, 12)).toBe('in the first');
  expect(await read('memory 1', 100_000, 13)).toBe('in the second');
  expect((await scope('Locals')).values).toEqual({ $0: '100000' });
  return memories.get('memory 1').memoryReference ?? '';
}

test('of a process with several memories, all are displayed: in a dump, and while it stands still', async () => {
  const program = join(dumpFolder(), 'two.wasm');
  writeFileSync(program, modernWat(TWO_MEMORIES));
  const runtimeArgs = ['--max-memories', '2'];
  const dump = await opened(await dumpOf(program, runtimeArgs));
  const reference = await secondMemory(dump);
  expect((await dump.evaluate('memory[8] + $0')).result).toBe('100105');
  await expect(dump.evaluate('memory[65536]')).rejects.toThrow('There is no element 65536');
  const data = Buffer.from('now').toString('base64');
  await expect(
    dump.client.customRequest('writeMemory', { memoryReference: reference, offset: 100_000, data }),
  ).rejects.toThrow(/A core dump can only be looked at/);

  const client = await AdapterClient.stdio();
  await client.configure('', { program, runtimeArgs });
  await client.setFunctionBreakpointsRequest({ breakpoints: [{ name: 'process::sleep_ms' }] });
  await client.configurationDoneRequest();
  const live = stoppedIn(client, (await client.event('stopped')).body.threadId ?? 0);
  const memoryReference = await secondMemory(live);
  await client.customRequest('writeMemory', { memoryReference, offset: 100_007, data });
  const { body } = await client.customRequest('readMemory', { memoryReference, offset: 100_000, count: 13 });
  expect(Buffer.from(body.data, 'base64').toString('latin1')).toBe('in the nowond');
});
