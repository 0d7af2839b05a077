import { describe, expect, test } from 'vitest';
import { guest, main } from '../support/guest.ts';
import { linesOf, runAll } from '../support/program.ts';

const SHOW = '(call $show_received (call $receive))';
const SHOW_SOON = '(call $show_received (call $message.receive (i32.const 0) (i32.const 0) (i64.const 5)))';
const MONITOR = '(call $process.monitor (i64.const 2))';
const program = (child: string, body: string) =>
  guest(`
    (func (export "child") ${child})
    (func (export "_start") (drop (call $spawn (i64.const 0) (text "child"))) ${body})`);

describe('monitor', () => {
  test.each([
    ['returns', ''],
    ['exits with code 0', '(call $proc_exit (i32.const 0))'],
    ['exits with code 1', '(call $proc_exit (i32.const 1))'],
    ['traps', 'unreachable'],
    ['is killed', '(call $process.kill (i64.const 2)) (call $forever)'],
  ])('tells that a process %s', async (_, child) => {
    expect(await linesOf(program(child, `${MONITOR} ${SHOW} ${SHOW_SOON}`))).toEqual([
      'process 2',
      'timeout',
    ]);
  });

  test('tells after everything the dead one sent before, and when it no longer exists', async () => {
    const child = '(call $send (i64.const 1) (i64.const 4) (i64.const 40))';
    const body = `${MONITOR} ${SHOW} ${SHOW} (call $show32 (text "exists") (call $process.exists (i64.const 2)))`;
    expect(await linesOf(program(child, body))).toEqual(['data 4 40', 'process 2', 'exists 0']);
  });

  test('asked for twice tells once', async () => {
    expect(await linesOf(program('', `${MONITOR} ${MONITOR} ${SHOW} ${SHOW_SOON}`))).toEqual([
      'process 2',
      'timeout',
    ]);
  });

  test('is taken back by stop_monitoring, also where it was asked for twice', async () => {
    const body = `${MONITOR} ${MONITOR} (call $process.stop_monitoring (i64.const 2)) ${SHOW_SOON}`;
    expect(await linesOf(program('', body))).toEqual(['timeout']);
  });

  test('can be asked for again', async () => {
    const body = `${MONITOR} (call $process.stop_monitoring (i64.const 2)) ${MONITOR} ${SHOW}`;
    expect(await linesOf(program('', body))).toEqual(['process 2']);
  });

  test.each(['2', '99', '0', '-1'])('of process %s, which does not exist, is silent', async (id) => {
    const body = `(loop $l (call $process.sleep_ms (i64.const 2)) (br_if $l (call $process.exists (i64.const ${id}))))
      (call $process.monitor (i64.const ${id})) (call $process.stop_monitoring (i64.const ${id})) ${SHOW_SOON}
      (call $process.monitor (i64.const ${id})) ${SHOW_SOON}`;
    expect(await linesOf(program('', body))).toEqual(['timeout', 'timeout']);
  });

  test('does not link: a failure is only told', async () => {
    const source = program('unreachable', `${MONITOR} ${SHOW} (call $print (text "alive"))`);
    expect(await linesOf(source)).toEqual(['process 2', 'alive']);
  });

  test('tells every one of several, and a linked one gets both messages', async () => {
    const source = guest(`
      (func (export "failing") unreachable)
      (func (export "other")
        (call $process.monitor (i64.const 2))
        (call $send (i64.const 1) (i64.const 0) (i64.const 0))
        (call $expect (call $receive) (i32.const 2)) (call $print (text "other knows")))
      (func (export "_start")
        (call $process.die_when_link_dies (i32.const 0))
        (drop (call $spawn (i64.const 0) (text "waiting")))
        (call $process.link (i64.const 7) (i64.const 2))
        (call $process.monitor (i64.const 2))
        (drop (call $spawn (i64.const 0) (text "other")))
        (call $expect (call $receive) (i32.const 0))
        (call $process.kill (i64.const 2))
        ${SHOW} ${SHOW})
      (func (export "waiting") (call $forever))`);
    const { stdout } = await runAll(source);
    expect(stdout.lines.sort()).toEqual(['link 7', 'other knows', 'process 2']);
  });
});

describe('kill', () => {
  test.each([
    ['waits for a message', '(call $forever)'],
    ['sleeps', '(call $process.sleep_ms (i64.const -1))'],
    ['runs an endless loop', '(loop $l (br $l))'],
    ['runs an endless loop that calls', '(loop $l (drop (call $process.process_id)) (br $l))'],
    ['catches every exception', '(loop $l (try (do (drop (call $receive))) (catch_all)) (br $l))'],
    ['reads its input', '(drop (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))'],
    [
      'polls',
      '(i32.store8 (i32.const 8) (i32.const 1)) (drop (call $poll_oneoff (i32.const 0) (i32.const 100) (i32.const 1) (i32.const 200)))',
    ],
  ])('ends a process that %s', async (_, child) => {
    const setUp = '(i32.store (i32.const 4) (i32.const 1))';
    const body = `${MONITOR} (call $process.sleep_ms (i64.const 5)) (call $process.kill (i64.const 2)) ${SHOW}`;
    const { exits, stdout } = await runAll(program(setUp + child, body));
    expect(stdout.lines).toEqual(['process 2']);
    expect(exits[0]?.exit).toEqual({ kind: 'killed' });
  });

  test('of a process that never had its turn: its entry does not run', async () => {
    const { exits, stdout } = await runAll(
      program('(call $print (text "?"))', `${MONITOR} (call $process.kill (i64.const 2)) ${SHOW}`),
    );
    expect([exits[0]?.exit.kind, stdout.lines]).toEqual(['killed', ['process 2']]);
  });

  test('comes after the messages that were sent before', async () => {
    const body = `
      (call $send (i64.const 2) (i64.const 0) (i64.const 8))
      (call $process.kill (i64.const 2))`;
    const { exits, stdout } = await runAll(program('(call $show_received (call $receive))', body));
    // Both were applied before the process ran: it is gone before it can look.
    expect(exits.find(({ process }) => process.id === 2)?.exit.kind).toBe('killed');
    expect(stdout.lines).toEqual([]);
  });

  test.each(['2', '99', '0', '-1'])('of process %s, which does not exist, does nothing', async (id) => {
    const body = `${MONITOR} ${SHOW} (call $process.kill (i64.const ${id})) (call $print (text "alive"))`;
    expect(await linesOf(program('', body))).toEqual(['process 2', 'alive']);
  });

  const KILL_SELF = '(call $process.kill (call $process.process_id)) (call $print (text "still here"))';

  test.each([
    ['sleep_ms', '(call $process.sleep_ms (i64.const 0))'],
    ['sched_yield', '(drop (call $sched_yield))'],
    ['a receive that has to wait', '(drop (call $receive))'],
    ['an endless loop', '(loop $l (br $l))'],
  ])('of oneself takes effect at %s', async (_, suspension) => {
    const { exit, stdout } = await runAll(main(`${KILL_SELF} ${suspension} (call $print (text "?"))`));
    expect([exit.kind, stdout.lines]).toEqual(['killed', ['still here']]);
  });

  test('of oneself does not stop what needs no suspension', async () => {
    const { exit, stdout } = await runAll(main(KILL_SELF));
    expect([exit.kind, stdout.lines]).toEqual(['returned', ['still here']]);
    const received = await runAll(
      main(`
        (call $send (i64.const 1) (i64.const 1) (i64.const 1))
        ;; waits, so that the message is in the mailbox
        (call $expect (call $receive_tag (i64.const 5) (i64.const 0)) (i32.const 9027))
        ${KILL_SELF} ${SHOW}`),
    );
    expect([received.exit.kind, received.stdout.lines]).toEqual(['returned', ['still here', 'data 1 1']]);
  });

  test('of oneself, with a message to oneself before it, leaves the others running', async () => {
    const child = `(call $send (i64.const 2) (i64.const 1) (i64.const 1)) ${KILL_SELF} ${SHOW}`;
    const body = `${MONITOR} ${SHOW} (call $process.sleep_ms (i64.const 1)) (call $print (text "alive"))`;
    expect(await linesOf(program(child, body))).toEqual(['still here', 'process 2', 'alive']);
  });
});
