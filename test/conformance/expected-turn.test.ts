/**
 * Two processes that send messages to and fro: each expects the turn as soon as the other one waits (`kernel/expected-turn.ts`). Here
 * something else happens after they have done so for a while.
 */
import { describe, expect, test } from 'vitest';
import type { AnyPlugin } from '../../runtime/index.ts';
import { guest } from '../support/guest.ts';
import { linesOf, type Program, runAll, start } from '../support/program.ts';

const spawn = (name: string) => `(call $spawn (i64.const 0) (text "${name}"))`;
const send = (to: number, tag: number, value: number) =>
  `(call $send (i64.const ${to}) (i64.const ${tag}) (i64.const ${value}))`;
const SHOW = '(call $show_received (call $receive))';
const GIVE_WAY = '(call $process.sleep_ms (i64.const 0))';

/** The process 2 answers 1 five times. Then both do as they are told, while 1 has asked once more and expects the answer. */
const talking = (answers: string, asks: string, others = '') => `${others}
  (func (export "answers") (local $n i32)
    (local.set $n (i32.const 5))
    (loop $l (drop (call $receive_value)) ${send(1, 1, 1)}
      (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (drop (call $receive_value))
    ${answers})
  (func (export "_start") (local $n i32)
    (drop ${spawn('answers')}) ${GIVE_WAY}
    (local.set $n (i32.const 5))
    (loop $l ${send(2, 1, 1)} (drop (call $receive_value))
      (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    ${send(2, 1, 1)}
    ${asks})`;

const lines = async (answers: string, asks: string, others?: string) =>
  (await runAll(guest(talking(answers, asks, others)))).stdout.lines;

describe('a process that waits for the answer of one with which it talks', () => {
  test('gets the answer', async () => {
    expect(await lines(send(1, 2, 22), SHOW)).toEqual(['data 2 22']);
  });

  test('gets it if the other one goes on', async () => {
    const answers = `${send(1, 2, 22)} (call $print (text "sent")) ${GIVE_WAY} (call $print (text "later"))`;
    expect(await lines(answers, SHOW)).toEqual(['sent', 'data 2 22', 'later']);
  });

  test('gets the answers in their order if there are several', async () => {
    const answers = `${send(1, 2, 22)} ${send(1, 3, 33)} ${SHOW}`;
    expect(await lines(answers, `${SHOW} ${SHOW} ${send(2, 4, 44)} ${GIVE_WAY}`)).toEqual([
      'data 2 22',
      'data 3 33',
      'data 4 44',
    ]);
  });

  test('gets an answer that is too long for the draft', async () => {
    const answers = `
      (call $message.create_data (i64.const 2) (i64.const 0))
      (drop (call $message.write_data (i32.const 0) (i32.const 1000)))
      (drop (call $message.send (i64.const 1)))`;
    const asks = '(drop (call $receive)) (call $show (text "bytes") (call $message.data_size))';
    expect(await lines(answers, asks)).toEqual(['bytes 1000']);
  });

  test('waits on if the other one waits for something else', async () => {
    const answers = `(call $process.sleep_ms (i64.const 2)) (call $print (text "slept")) ${send(1, 2, 22)}`;
    expect(await lines(answers, SHOW)).toEqual(['slept', 'data 2 22']);
  });

  test('waits on if the other one has ended', async () => {
    const later = `(func (export "later") ${GIVE_WAY} (call $print (text "later")) ${send(1, 9, 99)})`;
    expect(await lines(`(drop ${spawn('later')})`, SHOW, later)).toEqual(['later', 'data 9 99']);
  });

  test('gets what a third one sends, and not the turn of that one', async () => {
    const third = `(func (export "third") (call $print (text "third")) ${send(1, 3, 33)} ${SHOW})`;
    const answers = `(drop ${spawn('third')}) ${SHOW}`;
    const asks = `${SHOW} ${send(3, 4, 44)} ${send(2, 5, 55)} ${GIVE_WAY}`;
    expect(await lines(answers, asks, third)).toEqual(['third', 'data 3 33', 'data 4 44', 'data 5 55']);
  });

  test('is told that the other one has failed', async () => {
    const answers =
      '(call $process.link (i64.const 7) (i64.const 1)) (call $process.sleep_ms (i64.const 1)) unreachable';
    const asks = `(call $process.die_when_link_dies (i32.const 0)) ${SHOW}`;
    const program = await runAll(guest(talking(answers, asks)));
    expect(program.stdout.lines).toEqual(['link 7']);
  });

  test('dies if the other one kills it, and the other one goes on', async () => {
    const couple = `
      (func (export "answers") (local $n i32)
        (local.set $n (i32.const 5))
        (loop $l (drop (call $receive_value)) ${send(3, 1, 1)}
          (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
        (drop (call $receive_value))
        (call $process.kill (i64.const 3)) ${send(1, 2, 22)})
      (func (export "asks")
        (loop $l ${send(2, 1, 1)} (drop (call $receive_value)) (br $l)))
      (func (export "_start") (drop ${spawn('answers')}) ${GIVE_WAY}
        (call $process.monitor ${spawn('asks')}) ${SHOW} ${SHOW})`;
    expect((await linesOf(guest(couple))).sort()).toEqual(['data 2 22', 'process 3']);
  });

  test('waits while it is paused', async () => {
    let program: Program | undefined;
    const process = () => [...(program?.root.environment.processes() ?? [])].find(({ id }) => id === 1);
    const pause = () => {
      const asking = process();
      if (asking !== undefined) program?.runtime.scheduler.holding.pause([asking]);
    };
    const plugin = {
      namespace: 'p',
      functions: { pause: { signature: '()', call: pause } },
    } satisfies AnyPlugin;
    const answers = `(call $pause) ${send(1, 2, 22)} (call $print (text "sent"))`;
    const source = guest(talking(answers, SHOW), { imports: '(import "p" "pause" (func $pause))' });
    program = await start(source, { plugins: [plugin] });
    while (program.stdout.lines.length === 0 || program.root.environment.size > 1)
      await new Promise((turn) => setImmediate(turn));
    expect(program.stdout.lines).toEqual(['sent']);
    const paused = process();
    if (paused === undefined) throw new Error('the process has ended');
    program.runtime.scheduler.holding.resume(paused);
    await program.empty;
    expect(program.stdout.lines).toEqual(['sent', 'data 2 22']);
  });

  test('can be looked at, and gets the answer then', async () => {
    let program: Program | undefined;
    let seen: Promise<Error | null> | undefined;
    const look = () => {
      const asking = [...(program?.root.environment.processes() ?? [])].find(({ id }) => id === 1);
      if (asking !== undefined) seen = program?.runtime.scheduler.stacks.of(asking);
    };
    const plugin = {
      namespace: 'p',
      functions: { look: { signature: '()', call: look } },
    } satisfies AnyPlugin;
    const answers = `(call $look) ${GIVE_WAY} ${send(1, 2, 22)}`;
    const source = guest(talking(answers, SHOW), { imports: '(import "p" "look" (func $look))' });
    program = await start(source, { plugins: [plugin] });
    await program.empty;
    expect(program.stdout.lines).toEqual(['data 2 22']);
    expect((await seen)?.stack).toContain('wasm-function');
  });
});

test('a host function that returns at once lets nobody else run', async () => {
  const log: string[] = [];
  let calls = 0;
  const call = () => {
    log.push('call');
    if (++calls === 1) queueMicrotask(() => log.push('something else'));
    return calls;
  };
  const plugin = { namespace: 'p', functions: { f: { signature: '() -> i32', call } } } satisfies AnyPlugin;
  const source = guest('(func (export "_start") (drop (call $f)) (drop (call $f)) (drop (call $f)))', {
    imports: '(import "p" "f" (func $f (result i32)))',
  });
  await runAll(source, { plugins: [plugin] });
  expect(log).toEqual(['call', 'call', 'call', 'something else']);
});
