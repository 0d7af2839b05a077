import { describe, expect, test } from 'vitest';
import { guest } from '../support/guest.ts';
import { assemble, linesOf, runAll, start } from '../support/program.ts';

/** A child module with a start section and the entry function "go". */
const child = (init: string) =>
  guest(`(func $init ${init}) (start $init) (func (export "go") (call $print (text "go")))`);

/**
 * A root that can compile the child module as module 0. `$spawn_child` returns the code, with the id at 0;
 * `$spawn_first` compiles, spawns, and prints the code, and the error where there is one.
 */
const parent = async (childText: string, functions: string) =>
  guest(
    `(func $spawn_child (param $link i64) (result i32)
       (call $process.spawn (local.get $link) (i64.const -1) (i64.const 0) (text "go") (i32.const 0) (i32.const 0)
         (i32.const 0)))
     (func $compile
       (call $expect (call $process.compile_module (blob "child") (i32.const 0)) (i32.const 0)))
     (func $spawn_first (local $code i32)
       (call $compile)
       (local.set $code (call $spawn_child (i64.const 0)))
       (call $show32 (text "code") (local.get $code))
       (if (local.get $code) (then (call $print_error (i64.load (i32.const 0))))))
     ${functions}`,
    { blobs: { child: await assemble(childText) } },
  );

describe('a start section', () => {
  test('runs in every process before spawn returns', async () => {
    const source = await parent(
      child('(call $print (text "init"))'),
      `(func (export "_start") (call $spawn_first) (drop (call $spawn_child (i64.const 0))) (call $print (text "parent goes on")))`,
    );
    const { stdout } = await runAll(source);
    expect(stdout.lines).toEqual(['init', 'code 0', 'go', 'init', 'parent goes on', 'go']);
  });

  test('that suspends keeps only its parent waiting', async () => {
    const source = await parent(
      child('(call $process.sleep_ms (i64.const 10)) (call $print (text "init"))'),
      `(func (export "other") (call $print (text "other runs")))
       (func (export "_start") (drop (call $spawn (i64.const 0) (text "other"))) (call $spawn_first))`,
    );
    const { stdout } = await runAll(source);
    expect(stdout.lines).toEqual(['other runs', 'init', 'code 0', 'go']);
  });

  test.each([
    ['traps', 'unreachable', /start section failed: unreachable/],
    ['calls a host function that traps', '(call $error.drop (i64.const 0))', /unknown error id 0/],
    ['exits, even with code 0', '(call $proc_exit (i32.const 0))', /exited with code 0/],
    [
      'fails after it was suspended',
      '(call $process.sleep_ms (i64.const 1)) unreachable',
      /start section failed/,
    ],
    [
      'spawns',
      '(drop (call $spawn (i64.const 0) (text "go")))',
      /cannot spawn others from its start section/,
    ],
  ])('that %s gives code 1 and an error', async (_, init, message) => {
    const source = await parent(
      child(init),
      `(func (export "_start") (call $spawn_first)
         (call $show32 (text "exists") (call $process.exists (i64.const 2))))`,
    );
    const lines = await linesOf(source);
    expect(lines).toEqual(['code 1', expect.stringMatching(message), 'exists 0']);
  });

  test('that fails uses the id up and does not trigger the link', async () => {
    const source = await parent(
      child('(if (i64.eq (call $process.process_id) (i64.const 2)) (then unreachable))'),
      `(func (export "_start")
         (call $compile)
         (call $show32 (text "code") (call $spawn_child (i64.const 5)))
         (call $show32 (text "code") (call $spawn_child (i64.const 5)))
         (call $show (text "id") (i64.load (i32.const 0)))
         (call $show_received (call $message.receive (i32.const 0) (i32.const 0) (i64.const 5))))`,
    );
    const { stdout } = await runAll(source);
    expect(stdout.lines).toEqual(['code 1', 'code 0', 'id 3', 'go', 'timeout']);
  });

  test('of a root process that fails refuses to run the program', async () => {
    const source = guest('(func $init unreachable) (start $init) (func (export "_start"))');
    await expect(start(source)).rejects.toThrow(/start section failed: unreachable/);
    const spawning = guest(
      '(func $init (drop (call $spawn (i64.const 0) (text "_start")))) (start $init) (func (export "_start"))',
    );
    await expect(start(spawning)).rejects.toThrow(/cannot spawn others from its start section/);
  });

  test('sees no process of its own id yet, and is not reached by messages to it', async () => {
    const init = `
      (call $show32 (text "exists") (call $process.exists (call $process.process_id)))
      (call $send (call $process.process_id) (i64.const 0) (i64.const 0))
      (call $show_received (call $message.receive (i32.const 0) (i32.const 0) (i64.const 1)))`;
    const source = await parent(child(init), `(func (export "_start") (call $spawn_first))`);
    expect((await runAll(source)).stdout.lines).toEqual(['exists 0', 'timeout', 'code 0', 'go']);
  });
});

describe('a parent that waits for a start section', () => {
  test('can be killed; the child dies with it and its entry never runs', async () => {
    const source = await parent(
      child('(call $process.sleep_ms (i64.const -1))'),
      `(func (export "parent") (call $compile) (drop (call $spawn_child (i64.const 0))) (call $print (text "?")))
       (func (export "_start") (local $parent i64)
         (local.set $parent (call $spawn (i64.const 0) (text "parent")))
         (call $process.monitor (local.get $parent))
         (call $process.sleep_ms (i64.const 5))
         (call $process.kill (local.get $parent))
         (call $show_received (call $receive)))`,
    );
    const { stdout, exits, empty } = await runAll(source);
    await empty;
    expect(stdout.lines).toEqual(['process 2']);
    expect(exits.map(({ exit }) => exit.kind).sort()).toEqual(['killed', 'killed', 'returned']);
  });

  test('can be killed by that start section', async () => {
    const source = await parent(
      child(
        '(call $process.kill (i64.const 1)) (call $process.sleep_ms (i64.const 5)) (call $print (text "?"))',
      ),
      `(func (export "_start") (call $spawn_first))`,
    );
    const { stdout, exit } = await runAll(source);
    expect([exit.kind, stdout.lines]).toEqual(['killed', []]);
    const quick = await parent(
      child('(call $process.kill (i64.const 1))'),
      `(func (export "_start") (call $spawn_first))`,
    );
    const outcome = await runAll(quick);
    expect([outcome.exit.kind, outcome.stdout.lines]).toEqual(['killed', []]);
  });

  test('can be killed when that has ended; the entry never runs', async () => {
    // The start section wakes the killer, which has its turn before the parent.
    const source = await parent(
      child('(call $send (i64.const 2) (i64.const 0) (i64.const 0))'),
      `(func (export "killer") (call $expect (call $receive) (i32.const 0)) (call $process.kill (i64.const 3)))
       (func (export "parent") (call $compile) (drop (call $spawn_child (i64.const 0))) (call $print (text "?")))
       (func (export "_start")
         (drop (call $spawn (i64.const 0) (text "killer")))
         (call $process.sleep_ms (i64.const 0))
         (call $process.monitor (call $spawn (i64.const 0) (text "parent")))
         (call $show_received (call $receive))
         (call $show32 (text "exists") (call $process.exists (i64.const 4))))`,
    );
    expect((await runAll(source)).stdout.lines).toEqual(['process 3', 'exists 0']);
  });

  test('has applied its own signals before: deaths meanwhile become messages', async () => {
    const source = await parent(
      child('(call $process.sleep_ms (i64.const 10))'),
      `(func (export "failing") unreachable)
       (func (export "_start")
         (drop (call $spawn (i64.const 4) (text "failing")))
         (call $process.die_when_link_dies (i32.const 0))
         (call $spawn_first)
         (call $show_received (call $receive)))`
        .replace('(local $code i32)', '')
        .replace('(func (export "_start")', '(func (export "_start") (local $code i32)'),
    );
    expect((await runAll(source)).stdout.lines).toEqual(['code 0', 'link 4', 'go']);
  });

  test('with a kill of itself pending dies at the spawn, and the child is never scheduled', async () => {
    const source = await parent(
      child(''),
      `(func (export "_start") (call $compile)
         (call $process.kill (call $process.process_id))
         (drop (call $spawn_child (i64.const 1)))
         (call $print (text "?")))`,
    );
    const { stdout, exit } = await runAll(source);
    expect([exit.kind, stdout.lines]).toEqual(['killed', []]);
  });
});

describe('a linked spawn', () => {
  test('is a point where a pending kill is applied; the child is never scheduled', async () => {
    const spawn = (link: number) =>
      guest(`
        (func (export "child") (call $print (text "child")))
        (func (export "_start")
          (call $process.kill (call $process.process_id))
          (drop (call $spawn (i64.const ${link}) (text "child")))
          (call $print (text "parent goes on"))
          (drop (call $receive)))`);
    const linked = await runAll(spawn(1));
    expect([linked.exit.kind, linked.stdout.lines]).toEqual(['killed', []]);
    const unlinked = await runAll(spawn(0));
    expect([unlinked.exit.kind, unlinked.stdout.lines]).toEqual(['killed', ['parent goes on', 'child']]);
  });
});
