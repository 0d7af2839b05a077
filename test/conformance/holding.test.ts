import { expect, test } from 'vitest';
import type { Process } from '../../runtime/internal.ts';
import { formatStack } from '../../runtime/kernel/guest-stack.ts';
import { dataMessage } from '../../runtime/kernel/message.ts';
import { Wait } from '../../runtime/kernel/process.ts';
import { type Program, start } from '../support/program.ts';

/** Counts in its memory for ever; its child waits for messages and prints a dot for each. */
const PROGRAM = `(module
  (import "lunatic::process" "spawn" (func $spawn (param i64 i64 i64 i32 i32 i32 i32 i32) (result i32)))
  (import "lunatic::process" "die_when_link_dies" (func $die_when_link_dies (param i32)))
  (import "lunatic::process" "sleep_ms" (func $sleep (param i64)))
  (import "lunatic::process" "link" (func $link (param i64 i64)))
  (import "lunatic::message" "create_data" (func $create_data (param i64 i64)))
  (import "lunatic::message" "send" (func $send (param i64) (result i32)))
  (import "lunatic::message" "send_receive_skip_search" (func $request (param i64 i64 i64) (result i32)))
  (import "lunatic::message" "receive" (func $receive (param i32 i32 i64) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) ".!") (data (i32.const 16) "\\00\\00\\00\\00\\01\\00\\00\\00") (data (i32.const 24) "\\01\\00\\00\\00\\01\\00\\00\\00")
  (data (i32.const 32) "dots") (data (i32.const 40) "traps") (data (i32.const 48) "loops") (data (i32.const 56) "asks")
  (func $start_child (param $name i32) (param $length i32)
    (if (call $spawn (i64.const 0) (i64.const -1) (i64.const -1) (local.get $name) (local.get $length)
          (i32.const 0) (i32.const 0) (i32.const 64)) (then unreachable)))
  (func $wait (result i32) (call $receive (i32.const 0) (i32.const 0) (i64.const -1)))
  (func $print (param $vector i32) (drop (call $write (i32.const 1) (local.get $vector) (i32.const 1) (i32.const 72))))
  (func $dot (drop (call $wait)) (call $print (i32.const 16)))
  (func (export "dots") (loop $again (call $dot) (br $again)))
  (func $crash unreachable)
  (func (export "traps") (i32.store (i32.const 100) (i32.const 4711)) (call $crash))
  (func (export "loops") (loop $again (i64.store (i32.const 104) (i64.add (i64.load (i32.const 104)) (i64.const 1))) (br $again)))
  (func (export "asks")
    (call $die_when_link_dies (i32.const 0))
    (call $link (i64.const 77) (i64.const 2))
    (call $create_data (i64.const 1) (i64.const 0))
    (if (call $request (i64.const 2) (i64.const 77) (i64.const -1)) (then unreachable))
    (call $print (i32.const 24)))
  (func (export "two") (call $start_child (i32.const 32) (i32.const 4)) (call $start_child (i32.const 56) (i32.const 4)) (drop (call $wait)))
  (func $nap (call $sleep (i64.const 1)))
  (func (export "tells")
    (call $start_child (i32.const 32) (i32.const 4))
    (call $nap)
    (call $create_data (i64.const 1) (i64.const 0))
    (drop (call $send (i64.load (i32.const 64))))
    (drop (call $wait)))
  (func (export "parent_of_dots") (call $start_child (i32.const 32) (i32.const 4)) (drop (call $wait)))
  (func (export "parent_of_traps") (call $start_child (i32.const 40) (i32.const 5)) (drop (call $wait)))
  (func (export "parent_of_loops") (call $start_child (i32.const 48) (i32.const 5)) (drop (call $wait))))`;

const turn = () => new Promise((done) => setImmediate(done));

/** Waits until something holds; the test's time limit ends it otherwise. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await turn();
}

function processOf({ root }: Program, id: number): Process {
  const found = [...root.environment.processes()].find((process) => process.id === id);
  if (found === undefined) throw new Error(`there is no process ${id}`);
  return found;
}

function send({ root }: Program, { id }: Process): void {
  root.environment.router.deliverMessage(id, dataMessage(1));
}

async function stackOf({ runtime }: Program, process: Process): Promise<string> {
  const error = await runtime.scheduler.stacks.of(process);
  return error === null ? '(none)' : formatStack(error, process);
}

test('the stack of a process that waits for a message is seen, as often as one likes, and it waits on', async () => {
  const program = await start(PROGRAM, { entry: 'parent_of_dots' });
  await until(() => program.root.environment.size === 2 && processOf(program, 2).state === 'waiting');
  const child = processOf(program, 2);
  for (let i = 0; i < 3; i++) {
    expect(await stackOf(program, child)).toMatch(/^at wait \(.*\)\nat dot \(.*\)\nat dots \(.*\)$/);
    expect(child.state).toBe('waiting');
  }
  send(program, child);
  await until(() => program.stdout.text === '.');
  const both = await Promise.all([stackOf(program, child), stackOf(program, processOf(program, 1))]);
  expect(both.map((text) => text.split('\n').length)).toEqual([3, 2]);
  send(program, child);
  await until(() => program.stdout.text === '..');
  program.root.stop();
  await program.empty;
});

test('a process that has slept, told another one something and waits is seen where it waits', async () => {
  const program = await start(PROGRAM, { entry: 'tells' });
  program.runtime.scheduler.stacks.keepRare();
  const root = processOf(program, 1);
  await until(() => root.wait === Wait.Sleep);
  expect(await stackOf(program, root)).toMatch(/^at nap \(.*\)\nat tells \(.*\)$/);
  await until(() => program.stdout.text === '.');
  for (let i = 0; i < 3; i++)
    expect(await stackOf(program, root)).toMatch(/^at wait \(.*\)\nat tells \(.*\)$/);
  program.root.stop();
  await program.empty;
});

test('a request that was looked at still takes the death of its peer for an answer', async () => {
  const program = await start(PROGRAM, { entry: 'two' });
  await until(() => program.root.environment.size === 3 && processOf(program, 3).state === 'waiting');
  expect(await stackOf(program, processOf(program, 3))).toMatch(/^at /);
  program.runtime.scheduler.kill(processOf(program, 2));
  await until(() => program.exits.some(({ process }) => process.id === 3));
  expect(program.stdout.text.replaceAll('.', '')).toBe('!');
  program.root.stop();
  await program.empty;
});

test('a paused process gets its messages when it goes on; others run meanwhile', async () => {
  const program = await start(PROGRAM, { entry: 'parent_of_dots' });
  const { scheduler } = program.runtime;
  await until(() => program.root.environment.size === 2 && processOf(program, 2).state === 'waiting');
  const child = processOf(program, 2);
  scheduler.holding.pause([child]);
  expect(child.state).toBe('paused');
  for (let i = 0; i < 3; i++) send(program, child);
  for (let i = 0; i < 20; i++) await turn();
  expect(program.stdout.text).toBe('');
  expect(child.mailbox.length).toBe(2);
  // It has its first message, and stands in the host call that will return it.
  expect((await stackOf(program, child)).split('\n').length).toBe(3);
  expect(child.state).toBe('paused');
  scheduler.holding.resume(child);
  await until(() => program.stdout.text === '...');
  program.root.stop();
  await program.empty;
});

test('a process that is resumed before anything came goes on waiting', async () => {
  const program = await start(PROGRAM, { entry: 'parent_of_dots' });
  const { holding } = program.runtime.scheduler;
  await until(() => program.root.environment.size === 2 && processOf(program, 2).state === 'waiting');
  const child = processOf(program, 2);
  const { turns } = child;
  holding.pause([child]);
  holding.resume(child);
  for (let i = 0; i < 5; i++) await turn();
  expect([child.state, child.turns]).toEqual(['waiting', turns]);
  send(program, child);
  await until(() => program.stdout.text === '.');
  program.root.stop();
  await program.empty;
});

test('a process that computes is paused at its next turn, and stands still', async () => {
  const program = await start(PROGRAM, { entry: 'parent_of_loops' });
  const { scheduler } = program.runtime;
  scheduler.stacks.keepRare();
  await until(() => program.root.environment.size === 2 && processOf(program, 2).turns > 2);
  const child = processOf(program, 2);
  scheduler.holding.pause([child]);
  await until(() => child.parked);
  const count = () => child.memory.readU64(104);
  const stopped = count();
  for (let i = 0; i < 20; i++) await turn();
  expect(count()).toBe(stopped);
  expect(await stackOf(program, child)).toMatch(/^at /);
  scheduler.holding.resume(child);
  await until(() => count() > stopped);
  program.root.stop();
  await program.empty;
});

test.each(['waiting', 'computing'])('a paused process that was %s can be killed', async (what) => {
  const program = await start(PROGRAM, { entry: what === 'waiting' ? 'parent_of_dots' : 'parent_of_loops' });
  const { scheduler } = program.runtime;
  await until(() => program.root.environment.size === 2 && processOf(program, 2).turns > 0);
  const child = processOf(program, 2);
  scheduler.holding.pause([child]);
  for (let i = 0; i < 5; i++) await turn();
  scheduler.kill(child);
  await until(() => program.exits.length === 1);
  expect(program.exits[0]).toMatchObject({ process: { id: 2 }, exit: { kind: 'killed' } });
  program.root.stop();
  await program.empty;
});

test.each(['resume', 'kill'] as const)('a process that traps is held as it was, until %s', async (end) => {
  const program = await start(PROGRAM, { entry: 'parent_of_traps', holds: () => true });
  await until(() => program.root.environment.size === 2 && processOf(program, 2).state === 'held');
  const child = processOf(program, 2);
  expect(child.memory.readU32(100)).toBe(4711);
  expect((await stackOf(program, child)).split('\n').length).toBe(2);
  expect(program.exits).toEqual([]);
  const { scheduler } = program.runtime;
  if (end === 'resume') scheduler.holding.resume(child);
  else scheduler.kill(child);
  await until(() => program.exits.length === 1);
  expect(program.exits[0]).toMatchObject({
    process: { id: 2 },
    exit: { kind: 'trapped', message: 'unreachable' },
  });
  program.root.stop();
  await program.empty;
});

test('what has not begun, or has ended, has no stack', async () => {
  const program = await start(PROGRAM, { entry: 'parent_of_dots', paused: true });
  const root = processOf(program, 1);
  expect(root.state).toBe('paused');
  for (let i = 0; i < 5; i++) await turn();
  expect(root.turns).toBe(0);
  expect(await stackOf(program, root)).toBe('(none)');
  program.runtime.scheduler.holding.resume(root);
  await until(() => program.root.environment.size === 2 && processOf(program, 2).state === 'waiting');
  const child = processOf(program, 2);
  program.root.stop();
  await program.empty;
  expect(await stackOf(program, child)).toBe('(none)');
});
