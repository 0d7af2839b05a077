import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { guest, main } from '../support/guest.ts';
import { AdapterClient, guestFile, testFolder } from './adapter-client.ts';
import { echo } from './guests.ts';

const hello = main('(call $print (text "hello"))');
/** Prints its arguments, a line each, without the first. */
const printArguments = main(`(local $i i32)
  (call $expect (call $args_sizes_get (i32.const 0) (i32.const 4)) (i32.const 0))
  (call $expect (call $args_get (i32.const 100) (i32.const 1000)) (i32.const 0))
  (local.set $i (i32.load (i32.const 104)))
  (call $write (local.get $i) (i32.sub (i32.add (i32.const 1000) (i32.load (i32.const 4))) (local.get $i)))
  (call $print (text "."))`);
/** Prints its variables, each with a zero behind it. */
const printVariables = main(`
  (call $expect (call $environ_sizes_get (i32.const 0) (i32.const 4)) (i32.const 0))
  (call $expect (call $environ_get (i32.const 100) (i32.const 5000)) (i32.const 0))
  (call $write (i32.const 5000) (i32.load (i32.const 4)))`);

test('prints what the program prints, tells its exit code, and is over', async () => {
  const client = await AdapterClient.stdio();
  await client.run(hello);
  const { body } = await client.event('exited');
  expect(body.exitCode).toBe(0);
  await client.event('terminated');
  expect(client.output('stdout')).toBe('hello\n');
  // The line that says where the inspector listens is not the program's.
  expect(client.output('stderr')).toBe('');
  expect(client.output('console')).toMatch(/^The program ended with exit code 0 after \d+ m?s\.\n$/);
});

test('that the program has ended well is dimmed, if the client can do that', async () => {
  const client = await AdapterClient.stdio('vscode', [], { supportsANSIStyling: true });
  await client.run('(module (func (export "_start")))');
  await client.event('terminated');
  const said = client.output();
  expect(said).toBe(`\x1b[90m${stripVTControlCharacters(said).trimEnd()}\x1b[39m\n`);
  expect(said).toMatch(/The program ended with exit code 0 after \d+ m?s\./);
});

/** Prints what it reads, and where there is nothing more, that. */
const readInput = main(`
  (i32.store (i32.const 0) (i32.const 100)) (i32.store (i32.const 4) (i32.const 100))
  (loop $next
    (call $expect (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)) (i32.const 0))
    (call $write (i32.const 100) (i32.load (i32.const 8)))
    (br_if $next (i32.load (i32.const 8))))
  (call $print (text "the end"))`);

test('a line of the console is input of the program, until that is ended', async () => {
  const client = await AdapterClient.stdio();
  await client.run(readInput);
  await client.evaluateRequest({ expression: 'input  two  spaces ', context: 'repl' });
  await client.printed(' two  spaces \n');
  await client.evaluateRequest({ expression: 'input', context: 'repl' });
  await client.evaluateRequest({ expression: 'input a\nb', context: 'repl' });
  await client.printed('\n\na\nb\n');
  expect((await client.evaluateRequest({ expression: 'eof', context: 'repl' })).body.result).toBe(
    'its input has ended',
  );
  await client.event('terminated');
  expect(client.output('stdout')).toBe(' two  spaces \n\na\nb\nthe end\n');
});

test('the input of a program may be a file', async () => {
  const cwd = testFolder();
  writeFileSync(join(cwd, 'input.txt'), 'from a file');
  const client = await AdapterClient.stdio();
  await client.run(readInput, { cwd, stdin: 'input.txt' });
  await client.event('terminated');
  expect(client.output('stdout')).toBe('from a filethe end\n');
});

test.each([
  ['that is not there', 'nothing.txt', /nothing\.txt' cannot be read: ENOENT/],
  ['that is a folder', '.', /cannot be read: it is not a file/],
])('an input %s', async (_, stdin, message) => {
  const client = await AdapterClient.stdio();
  await expect(client.launchRequest({ program: guestFile(hello), stdin } as object)).rejects.toThrow();
  expect(client.errors.map(({ id }) => id)).toEqual([2009]);
  expect(client.errors[0]?.variables?.['_message']).toMatch(message);
});

test('a program that reads a file gets nothing from the console', async () => {
  const client = await AdapterClient.stdio();
  await client.run(echo, { stdin: guestFile(hello) });
  await client.printed('started');
  await expect(client.evaluateRequest({ expression: 'input more', context: 'repl' })).rejects.toThrow();
  expect(client.errors.map(({ id }) => id)).toEqual([3007]);
});

test('tells the exit code of a program that fails, and why', async () => {
  const client = await AdapterClient.stdio();
  await client.run(main('(call $proc_exit (i32.const 7))'), { noDebug: true });
  expect((await client.event('exited')).body.exitCode).toBe(7);
  await client.event('terminated');
  expect(client.output('console')).toMatch(/^The program ended with exit code 7 after \d+ m?s\.\n$/);
});

test('why a program has failed is told once', async () => {
  const client = await AdapterClient.stdio();
  await client.run(main('unreachable'), { noDebug: true });
  await client.event('terminated');
  expect(client.output().match(/unreachable/g)).toHaveLength(1);
  expect(client.output('console')).toMatch(/^The program ended with exit code 1 after \d+ m?s\.\n$/);
  const quiet = await AdapterClient.stdio();
  await quiet.run(main('unreachable'), { noDebug: true, runtimeArgs: ['--log', 'off'] });
  await quiet.event('terminated');
  expect(quiet.output()).toMatch(/^The program ended with exit code 1 after \d+ m?s: unreachable\n$/);
});

test('tells standard output and standard error apart', async () => {
  const client = await AdapterClient.stdio();
  await client.run(
    main(`(i32.store (i32.const 0) (i32.const 100)) (i32.store (i32.const 4) (i32.const 4))
      (i64.store (i32.const 100) (i64.const 0x0a737075)) ;; "ups\\n"
      (drop (call $fd_write (i32.const 2) (i32.const 0) (i32.const 1) (i32.const 8)))
      (call $print (text "fine"))`),
  );
  await client.event('terminated');
  expect(client.output('stdout')).toBe('fine\n');
  expect(client.output('stderr')).toBe('ups\n');
});

test('characters whose bytes are printed apart stay whole', async () => {
  const client = await AdapterClient.stdio();
  // Between the two halves of each character the program waits for a message, so they come in pieces of their own.
  await client.run(
    guest(`(func (export "_start")
      (call $write (text "gr\\c3")) (drop (call $receive))
      (call $write (text "\\bc\\f0\\9f")) (drop (call $receive))
      (call $write (text "\\a6\\8a!\\n")))`),
  );
  const { key: process } = await client.process((info) => info.waitsFor === 'message', 'the root to wait');
  await client.printed('gr');
  await client.custom('lunatic/send', { process, data: '' });
  await client.printed('grü');
  await client.custom('lunatic/send', { process, data: '' });
  await client.event('terminated');
  expect(client.output('stdout')).toBe('grü🦊!\n');
});

test('bytes that are no character do not hold up the end', async () => {
  const client = await AdapterClient.stdio();
  await client.run(main('(call $write (text "half \\c3"))'));
  await client.event('terminated');
  expect(client.output('stdout')).toBe('half \ufffd');
});

test('passes on options of the runtime', async () => {
  const client = await AdapterClient.stdio();
  await client.run(
    guest(`(func (export "_start") (drop (call $spawn (i64.const 0) (text "child"))))
      (func (export "child"))`),
    { runtimeArgs: ['--no-spawn'] },
  );
  expect((await client.event('stopped')).body.text).toMatch(/no permission to spawn processes/);
});

test.each([
  ['that the runtime does not know', ['--no-such-thing'], /unknown option '--no-such-thing'/],
  ['that end the options', ['--', 'other.wasm'], /'runtimeArgs' are options of 'lunatic run'/],
  ['that are no list', '--no-net', /'runtimeArgs' must be an array/],
])('options of the runtime %s', async (_, runtimeArgs, message) => {
  const client = await AdapterClient.stdio();
  const launch = client.launchRequest({ program: guestFile(hello), runtimeArgs } as object);
  await expect(launch).rejects.toThrow();
  expect(client.errors[0]?.variables?.['_message']).toMatch(message);
});

test('gives the program its arguments, also those that look like options', async () => {
  const client = await AdapterClient.stdio();
  await client.run(printArguments, { args: ['one', '--inspect=2', '--', '-x', 'three four'] });
  await client.event('terminated');
  expect(client.output('stdout').split('\0')).toEqual([
    'one',
    '--inspect=2',
    '--',
    '-x',
    'three four',
    '.\n',
  ]);
});

test('sets variables and takes some away', async () => {
  const client = await AdapterClient.stdio();
  await client.run(printVariables, { env: { COLOUR: 'blue', GREETING: null } });
  await client.event('terminated');
  const variables = client.output('stdout').split('\0');
  expect(variables).toContain('COLOUR=blue');
  expect(client.output('stdout')).not.toContain('GREETING');
});

test('inherits the variables of the adapter', async () => {
  const client = await AdapterClient.stdio();
  await client.run(printVariables);
  await client.event('terminated');
  expect(client.output('stdout').split('\0')).toContain('GREETING=from the adapter');
});

test('the program is relative to the working folder', async () => {
  const folder = testFolder();
  mkdirSync(join(folder, 'sub'));
  writeFileSync(join(folder, 'sub', 'hello.wat'), hello);
  const client = await AdapterClient.stdio();
  await client.run('', { cwd: folder, program: 'sub/hello.wat' });
  await client.event('terminated');
  expect(client.output('stdout')).toBe('hello\n');
});

test('the program may use its folder, and those that are named besides', async () => {
  const [own, other] = [testFolder(), testFolder()];
  // Opens the first file of the arguments in the directories that are there: prints the names of these.
  const directories = main(`(local $fd i32)
    (local.set $fd (i32.const 3))
    (block $end (loop $next
      (br_if $end (call $fd_prestat_get (local.get $fd) (i32.const 0)))
      (call $expect (call $fd_prestat_dir_name (local.get $fd) (i32.const 100) (i32.load (i32.const 4))) (i32.const 0))
      (call $print (i32.const 100) (i32.load (i32.const 4)))
      (local.set $fd (i32.add (local.get $fd) (i32.const 1)))
      (br $next)))`);
  const client = await AdapterClient.stdio();
  await client.run(directories, { cwd: own, dirs: [other, `${other}::/share`] });
  await client.event('terminated');
  const printed = client.output('stdout').split('\n');
  expect(printed).toContain(other);
  expect(printed).toContain('/share');
  expect(printed).toContain('.');
});

test('calls another function where it is told to', async () => {
  const client = await AdapterClient.stdio();
  await client.run(guest('(func (export "other") (call $print (text "other")))'), { entry: 'other' });
  await client.event('terminated');
  expect(client.output('stdout')).toBe('other\n');
});

test('stops before the first instruction, and goes on', async () => {
  const client = await AdapterClient.stdio();
  await client.run(hello, { stopOnEntry: true });
  const { body } = await client.event('stopped');
  expect(body).toMatchObject({ reason: 'entry', allThreadsStopped: false });
  expect(client.output()).toBe('');
  const threadId = body.threadId ?? 0;
  const { threads } = (await client.threadsRequest()).body;
  expect(threads).toEqual([{ id: threadId, name: '#1 _start (paused)' }]);
  // It has made no call yet, but its mailbox and memory can be looked at.
  const [frame] = (await client.stackTraceRequest({ threadId })).body.stackFrames;
  expect(frame).toMatchObject({ presentationHint: 'label' });
  const { scopes } = (await client.scopesRequest({ frameId: frame?.id ?? 0 })).body;
  expect(scopes.map(({ name }) => name)).toEqual(['Mailbox', 'Links and monitors', 'Config', 'Memory']);

  expect((await client.continueRequest({ threadId })).body.allThreadsContinued).toBe(false);
  await client.event('terminated');
  expect(client.output('stdout')).toBe('hello\n');
});

test('a run without debugging stops for nothing, and its processes can be seen', async () => {
  const client = await AdapterClient.stdio();
  const text = guest(`
    (func (export "_start")
      (drop (call $spawn (i64.const 0) (text "broken")))
      (call $forever))
    (func (export "broken") unreachable)`);
  await client.run(text, { noDebug: true, stopOnEntry: true });
  await client.process((info) => info.waitsFor === 'message', 'the root to wait');
  await client.until(() => client.output('stderr').includes('unreachable'), 'the trap');
  expect(client.eventsOf('stopped')).toEqual([]);
});

test('much output comes whole', async () => {
  const client = await AdapterClient.stdio();
  const line = 'x'.repeat(99);
  await client.run(
    main(`(local $i i32)
      (loop $next
        (call $print (text "${line}"))
        (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 50000))))`),
  );
  await client.event('terminated');
  expect(client.output('stdout').length).toBe(5_000_000);
});

test('a second program in a session is refused', async () => {
  const client = await AdapterClient.stdio();
  await client.run(echo);
  await expect(client.launchRequest({ program: guestFile(hello) } as object)).rejects.toThrow(
    'This session has its program already',
  );
});
