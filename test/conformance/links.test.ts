import { describe, expect, test } from 'vitest';
import { guest } from '../support/guest.ts';
import { linesOf, runAll } from '../support/program.ts';

const CATCH = '(call $process.die_when_link_dies (i32.const 0))';
const spawn = (name: string, link = 0) => `(drop (call $spawn (i64.const ${link}) (text "${name}")))`;
const SHOW = '(call $show_received (call $receive))';
/** Shows what comes within a short time. */
const SHOW_SOON = '(call $show_received (call $message.receive (i32.const 0) (i32.const 0) (i64.const 5)))';
/** Functions by name, "_start" last; `$recurse` never returns, `$exception` is a tag. */
const program = (functions: Record<string, string>) =>
  guest(`
    (tag $exception)
    (func $recurse (call $recurse) (call $recurse))
    ${Object.entries(functions)
      .map(([name, body]) => `(func (export "${name}") ${body})`)
      .join('\n')}`);
/** How every process ended, in order of the ids, and by its name. */
const ends = async (functions: Record<string, string>) => {
  const { exits, stdout } = await runAll(program(functions));
  const sorted = [...exits].sort((a, b) => a.process.id - b.process.id);
  const named = exits.map(({ process, exit }) => `${process.entry.name} ${exit.kind}`).sort();
  return { kinds: sorted.map(({ exit }) => exit.kind), named, lines: stdout.lines };
};

const FAILURES: [string, string][] = [
  ['traps', 'unreachable'],
  ['exits with another code than 0', '(call $proc_exit (i32.const 3))'],
  ['kills itself', '(call $process.kill (call $process.process_id)) (call $process.sleep_ms (i64.const 0))'],
  ['calls a host function that traps', '(call $error.drop (i64.const 0))'],
  ['overflows its stack', '(call $recurse)'],
  ['lets an exception escape', '(throw $exception)'],
];
const NORMAL_ENDS: [string, string][] = [
  ['returns', ''],
  ['exits with code 0', '(call $proc_exit (i32.const 0))'],
];

describe('the death of a link', () => {
  test.each(FAILURES)('that %s kills the other side', async (_, failure) => {
    const { kinds } = await ends({
      child: failure,
      _start: `${spawn('child', 1)} (call $forever)`,
    });
    expect(kinds[0]).toBe('killed');
  });

  test.each(FAILURES)(
    'that %s becomes a message with the tag where deaths are caught',
    async (_, failure) => {
      const source = program({
        child: failure,
        _start: `${CATCH} ${spawn('child', 77)} ${SHOW}`,
      });
      expect(await linesOf(source)).toEqual(['link 77']);
    },
  );

  test.each(NORMAL_ENDS)('that %s is silent', async (_, end) => {
    // Links are told before monitors.
    const body = `${spawn('child', 77)} (call $process.monitor (i64.const 2)) ${SHOW} ${SHOW_SOON}`;
    const lines = ['process 2', 'timeout'];
    expect(await linesOf(program({ child: end, _start: body }))).toEqual(lines);
    expect(await linesOf(program({ child: end, _start: `${CATCH} ${body}` }))).toEqual(lines);
  });

  test('spreads: who dies of it counts as failed itself', async () => {
    const { named, lines } = await ends({
      third: 'unreachable',
      second: `${spawn('third', 3)} (call $forever)`,
      first: `${spawn('second', 2)} (call $forever)`,
      _start: `${CATCH} ${spawn('first', 1)} ${SHOW}`,
    });
    expect(named).toEqual(['_start returned', 'first killed', 'second killed', 'third trapped']);
    expect(lines).toEqual(['link 1']);
  });

  test("the child sees the parent's death without a tag", async () => {
    const { lines } = await ends({
      child: `${CATCH} (call $send (i64.const 1) (i64.const 0) (i64.const 0)) ${SHOW}`,
      _start: `${spawn('child', 5)} (call $expect (call $receive) (i32.const 0)) unreachable`,
    });
    expect(lines).toEqual(['link 0']);
  });

  test('a parent that fails right after the spawn takes the child along', async () => {
    const { kinds, lines } = await ends({
      child: '(call $print (text "child")) (call $forever)',
      _start: `${spawn('child', 5)} unreachable`,
    });
    expect([kinds, lines]).toEqual([['trapped', 'killed'], []]);
  });

  test('that returned leaves its children alone, and so does any death without a link', async () => {
    const child = `(call $process.sleep_ms (i64.const 5)) (call $print (text "alive"))`;
    const linked = await ends({ child, _start: spawn('child', 5) });
    expect([linked.kinds, linked.lines]).toEqual([['returned', 'returned'], ['alive']]);
    const unlinked = await ends({ child, _start: `${spawn('child')} unreachable` });
    expect([unlinked.kinds, unlinked.lines]).toEqual([['trapped', 'returned'], ['alive']]);
  });

  test('arrives after everything the dead one sent before', async () => {
    const source = program({
      child: `
        (call $send (i64.const 1) (i64.const 1) (i64.const 10))
        (call $send (i64.const 1) (i64.const 2) (i64.const 20))
        unreachable`,
      _start: `${CATCH} ${spawn('child', 9)} ${SHOW} ${SHOW} ${SHOW}`,
    });
    expect(await linesOf(source)).toEqual(['data 1 10', 'data 2 20', 'link 9']);
  });

  test('is no message to those who are not linked', async () => {
    const source = program({ child: 'unreachable', _start: `${CATCH} ${spawn('child')} ${SHOW_SOON}` });
    expect(await linesOf(source)).toEqual(['timeout']);
  });

  test('keeps all 64 bits of the tag', async () => {
    const source = program({
      child: 'unreachable',
      _start: `${CATCH} (drop (call $spawn (i64.const -9223372036854775807) (text "child"))) ${SHOW}`,
    });
    expect(await linesOf(source)).toEqual(['link -9223372036854775807']);
  });
});

describe('link', () => {
  /** A child that waits for a message and then fails, or shows how its peer dies. */
  const FAIL_LATER = '(call $expect (call $receive) (i32.const 0)) unreachable';
  const WAKE = '(call $send (i64.const 2) (i64.const 0) (i64.const 0))';

  test('tells both sides under the same tag', async () => {
    const source = program({
      child: FAIL_LATER,
      _start: `${CATCH} ${spawn('child')} (call $process.link (i64.const 31) (i64.const 2)) ${WAKE} ${SHOW}`,
    });
    expect(await linesOf(source)).toEqual(['link 31']);
    const { lines } = await ends({
      child: `${CATCH} (call $send (i64.const 1) (i64.const 0) (i64.const 0)) ${SHOW}`,
      _start: `${spawn('child')} (call $process.link (i64.const 32) (i64.const 2))
        (call $expect (call $receive) (i32.const 0)) unreachable`,
    });
    expect(lines).toEqual(['link 32']);
  });

  test('again replaces the tag; one death is one message', async () => {
    const source = program({
      child: FAIL_LATER,
      _start: `${CATCH} ${spawn('child', 1)}
        (call $process.link (i64.const 2) (i64.const 2))
        (call $process.link (i64.const 3) (i64.const 2)) ${WAKE} ${SHOW} ${SHOW_SOON}`,
    });
    expect(await linesOf(source)).toEqual(['link 3', 'timeout']);
  });

  test('without a tag gives a message of tag 0', async () => {
    const source = program({
      child: FAIL_LATER,
      _start: `${CATCH} ${spawn('child')} (call $process.link (i64.const 0) (i64.const 2)) ${WAKE}
        (call $show_received (call $receive_tag (i64.const 0) (i64.const 5))) ${SHOW}`,
    });
    expect(await linesOf(source)).toEqual(['timeout', 'link 0']);
  });

  test.each(['2', '99', '0', '-1'])('to process %s, which does not exist, is a death at once', async (id) => {
    const child = 'unreachable';
    const link = `(call $run (text "child")) (call $process.link (i64.const 6) (i64.const ${id}))`;
    const caught = await ends({ child, _start: `${link} ${CATCH} ${SHOW_SOON}` });
    // The death was queued before deaths were to be caught.
    expect(caught.kinds[0]).toBe('killed');
    const early = await ends({ child, _start: `${CATCH} ${link} ${SHOW_SOON}` });
    expect(early.lines).toEqual(['link 6']);
  });

  test('to a dead process kills at the next suspension, not before', async () => {
    const { kinds, lines } = await ends({
      _start: `(call $process.link (i64.const 6) (i64.const 99)) (call $print (text "still here"))
        (call $process.sleep_ms (i64.const 0)) (call $print (text "?"))`,
    });
    expect([kinds, lines]).toEqual([['killed'], ['still here']]);
  });

  test('asked for just before the end counts', async () => {
    const source = program({
      child: '(call $process.link (i64.const 8) (i64.const 1)) unreachable',
      _start: `${CATCH} ${spawn('child')} ${SHOW}`,
    });
    expect(await linesOf(source)).toEqual(['link 8']);
  });

  test('to oneself is harmless', async () => {
    const { kinds } = await ends({
      _start:
        '(call $process.link (i64.const 8) (i64.const 1)) (call $process.sleep_ms (i64.const 0)) unreachable',
    });
    expect(kinds).toEqual(['trapped']);
  });
});

describe('unlink', () => {
  test('ends the link on both sides', async () => {
    const { kinds, lines } = await ends({
      child: '(call $expect (call $receive) (i32.const 0)) unreachable',
      _start: `${spawn('child', 4)} (call $process.unlink (i64.const 2))
        (call $send (i64.const 2) (i64.const 0) (i64.const 0)) ${SHOW_SOON}`,
    });
    expect([kinds, lines]).toEqual([['returned', 'trapped'], ['timeout']]);
    const other = await ends({
      child: `(call $send (i64.const 1) (i64.const 0) (i64.const 0)) ${SHOW_SOON}`,
      _start: `${spawn('child', 4)} (call $process.unlink (i64.const 2))
        (call $expect (call $receive) (i32.const 0)) unreachable`,
    });
    expect([other.kinds, other.lines]).toEqual([['trapped', 'returned'], ['timeout']]);
  });

  test('does not take back a death that was queued before', async () => {
    const message = await ends({
      child: 'unreachable',
      _start: `${CATCH} ${spawn('child', 4)} (call $process.sleep_ms (i64.const 2))
        (call $process.unlink (i64.const 2)) ${SHOW_SOON}`,
    });
    expect(message.lines).toEqual(['link 4']);
    const death = await ends({
      _start: `(call $process.link (i64.const 6) (i64.const 99)) (call $process.unlink (i64.const 99)) ${SHOW_SOON}`,
    });
    expect(death.kinds).toEqual(['killed']);
  });

  test.each(['2', '99', '0', '-1'])('of process %s, which is not linked, does nothing', async (id) => {
    const { kinds, lines } = await ends({
      child: '',
      _start: `${spawn('child')} (call $process.unlink (i64.const ${id})) ${SHOW_SOON}
        (call $process.unlink (i64.const ${id})) ${SHOW_SOON}`,
    });
    expect([kinds, lines]).toEqual([
      ['returned', 'returned'],
      ['timeout', 'timeout'],
    ]);
  });
});

describe('die_when_link_dies', () => {
  test('before the first linked spawn is in place in time', async () => {
    const source = program({ child: 'unreachable', _start: `${CATCH} ${spawn('child', 1)} ${SHOW}` });
    expect(await linesOf(source)).toEqual(['link 1']);
  });

  test('can be switched back, by any number but 0', async () => {
    const { kinds, lines } = await ends({
      child: 'unreachable',
      _start: `${CATCH} ${spawn('child', 1)} ${SHOW}
        (call $process.die_when_link_dies (i32.const 256)) ${spawn('child', 2)} (call $forever)`,
    });
    expect([kinds[0], lines]).toEqual(['killed', ['link 1']]);
  });

  test('does not reach back: a link death queued before is handled as it was', async () => {
    const { kinds, lines } = await ends({
      _start: `${CATCH} (call $process.link (i64.const 1) (i64.const 99))
        (call $process.die_when_link_dies (i32.const 1)) ${SHOW}
        (call $process.link (i64.const 2) (i64.const 99)) ${CATCH} ${SHOW}`,
    });
    expect([kinds, lines]).toEqual([['killed'], ['link 1']]);
  });
});
