/**
 * A turn is so much work, whoever does it. What a process does in its turns is counted here, never timed: a machine that is
 * slow may end a turn earlier, and none may let it last longer.
 */
import { describe, expect, test } from 'vitest';
import type { Process } from '../../runtime/internal.ts';
import { TURN_WORK } from '../../runtime/kernel/turn-work.ts';
import { guest } from '../support/guest.ts';
import { nudge, start } from '../support/program.ts';

/** Where a guest counts what it has done. */
const COUNT = 0x800;

const count = `(i32.store (i32.const ${COUNT}) (i32.add (i32.load (i32.const ${COUNT})) (i32.const 1)))`;

/** Asks an echo, process 2, so many times; two others, of the function `busy`, are ready all the time. */
const beside = (busy: string, requests: number, more = '') =>
  guest(
    `${more}
    (func (export "echo") (loop $l
      (call $send (i64.const 1) (i64.const 7) (call $receive_value))
      (br $l)))
    (func (export "busy") ${busy})
    (func (export "_start") (local $i i32)
      (drop (call $spawn (i64.const 0) (text "echo")))
      (drop (call $spawn (i64.const 0) (text "busy"))) (drop (call $spawn (i64.const 0) (text "busy")))
      (loop $l
        (call $send (i64.const 2) (i64.const 0) (i64.const 0))
        (drop (call $receive_tag (i64.const 7) (i64.const -1)))
        (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const ${requests})))))`,
    { memory: '(memory (export "memory") 40)' },
  );

interface Seen {
  /** What each of the busy processes has counted, and the turns in which it did. */
  readonly busy: { readonly count: number; readonly turns: number }[];
  /** Messages in the mailbox of the root process at its end. */
  readonly unread: number;
}

async function seen(source: string): Promise<Seen> {
  let unread = 0;
  const program = await start(source, {
    onExit: () => {
      const last = program.exits.at(-1)?.process;
      if (last?.id === 1) unread = last.mailbox.length;
    },
  });
  expect(await program.root.ended).toEqual({ kind: 'returned' });
  const busy = [...program.root.environment.processes()]
    .filter(({ entry }) => entry.name === 'busy')
    .map((process) => ({ count: process.memory.readU32(COUNT), turns: process.turns }));
  program.root.stop();
  await program.empty;
  expect(busy).toHaveLength(2);
  return { busy, unread };
}

describe('a turn', () => {
  test.each([
    [
      'calls that do next to nothing',
      '(loop $l (drop (call $process.process_id)) @ (br $l))',
      TURN_WORK / 256,
    ],
    [
      'messages to nobody',
      '(loop $l (call $send (i64.const 99) (i64.const 0) (i64.const 0)) @ (br $l))',
      TURN_WORK / 256,
    ],
    [
      'messages to itself that it receives',
      `(loop $l
        (call $send (call $process.process_id) (i64.const 3) (i64.const 0))
        (drop (call $receive_tag (i64.const 3) (i64.const -1))) @
        (br $l))`,
      TURN_WORK / 512,
    ],
    [
      'mebibytes that are written into a message',
      `(loop $l
        (call $message.create_data (i64.const 1) (i64.const 0))
        (drop (call $message.write_data (i32.const 0) (i32.const 0x100000))) @
        (br $l))`,
      1,
    ],
    [
      'questions for the time',
      '(loop $l (drop (call $clock_time_get (i32.const 1) (i64.const 0) (i32.const 0x900))) @ (br $l))',
      64,
    ],
    [
      'traces of a deep recursion',
      '(call $deep (i32.const 200))',
      1,
      `(func $deep (param $n i32)
        (if (local.get $n) (then (call $deep (i32.sub (local.get $n) (i32.const 1)))))
        (loop $l
          (call $process.trace_get (i32.const 0x900))
          (call $process.drop_trace (i64.load (i32.const 0x900))) @
          (br $l)))`,
    ],
  ])('has room for a limited number of %s', async (_, body, most, more = '') => {
    const { busy } = await seen(beside(body.replace('@', count), 30, more.replace('@', count)));
    for (const { count, turns } of busy) {
      expect(turns).toBeGreaterThan(30);
      expect(count).toBeGreaterThan(turns / 2);
      expect(count / turns).toBeLessThanOrEqual(most + 1);
    }
  });

  test.each([
    ['loops', '(loop $l (br $l))', ''],
    [
      'calls itself',
      '(call $deep (i32.const 40))',
      `(func $deep (param $n i32)
      (if (local.get $n) (then
        (call $deep (i32.sub (local.get $n) (i32.const 1))) (call $deep (i32.sub (local.get $n) (i32.const 1))))))`,
    ],
    ['sends', '(loop $l (call $send (i64.const 1) (i64.const 0) (i64.const 0)) (br $l))', ''],
    ['gives way', '(loop $l (call $process.sleep_ms (i64.const 0)) (br $l))', ''],
  ])('is had once by a process that %s before each step of others', async (_, body, more) => {
    const requests = 50;
    const { busy } = await seen(beside(body, requests, more));
    // A request takes two steps: that of the echo, and that of the one who asks. Each is ready at once.
    for (const { turns } of busy) expect(turns).toBeLessThanOrEqual(2 * requests + 6);
  });

  test.each([
    // 16 of each at least in every turn, and more at first.
    [200, 2 * 2 * 200 * 24],
    // In the end one, while 20,000 turns of 16 would be 640,000.
    [10_000, 100_000],
  ])('is the shorter, the more messages wait for whom it sends to (%i requests)', async (requests, most) => {
    const { busy, unread } = await seen(
      beside(`(loop $l (call $send (i64.const 1) (i64.const 0) (i64.const 0)) ${count} (br $l))`, requests),
    );
    const sent = busy.reduce((sum, { count }) => sum + count, 0);
    expect(unread).toBeGreaterThan(sent / 2);
    expect(unread).toBeLessThan(most);
  });
});

test.each([
  ['that wait', '(drop (call $receive))'],
  ['that are ready', '(loop $l (call $process.sleep_ms (i64.const 0)) (br $l))'],
])('others have turns while thousands of linked processes die %s', async (_, body) => {
  const crowd = 3000;
  const turnsAt: number[] = [];
  let bystander: Process | undefined;
  const program = await start(
    guest(
      `(func (export "bystander") (loop $l (call $process.sleep_ms (i64.const 0)) (br $l)))
      (func (export "waiter") ${body})
      (func (export "center") (local $i i32)
        (loop $l
          (drop (call $spawn (i64.const 1) (text "waiter")))
          (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const ${crowd}))))
        (call $send (i64.const 1) (i64.const 0) (i64.const 0))
        (drop (call $receive))
        (unreachable))
      (func (export "_start")
        (drop (call $spawn (i64.const 0) (text "bystander")))
        (drop (call $spawn (i64.const 0) (text "center")))
        (drop (call $receive))
        (call $send (i64.const 3) (i64.const 0) (i64.const 0))
        (drop (call $receive)))`,
    ),
    {
      onExit: () => {
        bystander ??= [...program.root.environment.processes()].find(({ id }) => id === 2);
        turnsAt.push(bystander?.turns ?? -1);
        if (turnsAt.length === crowd + 1) nudge(program);
      },
    },
  );
  expect(await program.root.ended).toEqual({ kind: 'returned' });
  program.root.stop();
  await program.empty;
  const deaths = turnsAt.slice(0, crowd + 1);
  expect((deaths.at(-1) ?? 0) - (deaths[0] ?? 0)).toBeGreaterThanOrEqual(10);
});
