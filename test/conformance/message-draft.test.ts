/**
 * Guests write and read short messages in the draft, through functions that are called in place of host functions. A call
 * through a table still reaches the host function, so one program can go both ways, and both must show the same.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatStack, STACK_DEPTH } from '../../runtime/kernel/guest-stack.ts';
import { dataMessage } from '../../runtime/kernel/message.ts';
import { guest } from '../support/guest.ts';
import { linesOf, run, runAll, start, trapOf } from '../support/program.ts';

const FUNCTIONS: Readonly<Record<string, string>> = {
  create_data: '(param i64 i64)',
  write_data: '(param i32 i32) (result i32)',
  read_data: '(param i32 i32) (result i32)',
  seek_data: '(param i64)',
  get_tag: '(result i64)',
  data_size: '(result i64)',
  send: '(param i64) (result i32)',
};

const EMPTY_MODULE = new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);

/** Where the second page of a guest's memory ends, which is all it has. */
const END = 0x2_0000;

const call = (name: string, ...params: string[]) => `(call $message.${name} ${params.join(' ')})`;
const i32 = (value: number) => `(i32.const ${value | 0})`;
const i64 = (value: bigint | number) => `(i64.const ${value})`;
const wrap = (text: string) => `(i32.wrap_i64 ${text})`;
/** Where a receive finds its tags. */
const TAGS = 0xff20;
/** A function without a result, as one of the result 1. */
const done = (text: string) => `${text} ${i32(1)}`;

const RECEIVE = call('receive', i32(0), i32(0), i64(0));
const SELF = '(call $process.process_id)';

const pointer = fc.oneof(
  fc.nat(80),
  fc.integer({ min: END - 80, max: END + 3 }),
  fc.integer({ min: -70, max: -1 }),
);
const length = fc.oneof(fc.nat(20), fc.integer({ min: 56, max: 72 }), fc.constantFrom(-1, 1000));
const step = fc.oneof(
  fc
    .constantFrom(0n, 5n, -5n, 2n ** 40n, -(2n ** 63n))
    .map((tag) => done(call('create_data', i64(tag), i64(0)))),
  fc.tuple(pointer, length).map(([at, size]) => call('write_data', i32(at), i32(size))),
  fc.tuple(fc.nat(64), fc.nat(24)).map(([at, size]) => call('write_data', i32(at), i32(size))),
  fc.tuple(pointer, length).map(([at, size]) => call('read_data', i32(at), i32(size))),
  fc.tuple(fc.nat(64), fc.nat(24)).map(([at, size]) => call('read_data', i32(at), i32(size))),
  fc.constantFrom(0n, 1n, 4n, 63n, 64n, 65n, -1n, 2n ** 32n).map((to) => done(call('seek_data', i64(to)))),
  fc.constant(wrap(call('get_tag'))),
  fc.constant(wrap(call('data_size'))),
  fc.constant(wrap('(call $message.get_process_id)')),
  fc.constant(call('send', SELF)),
  fc.constant(call('send', i64(99))),
  fc.constant(`(drop ${call('send', SELF)}) ${RECEIVE}`),
  fc.constant(`(drop ${call('send', '(global.get $echo)')}) ${call('receive', i32(0), i32(0), i64(1000))}`),
  fc.constant(RECEIVE),
  // Many at once, short and long, of two tags, of which the mailbox keeps what is not received.
  fc
    .tuple(fc.constantFrom(3, 40), fc.constantFrom(0, 9, 64, 65, 500, 1100))
    .map(([count, size]) => done(`(call $flood ${i32(count)} ${i32(size)})`)),
  fc.constant(done(`(call $drain ${i64(5)} ${i32(15)})`)),
  fc.constant(done(`(call $drain ${i64(6)} ${i32(15)})`)),
  // Only a message of tag 5.
  fc.constant(`(i64.store (i32.const ${TAGS}) (i64.const 5)) ${call('receive', i32(TAGS), i32(1), i64(0))}`),
  fc.constant(call('send_receive_skip_search', '(global.get $echo)', i64(5), i64(20))),
  // It has arrived after the sleep, whatever else is in the mailbox.
  fc.constant(
    `(drop (call $timer.send_after ${SELF} ${i64(0)})) (call $process.sleep_ms ${i64(1)}) ${call('receive', i32(0), i32(0), i64(20))}`,
  ),
  fc.constant(wrap(call('push_module', '(i64.load (i32.const 0xe000))'))),
  fc.constant(wrap(call('take_module', i64(0)))),
  // Another process begins, and writes a message of its own.
  fc.constant(done(`(drop (call $spawn (i64.const 0) (text "writer"))) (call $process.sleep_ms ${i64(0)})`)),
  fc.constant(done(`(call $process.sleep_ms ${i64(0)})`)),
  fc.constant(`(drop ${call('send', SELF)}) unreachable`),
  fc.constant('unreachable'),
  // Long enough to be preempted.
  fc.constant(done(`(call $spin ${i32(3_000_000)})`)),
);

/** Does the steps one by one, each so that a trap is caught, and shows what came of it and what is in the memory. */
function program(steps: readonly string[], direct: boolean): string {
  const names = Object.keys(FUNCTIONS);
  const through = (text: string) =>
    direct
      ? text
      : names.reduce((all, name, i) => {
          // `(call $message.send X)` becomes `(call_indirect (type $send) X (i32.const <index>))`.
          return replaceCall(all, `$message.${name}`, `(type $${name})`, i32(steps.length + i));
        }, text);
  return guest(
    `
    ${names.map((name) => `(type $${name} (func ${FUNCTIONS[name]}))`).join('\n')}
    (type $step (func (param i32) (result i32)))
    (table ${steps.length + names.length} funcref)
    (elem (i32.const 0) ${steps.map((_, i) => `$step${i}`).join(' ')} ${names.map((n) => `$message.${n}`).join(' ')})
    ${steps.map((text, i) => `(func $step${i} (type $step) ${through(text)})`).join('\n')}
    (func $unused ${names.map((name) => unusedCall(name)).join(' ')})
    (global $echo (mut i64) (i64.const 0))
    (func $spin (param $n i32)
      (loop $l (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
    (func $flood (param $n i32) (param $size i32)
      (loop $l
        ${through(`
        (call $message.create_data (i64.extend_i32_u (i32.add (i32.const 5) (i32.and (local.get $n) (i32.const 1)))) (i64.const 0))
        (drop (call $message.write_data (local.get $n) (local.get $size)))
        (drop (call $message.send (call $process.process_id)))`)}
        (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
    ;; Receives messages of a tag as long as there are some, and leaves their bytes in the memory.
    (func $drain (param $tag i64) (param $most i32)
      (i64.store (i32.const ${TAGS}) (local.get $tag))
      (block $none
        (loop $l
          (br_if $none (call $message.receive (i32.const ${TAGS}) (i32.const 1) (i64.const 0)))
          ${through('(drop (call $message.read_data (i32.const 0) (i32.const 1000)))')}
          (br_if $l (local.tee $most (i32.sub (local.get $most) (i32.const 1)))))))
    (func $mix (param $from i32) (param $to i32) (result i64) (local $sum i64)
      (loop $l
        (local.set $sum (i64.add (i64.rotl (local.get $sum) (i64.const 5)) (i64.load8_u (local.get $from))))
        (br_if $l (i32.lt_u (local.tee $from (i32.add (local.get $from) (i32.const 1))) (local.get $to))))
      (local.get $sum))
    (func (export "_lunatic_catch_trap") (param $f i32) (param $pointer i32) (result i32)
      (call_indirect (type $step) (local.get $pointer) (local.get $f)))
    (func (export "echo") (local $from i64)
      (loop $l
        (drop (call $message.receive (i32.const 0) (i32.const 0) (i64.const -1)))
        (drop (call $message.send (i64.const 1)))
        (br $l)))
    (func (export "writer")
      (call $put (i64.const 7) (i64.const 70))
      (call $process.sleep_ms (i64.const 0))
      (call $expect (i32.wrap_i64 (call $value)) (i32.const 70)))
    (func (export "_start") (local $i i32)
      (call $expect (call $process.compile_module (blob "module") (i32.const 0xe000)) (i32.const 0))
      (global.set $echo (call $spawn (i64.const 0) (text "echo")))
      (loop $fill
        (i32.store8 (local.get $i) (i32.mul (local.get $i) (i32.const 37)))
        (i32.store8 (i32.sub (i32.const ${END - 1}) (local.get $i)) (i32.mul (local.get $i) (i32.const 41)))
        (br_if $fill (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 200))))
      (local.set $i (i32.const 0))
      (loop $next
        (call $show32 (text "result") (call $trap.catch (local.get $i) (i32.const 0)))
        (call $show (text "memory")
          (i64.add (call $mix (i32.const 0) (i32.const 1100)) (call $mix (i32.const ${END - 1100}) (i32.const ${END}))))
        (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const ${steps.length})))))`,
    { blobs: { module: EMPTY_MODULE } },
  );
}

/** What a program prints while somebody looks at all its stacks again and again. */
async function linesWhenLookedAt(source: string): Promise<string[]> {
  const { runtime, root, stdout } = await start(source);
  while (root.process.exit === null) {
    await Promise.all(
      [...root.environment.processes()].map((process) => runtime.scheduler.stacks.of(process)),
    );
    await new Promise((turn) => setImmediate(turn));
  }
  root.stop();
  return stdout.lines;
}

/** A call of a function for its import's sake. */
function unusedCall(name: string): string {
  const [, params = ''] = /\(param ([^)]*)\)/.exec(FUNCTIONS[name] ?? '') ?? [];
  const operands = params.split(' ').filter((type) => type !== '');
  const text = `(call $message.${name} ${operands.map((type) => `(${type}.const 0)`).join(' ')})`;
  return FUNCTIONS[name]?.includes('result') ? `(drop ${text})` : text;
}

function replaceCall(text: string, name: string, type: string, index: string): string {
  const start = text.indexOf(`(call ${name} `);
  if (start < 0) return text;
  let end = start;
  for (let depth = 0; ; end++) {
    if (text[end] === '(') depth++;
    if (text[end] === ')' && --depth === 0) break;
  }
  const operands = text.slice(start + `(call ${name}`.length, end);
  return `${text.slice(0, start)}(call_indirect ${type} ${operands} ${index}) ${text.slice(end + 1)}`;
}

describe('a message in the draft', () => {
  test('is what it is for the host functions, whatever a guest does', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
        const [direct, indirect] = await Promise.all(
          [true, false].map(async (isDirect) => run(program(steps, isDirect))),
        );
        const lines = direct?.stdout.lines;
        expect(lines).toHaveLength(2 * steps.length);
        expect(lines).toEqual(indirect?.stdout.lines);
        expect(lines).toEqual(await linesWhenLookedAt(program(steps, true)));
        // The processes that wrote messages of their own.
        for (const { exit } of direct?.exits ?? []) expect(exit.kind).toMatch(/^(returned|killed)$/);
      }),
      { numRuns: 40 },
    );
  });

  test.each([
    ['returns', ''],
    ['traps', 'unreachable'],
    ['exits', '(call $proc_exit (i32.const 3))'],
    ['kills itself', '(call $process.kill (call $process.process_id)) (call $forever)'],
    ['loops', '(loop $l (br $l))'],
    ['waits', '(call $forever)'],
    ['sleeps', '(call $process.sleep_ms (i64.const 100000))'],
  ])('that is sent arrives where the sender then %s', async (_, then) => {
    const source = guest(`
      (func (export "sender") (call $send (i64.const 1) (i64.const 5) (i64.const 6)) ${then})
      (func (export "_start")
        (drop (call $spawn (i64.const 0) (text "sender")))
        (call $show_received (call $receive)))`);
    expect(await linesOf(source)).toEqual(['data 5 6']);
  });

  test('that is sent arrives before what is sent later, by any other way', async () => {
    const source = guest(`
      (func (export "child")
        (call $show_received (call $receive)) (call $show_received (call $receive))
        (call $show_received (call $receive)) (call $show_received (call $receive)))
      (func (export "_start") (local $child i64)
        (call $process.die_when_link_dies (i32.const 0))
        (local.set $child (call $spawn (i64.const 0) (text "child")))
        (call $process.monitor (local.get $child))
        (call $send (local.get $child) (i64.const 1) (i64.const 1))
        (call $send (local.get $child) (i64.const 2) (i64.const 2))
        (call $put (i64.const 3) (i64.const 3))
        (call $expect (call $message.send_receive_skip_search (local.get $child) (i64.const 9) (i64.const 0)) (i32.const 9027))
        (call $send (local.get $child) (i64.const 4) (i64.const 4))
        (call $process.kill (local.get $child))
        (call $show_received (call $receive)))`);
    expect((await runAll(source)).stdout.lines).toEqual(['data 1 1', 'data 2 2', 'data 3 3', 'process 2']);
  });

  test('is not lost where its process is preempted while it writes', async () => {
    const source = guest(`
      (func $spin (param $n i32) (loop $l (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
      (func (export "writer") (param $n i64) (local $i i32)
        (call $message.create_data (local.get $n) (i64.const 0))
        (loop $l
          (i64.store (i32.const 8) (i64.mul (local.get $n) (i64.extend_i32_u (local.get $i))))
          (call $expect (call $message.write_data (i32.const 8) (i32.const 8)) (i32.const 8))
          (call $spin (i32.const 1000000))
          (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 8))))
        (drop (call $message.send (i64.const 1))))
      (func $start (param $n i64)
        (i32.store8 (i32.const 32) (i32.const 0x7e)) (i64.store (i32.const 33) (local.get $n))
        (call $expect (call $process.spawn (i64.const 0) (i64.const -1) (i64.const -1) (text "writer")
          (i32.const 32) (i32.const 17) (i32.const 64)) (i32.const 0)))
      (func (export "_start") (local $i i32) (local $messages i32)
        (call $start (i64.const 1)) (call $start (i64.const 10)) (call $start (i64.const 100))
        (loop $m
          (call $expect (call $receive) (i32.const 0))
          (local.set $i (i32.const 0))
          (loop $l
            (if (i64.ne (call $value) (i64.mul (call $message.get_tag) (i64.extend_i32_u (local.get $i))))
              (then unreachable))
            (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 8))))
          (br_if $m (i32.lt_u (local.tee $messages (i32.add (local.get $messages) (i32.const 1))) (i32.const 3))))
        (call $print (text "all right")))`);
    expect(await linesOf(source)).toEqual(['all right']);
  });

  test("of a process that is killed, or ends, is nobody else's", async () => {
    const source = guest(`
      (func (export "writer") (call $put (i64.const 7) (i64.const 7)))
      (func (export "looper") (call $put (i64.const 8) (i64.const 8)) (loop $l (br $l)))
      (func (export "reader") (call $show (text "size") (call $message.data_size)))
      (func (export "_start") (local $looper i64)
        (call $run (text "writer"))
        (call $run (text "reader"))
        (local.set $looper (call $spawn (i64.const 0) (text "looper")))
        (call $process.sleep_ms (i64.const 3))
        (call $process.kill (local.get $looper))
        (call $run (text "reader"))
        (call $show (text "own") (call $message.get_process_id)))`);
    const { stdout, exits } = await runAll(source);
    expect(stdout.lines).toEqual(['own 5']);
    expect(exits.map(({ exit }) => exit.kind)).toEqual([
      'returned',
      'trapped',
      'killed',
      'trapped',
      'returned',
    ]);
  });

  test('reaches each of many who wait for one like it, and none else', async () => {
    const source = guest(`
      (func (export "echo")
        (call $put (i64.const 1) (i64.const 1))
        (loop $l
          (drop (call $message.receive (i32.const 0) (i32.const 0) (i64.const -1)))
          (drop (call $message.send (i64.const 1)))
          (br $l)))
      (func (export "picky")
        (call $show_received (call $receive_tag (i64.const 22) (i64.const -1)))
        (call $show_received (call $receive))
        (call $send (i64.const 1) (i64.const 0) (i64.const 99)))
      (func (export "_start") (local $a i64) (local $b i64) (local $picky i64)
        (call $process.die_when_link_dies (i32.const 0))
        (local.set $a (call $spawn (i64.const 0) (text "echo")))
        (local.set $b (call $spawn (i64.const 0) (text "echo")))
        (local.set $picky (call $spawn (i64.const 0) (text "picky")))
        (call $process.sleep_ms (i64.const 0))
        ;; Two that are sent at once, and one for whom nobody waits.
        (call $send (local.get $a) (i64.const 10) (i64.const 100))
        (call $send (local.get $b) (i64.const 20) (i64.const 200))
        (call $send (local.get $picky) (i64.const 21) (i64.const 210))
        (call $send (local.get $picky) (i64.const 22) (i64.const 220))
        (call $show_received (call $receive)) (call $show_received (call $receive)) (call $show_received (call $receive))
        ;; What is on its way to one goes with it when it dies, and is not left for others.
        (call $send (local.get $a) (i64.const 30) (i64.const 300))
        (call $process.kill (local.get $a))
        (call $expect (call $message.receive (i32.const 0) (i32.const 0) (i64.const 5)) (i32.const 9027))
        (call $send (local.get $b) (i64.const 40) (i64.const 400))
        (call $show_received (call $receive)))`);
    expect(await linesOf(source)).toEqual([
      'data 22 220',
      'data 21 210',
      'data 10 100',
      'data 20 200',
      'data 0 99',
      'data 40 400',
    ]);
  });

  test('waits for its receiver while another process begins, and writes one', async () => {
    const source = guest(`
      (func (export "waits") (call $show_received (call $receive)))
      (func (export "writes") (call $put (i64.const 7) (i64.const 70)) (call $show (text "own") (call $value)))
      (func (export "_start") (local $waits i64)
        (local.set $waits (call $spawn (i64.const 0) (text "waits")))
        (call $process.sleep_ms (i64.const 0))
        (drop (call $spawn (i64.const 0) (text "writes")))
        (call $send (local.get $waits) (i64.const 8) (i64.const 80))
        (call $process.sleep_ms (i64.const 0)))`);
    expect((await runAll(source)).stdout.lines).toEqual(['own 70', 'data 8 80']);
  });

  test('takes the place of what its receiver had, and what that carried is released', async () => {
    const source = guest(`
      (func (export "waits") (call $show_received (call $receive)))
      (func (export "_start") (local $waits i64)
        (local.set $waits (call $spawn (i64.const 0) (text "waits")))
        (call $process.sleep_ms (i64.const 30))
        (call $send (local.get $waits) (i64.const 1) (i64.const 2))
        (call $process.sleep_ms (i64.const 0)))`);
    const program = await start(source);
    const { environment } = program.root;
    const child = () => [...environment.processes()].find(({ id, state }) => id === 2 && state === 'waiting');
    while (child() === undefined) await new Promise((turn) => setImmediate(turn));
    let released = 0;
    const old = dataMessage(5);
    old.addResource({ kind: 'TCP stream', socket: { release: () => released++ }, cost: 100 });
    const waiting = child();
    if (waiting === undefined) throw new Error('the child has gone');
    program.runtime.scheduler.scratch.put(waiting, old);
    await program.empty;
    expect([program.stdout.lines, released]).toEqual([['data 1 2'], 1]);
  });

  test('is none while its read position is beyond its end, where reading traps', async () => {
    const source = guest(`
      (func (export "_start")
        (call $put (i64.const 1) (i64.const 2))
        (call $message.seek_data (i64.const 9))
        ;; No message comes, and the process goes on with its own.
        (call $expect (call $message.receive (i32.const 0) (i32.const 0) (i64.const 0)) (i32.const 9027))
        (drop (call $message.read_data (i32.const 0) (i32.const 8))))`);
    expect(await trapOf(source)).toBe("the read position 9 is beyond the message's 8 bytes");
  });

  test('can be given a module, and be written on', async () => {
    const source = guest(
      `(func (export "child")
        (call $expect (call $receive) (i32.const 0))
        (call $show (text "first") (call $value)) (call $show (text "second") (call $value))
        (call $show (text "module") (call $message.take_module (i64.const 0))))
      (func (export "_start") (local $child i64)
        (local.set $child (call $spawn (i64.const 0) (text "child")))
        (call $expect (call $process.compile_module (blob "module") (i32.const 64)) (i32.const 0))
        (call $put (i64.const 1) (i64.const 11))
        (drop (call $message.push_module (i64.load (i32.const 64))))
        (i64.store (i32.const 0) (i64.const 22))
        (call $expect (call $message.write_data (i32.const 0) (i32.const 8)) (i32.const 8))
        (drop (call $message.send (local.get $child)))
        (call $process.sleep_ms (i64.const 0)))`,
      { blobs: { module: EMPTY_MODULE } },
    );
    expect((await runAll(source)).stdout.lines).toEqual(['first 11', 'second 22', 'module 0']);
  });

  test('is where it was after its process was looked at and paused', async () => {
    const source = guest(`
      (func (export "child")
        (call $put (i64.const 3) (i64.const 33))
        ;; A message without data leaves the scratch area as it is, where none comes.
        (call $expect (call $message.receive (i32.const 0) (i32.const 0) (i64.const 20)) (i32.const 9027))
        (call $show (text "left") (call $value))
        (call $show_received (call $receive)))
      (func (export "_start") (local $child i64)
        (local.set $child (call $spawn (i64.const 0) (text "child")))
        (call $process.sleep_ms (i64.const 40))
        (call $send (local.get $child) (i64.const 4) (i64.const 44))
        (call $process.monitor (local.get $child))
        (call $expect (call $receive) (i32.const 2)))`);
    const program = await start(source);
    const { scheduler } = program.runtime;
    const turn = () => new Promise((next) => setImmediate(next));
    while (program.root.environment.size < 2) await turn();
    for (const process of program.root.environment.processes()) {
      expect(await scheduler.stacks.of(process)).toBeDefined();
      scheduler.holding.pause([process]);
      await turn();
      expect(await scheduler.stacks.of(process)).toBeDefined();
      scheduler.holding.resume(process);
    }
    await program.empty;
    expect(program.stdout.lines).toEqual(['left 33', 'data 4 44']);
  });
});

test('no function that is called in place of a host function is on a stack', async () => {
  const source = guest(`
    (func $inner (drop (call $message.write_data (i32.const 0xfffff) (i32.const 8))))
    (func (export "_start") (call $message.create_data (i64.const 1) (i64.const 1)) (call $inner))`);
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = STACK_DEPTH;
  const { exit, exits } = await run(source);
  Error.stackTraceLimit = limit;
  if (exit.kind !== 'trapped' || exits[0] === undefined) throw new Error(exit.kind);
  expect(exit.message).toBe('memory access out of bounds: 8 bytes at 0xfffff in a memory of 65536 bytes');
  expect(formatStack(exit.error as Error, exits[0].process)).toMatch(/^at inner \(.*\)\nat _start \(.*\)$/);
});
