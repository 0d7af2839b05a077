import { describe, expect, test } from 'vitest';
import { guest } from '../support/guest.ts';
import { linesOf, nudge, run, runAll, start } from '../support/program.ts';

const spawn = (name: string) => `(drop (call $spawn (i64.const 0) (text "${name}")))`;
const self = (tag: number, value: number) =>
  `(call $send (call $process.process_id) (i64.const ${tag}) (i64.const ${value}))`;
const OTHER = '(func (export "other") (call $print (text "other runs")))';

describe('suspension', () => {
  test('does not happen in host functions that need not wait', async () => {
    const source = guest(`${OTHER}
      (func (export "_start")
        ${self(1, 1)} ${self(2, 2)}
        ;; both are in the mailbox once a receive had to wait
        (call $expect (call $receive_tag (i64.const 9) (i64.const 0)) (i32.const 9027))
        ${spawn('other')}
        (call $show_received (call $receive))
        (call $registry.put (text "name") (i64.const 0) (i64.const 1))
        (call $expect (call $registry.get (text "name") (i32.const 0) (i32.const 8)) (i32.const 0))
        (call $registry.remove (text "name"))
        (call $show_received (call $receive_tag (i64.const 2) (i64.const 0)))
        ;; sending is no suspension either, also to another process
        (call $send (i64.const 2) (i64.const 0) (i64.const 0))
        (call $print (text "not suspended")))`);
    expect((await runAll(source)).stdout.lines).toEqual([
      'data 1 1',
      'data 2 2',
      'not suspended',
      'other runs',
    ]);
  });

  test("happens in a receive of one's own message, so that nobody keeps the others waiting", async () => {
    const source = guest(`${OTHER}
      (func (export "_start") ${spawn('other')} ${self(1, 1)} (call $show_received (call $receive)))`);
    expect(await linesOf(source)).toEqual(['other runs', 'data 1 1']);
  });

  test('a process that only talks to itself lets others run and can be killed', async () => {
    const source = guest(`
      (func (export "monologue")
        (loop $l
          (call $send (call $process.process_id) (i64.const 1) (i64.const 1))
          (drop (call $receive_value))
          (br $l)))
      (func (export "_start") (local $id i64)
        (local.set $id (call $spawn (i64.const 0) (text "monologue")))
        (call $process.monitor (local.get $id))
        (call $process.sleep_ms (i64.const 5))
        (call $process.kill (local.get $id))
        (call $show_received (call $receive)))`);
    expect(await linesOf(source)).toEqual(['process 2']);
  });

  test.each([
    ['an empty loop', '(loop $l (br $l))'],
    ['a loop that calls the host', '(loop $l (drop (call $process.process_id)) (br $l))'],
    ['recursion by tail calls', '(return_call $busy)'],
  ])('endless work in %s does not keep messages from others', async (_, body) => {
    const source = guest(`
      (func $busy (export "busy") ${body})
      (func (export "echo") (loop $l
        (call $send (i64.const 1) (i64.const 0) (call $receive_value))
        (br $l)))
      (func (export "_start") (local $i i64)
        ${spawn('echo')} ${spawn('busy')} ${spawn('busy')}
        (loop $l
          (call $send (i64.const 2) (i64.const 0) (local.get $i))
          (if (i64.ne (call $receive_value) (local.get $i)) (then unreachable))
          (local.set $i (i64.add (local.get $i) (i64.const 1)))
          (br_if $l (i64.lt_u (local.get $i) (i64.const 20)))))`);
    expect((await run(source)).exit).toEqual({ kind: 'returned' });
  });
});

describe('signals', () => {
  test.each([
    ['a link that is taken back is no link', ['link', 'unlink'], ['data 1 1', 'process 2']],
    ['one that is made again is', ['unlink', 'link'], ['data 1 1', 'link 5']],
  ])('of one sender are applied in the order of sending: %s', async (_, calls, lines) => {
    const CALLS: Record<string, string> = {
      link: '(call $process.link (i64.const 5) (i64.const 1))',
      unlink: '(call $process.unlink (i64.const 1))',
    };
    const source = guest(`
      (func (export "child")
        ${calls.map((call) => CALLS[call]).join('\n')}
        (call $send (i64.const 1) (i64.const 1) (i64.const 1))
        unreachable)
      (func (export "_start")
        (call $process.die_when_link_dies (i32.const 0))
        ${spawn('child')} (call $process.monitor (i64.const 2))
        (call $show_received (call $receive)) (call $show_received (call $receive)))`);
    expect(await linesOf(source)).toEqual(lines);
  });

  test('are applied before guest code: a killed process does not see its message', async () => {
    const source = guest(`
      (func (export "child") (call $show_received (call $receive)))
      (func (export "_start")
        ${spawn('child')}
        (call $process.sleep_ms (i64.const 1))
        (call $send (i64.const 2) (i64.const 0) (i64.const 1))
        (call $process.kill (i64.const 2)))`);
    const { stdout, exits } = await runAll(source);
    expect(stdout.lines).toEqual([]);
    expect(exits.find(({ process }) => process.id === 2)?.exit.kind).toBe('killed');
  });

  test('of a process to itself keep their order among the messages', async () => {
    const source = guest(`
      (func (export "_start")
        (call $process.die_when_link_dies (i32.const 0))
        ${self(1, 1)} (call $process.link (i64.const 7) (i64.const 99)) ${self(2, 2)}
        (call $show_received (call $receive)) (call $show_received (call $receive)) (call $show_received (call $receive)))`);
    expect(await linesOf(source)).toEqual(['data 1 1', 'link 7', 'data 2 2']);
  });
});

describe('many processes', () => {
  test('a chain of 1000 linked processes passes a message back', async () => {
    const source = guest(`
      (func $spawn_next (param $depth i32) (local $block i32)
        ;; parameters: i32 depth, i64 own id
        (i32.store8 (i32.const 0x100) (i32.const 0x7f)) (i32.store (i32.const 0x101) (local.get $depth))
        (i32.store8 (i32.const 0x111) (i32.const 0x7e)) (i64.store (i32.const 0x112) (call $process.process_id))
        (call $expect (call $process.spawn (i64.const 1) (i64.const -1) (i64.const -1) (text "link")
          (i32.const 0x100) (i32.const 34) (i32.const 0)) (i32.const 0)))
      (func (export "link") (param $depth i32) (param $parent i64)
        (if (i32.eqz (local.get $depth)) (then (call $send (local.get $parent) (i64.const 0) (i64.const 0)) (return)))
        (call $spawn_next (i32.sub (local.get $depth) (i32.const 1)))
        (call $send (local.get $parent) (i64.const 0) (i64.add (call $receive_value) (i64.const 1))))
      (func (export "_start")
        (call $spawn_next (i32.const 1000))
        (call $show (text "passed on by") (call $receive_value)))`);
    const { stdout, exits } = await runAll(source);
    expect(stdout.lines).toEqual(['passed on by 1000']);
    expect(new Set(exits.map(({ exit }) => exit.kind))).toEqual(new Set(['returned']));
    expect(exits).toHaveLength(1002);
  });

  test('the end of a chain of links ends all of it', async () => {
    const source = guest(`
      (func $spawn_next (param $depth i32)
        (i32.store8 (i32.const 0x100) (i32.const 0x7f)) (i32.store (i32.const 0x101) (local.get $depth))
        (call $expect (call $process.spawn (i64.const 1) (i64.const -1) (i64.const -1) (text "link")
          (i32.const 0x100) (i32.const 17) (i32.const 0)) (i32.const 0)))
      (func (export "link") (param $depth i32)
        (if (i32.eqz (local.get $depth)) (then unreachable))
        (call $spawn_next (i32.sub (local.get $depth) (i32.const 1)))
        (call $forever))
      (func (export "_start") (call $spawn_next (i32.const 300)) (call $forever))`);
    const { exits } = await runAll(source);
    expect(exits.map(({ exit }) => exit.kind)).toEqual(['trapped', ...Array(301).fill('killed')]);
  });
});

test('whoever asks for long names gives way to others', async () => {
  const lines = await linesOf(
    guest(`(func (export "child") (call $print (text "child")))
      (func (export "_start") (local $i i32)
        (drop (call $process.spawn (i64.const 0) (i64.const -1) (i64.const -1) (text "child")
          (i32.const 0) (i32.const 0) (i32.const 0)))
        (memory.fill (i32.const 1000) (i32.const 97) (i32.const 60000))
        (loop $again
          (call $expect (call $registry.get (i32.const 1000) (i32.const 60000) (i32.const 0) (i32.const 8)) (i32.const 1))
          (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 25))))
        (call $print (text "root")))`),
  );
  expect(lines).toEqual(['child', 'root']);
});

describe('a process that sends to one that waits, and then waits itself,', () => {
  const WAITS = `(func (export "waits") (call $show_received (call $receive)) (call $show_received (call $receive)))`;
  const later = (delay: number) => `(func (export "later")
    (call $process.sleep_ms (i64.const ${delay})) (call $send (i64.const 1) (i64.const 9) (i64.const 99)))`;
  /** Spawns the process 2, which then waits. */
  const begin = (name: string) => `${spawn(name)} (call $process.sleep_ms (i64.const 0))`;
  const sendTo2 = (tag: number, value: number) =>
    `(call $send (i64.const 2) (i64.const ${tag}) (i64.const ${value}))`;
  const RECEIVE = '(call $show_received (call $receive))';

  test('gives it the turn after those who were ready before', async () => {
    const source = guest(`${OTHER} ${WAITS}
      (func (export "_start") ${begin('waits')} ${spawn('other')} ${sendTo2(1, 11)} ${RECEIVE})`);
    const program = await start(source);
    while (program.stdout.lines.length < 2) await new Promise((turn) => setImmediate(turn));
    program.root.stop();
    await program.empty;
    expect(program.stdout.lines).toEqual(['other runs', 'data 1 11']);
  });

  test('goes on at once if a message is in its mailbox', async () => {
    const source = guest(`${WAITS}
      (func (export "_start") ${begin('waits')}
        ${self(5, 55)} (call $expect (call $receive_tag (i64.const 9) (i64.const 0)) (i32.const 9027))
        ${sendTo2(1, 11)} ${RECEIVE} ${sendTo2(2, 22)} (call $process.sleep_ms (i64.const 0)))`);
    expect((await runAll(source)).stdout.lines).toEqual(['data 5 55', 'data 1 11', 'data 2 22']);
  });

  test('receives what it has sent to itself before', async () => {
    const source = guest(`${WAITS}
      (func (export "_start") ${begin('waits')}
        ${self(5, 55)} ${sendTo2(1, 11)} ${RECEIVE} ${sendTo2(2, 22)} (call $process.sleep_ms (i64.const 0)))`);
    expect((await runAll(source)).stdout.lines).toEqual(['data 1 11', 'data 5 55', 'data 2 22']);
  });

  test('does not wake it with a message that it does not wait for', async () => {
    const source = guest(`${later(5)}
      (func (export "picky") (call $show_received (call $receive_tag (i64.const 7) (i64.const -1))) ${RECEIVE})
      (func (export "_start") ${begin('picky')} ${spawn('later')}
        (call $process.sleep_ms (i64.const 0))
        ${sendTo2(6, 66)} ${RECEIVE} ${sendTo2(7, 77)} (call $process.sleep_ms (i64.const 0)))`);
    expect((await runAll(source)).stdout.lines).toEqual(['data 9 99', 'data 7 77', 'data 6 66']);
  });

  test('ends its wait for good, so its time is not up later', async () => {
    const source = guest(`${later(250)}
      (func (export "impatient")
        (call $show_received (call $message.receive (i32.const 0) (i32.const 0) (i64.const 150))) ${RECEIVE})
      (func (export "_start") ${begin('impatient')} ${spawn('later')}
        (call $process.sleep_ms (i64.const 0))
        ${sendTo2(1, 11)} ${RECEIVE} ${sendTo2(2, 22)} (call $process.sleep_ms (i64.const 0)))`);
    expect((await runAll(source)).stdout.lines).toEqual(['data 1 11', 'data 9 99', 'data 2 22']);
  });

  test('does not wake it while it is paused', async () => {
    const source = guest(`${WAITS}
      (func (export "_start") ${begin('waits')}
        (drop (call $receive)) ${sendTo2(1, 11)} (drop (call $receive))
        (call $print (text "sent")) ${sendTo2(2, 22)} (call $process.sleep_ms (i64.const 0)))`);
    const program = await start(source);
    const { environment } = program.root;
    const process = (wanted: number) => [...environment.processes()].find(({ id }) => id === wanted);
    const turn = () => new Promise((next) => setImmediate(next));
    const bothWait = async () => {
      while (process(1)?.state !== 'waiting' || process(2)?.state === 'ready') await turn();
    };
    await bothWait();
    const child = process(2);
    if (child === undefined) throw new Error('the child has gone');
    program.runtime.scheduler.holding.pause([child]);
    nudge(program);
    await turn();
    await bothWait();
    nudge(program);
    while (process(1) !== undefined) await turn();
    expect(program.stdout.lines).toEqual(['sent']);
    program.runtime.scheduler.holding.resume(child);
    await program.empty;
    expect(program.stdout.lines).toEqual(['sent', 'data 1 11', 'data 2 22']);
  });

  test('lets timers be served, however long the two talk', async () => {
    const source = guest(`
      (func (export "talks") (loop $l
        (call $send (i64.const 3) (i64.const 1) (i64.const 1)) (drop (call $receive_value)) (br $l)))
      (func (export "answers") (loop $l
        (drop (call $receive_value)) (call $send (i64.const 2) (i64.const 1) (i64.const 1)) (br $l)))
      (func (export "_start") ${spawn('talks')} ${spawn('answers')}
        (call $process.sleep_ms (i64.const 20)) (call $print (text "awake")))`);
    expect(await linesOf(source)).toEqual(['awake']);
  });
});
