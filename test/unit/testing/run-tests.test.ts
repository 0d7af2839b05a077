import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import {
  ALL_TESTS,
  discoverTests,
  ProcessConfig,
  Runtime,
  readTests,
  runTests,
  TestStartError,
} from '../../../runtime/internal.ts';
import { restart } from '../../../runtime/kernel/restart.ts';
import type { TestEvent } from '../../../runtime/testing/events.ts';
import { guest } from '../../support/guest.ts';
import { assemble, Feed } from '../../support/program.ts';
import { testsOf } from '../../support/test-mode.ts';

/** `$parent` waits, and so does its child, with a message in its mailbox that it does not want. */
const TREE = `
  (func $wait_in_vain (drop (call $receive_tag (i64.const 9) (i64.const -1))))
  (func (export "child") (call $registry.put (text "kid") (i64.const 0) (call $process.process_id)) (call $wait_in_vain))
  (func $parent (local $child i64)
    (local.set $child (call $spawn (i64.const 0) (text "child")))
    (call $send (local.get $child) (i64.const 5) (i64.const 1))
    (call $forever))`;

describe('events', () => {
  test('come in order, those of short tests while others still run', async () => {
    const { events, summary } = await testsOf(
      guest(
        `(func (export "#lunatic_test_long") (call $process.sleep_ms (i64.const 30)))
         (func (export "#lunatic_test_#ignore_ignored"))
         (func (export "#lunatic_test_short"))
         (func (export "#lunatic_test_bad") unreachable)`,
      ),
      { selection: { ...ALL_TESTS, skip: ['nothing'] } },
    );
    const told = events.map((event) => {
      if (event.event === 'finished') return `finished ${event.name} ${event.outcome}`;
      return 'name' in event ? `${event.event} ${event.name}` : event.event;
    });
    expect(told).toEqual([
      'discovered',
      'started long',
      'ignored ignored',
      'started short',
      'started bad',
      'finished short passed',
      'finished bad failed',
      'finished long passed',
      'summary',
    ]);
    expect(summary).toEqual({ passed: 2, failed: 1, ignored: 1, cancelled: 0, filteredOut: 0 });
  });

  describe('of a large module', () => {
    const LARGE = '(func)'.repeat(1000);
    const started = async (source: string, options: Parameters<typeof testsOf>[1] = {}) => {
      const told: string[] = [];
      const { summary } = await testsOf(guest(`${LARGE} ${source}`), {
        ...options,
        onEvent: (event) => {
          if (event.event === 'started' || event.event === 'finished')
            told.push(`${event.name} ${event.event}`);
          return options.onEvent?.(event) ?? null;
        },
      });
      return { told, summary };
    };

    test('come one after the other as long as each computes, or waits for what is to happen soon', async () => {
      const { told } = await started(
        `(func (export "#lunatic_test_sleeps") (call $process.sleep_ms (i64.const 5)))
         (func (export "#lunatic_test_computes") (local $i i32)
           (loop $again (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 300000)))))
         (func (export "#lunatic_test_last"))`,
      );
      expect(told).toEqual(
        ['sleeps', 'computes', 'last'].flatMap((name) => [`${name} started`, `${name} finished`]),
      );
    });

    test('overlap if one waits for something that takes long, and though one computes without an end', async () => {
      const abort = new AbortController();
      const { told, summary } = await started(
        `(func (export "#lunatic_test_sleeps") (call $process.sleep_ms (i64.const 600000)))
         (func (export "#lunatic_test_waits") (call $forever))
         (func (export "#lunatic_test_spins") (loop $again (br $again)))
         (func (export "#lunatic_test_last"))`,
        {
          signal: abort.signal,
          onEvent: (event) => {
            if (event.event === 'finished' && event.name === 'last') abort.abort();
            return null;
          },
        },
      );
      expect(told.slice(0, 5)).toEqual([
        ...['sleeps started', 'waits started', 'spins started'],
        ...['last started', 'last finished'],
      ]);
      expect(summary).toMatchObject({ passed: 1, cancelled: 3 });
    });
  });

  test('are held back while whoever is told of them has enough, and no further test begins', async () => {
    const names = ['a', 'b', 'c', 'd'];
    const { promise, resolve } = Promise.withResolvers<void>();
    const told: string[] = [];
    const run = testsOf(guest(names.map((name) => `(func (export "#lunatic_test_${name}"))`).join('')), {
      jobs: 1,
      onEvent: (event) => {
        if (event.event === 'started' || event.event === 'finished')
          told.push(`${event.name} ${event.event}`);
        return event.event === 'finished' && event.name === 'a' ? promise : null;
      },
    });
    while (!told.includes('b started')) await nextTurn();
    for (let turn = 0; turn < 50; turn++) await nextTurn();
    expect(told).toEqual(['a started', 'a finished', 'b started']);
    resolve();
    expect((await run).summary).toMatchObject({ passed: 4 });
    expect(told.slice(3)).toEqual([
      ...['b finished', 'c started', 'c finished'],
      ...['d started', 'd finished'],
    ]);
  });

  test('the selected tests are reported before anything runs', async () => {
    const { events } = await testsOf(guest('(func (export "#lunatic_test_a"))'), {
      selection: { ...ALL_TESTS, filters: ['b'] },
    });
    expect(events[0]).toEqual({ event: 'discovered', tests: [], filteredOut: 1 });
  });
});

describe('a selection', () => {
  test('of exports runs these alone, also where two tests have the same name', async () => {
    const source = guest(
      '(func (export "#lunatic_test_same")) (func (export "__lunatic_test_same")) (func (export "#lunatic_test_b"))',
    );
    const exports = new Set(['__lunatic_test_same']);
    const { events, summary } = await testsOf(source, { selection: { ...ALL_TESTS, exports } });
    expect(summary).toEqual({ passed: 1, failed: 0, ignored: 0, cancelled: 0, filteredOut: 2 });
    expect(events.filter(({ event }) => event === 'started')).toEqual([
      { event: 'started', name: 'same', export: '__lunatic_test_same' },
    ]);
  });
});

describe('discovery', () => {
  test('reads a module that does not link, and finds what running it would find', async () => {
    const tests = '(func (export "#lunatic_test_a")) (func (export "__lunatic_test_b"))';
    const foreign = await assemble(`(module (import "elsewhere" "f" (func)) ${tests})`);
    const own = new Runtime().load(await assemble(`(module ${tests})`));
    expect(readTests(foreign).map(({ name }) => name)).toEqual(['a', 'b']);
    expect(readTests(foreign)).toEqual(discoverTests(own));
    expect(() => new Runtime().load(foreign)).toThrow('elsewhere');
  });
});

describe('a failure', () => {
  const failureOf = async (body: string, functions = '') => {
    const { resultOf } = await testsOf(guest(`(func (export "#lunatic_test_it") ${body}) ${functions}`));
    const { failures } = resultOf('it');
    expect(failures).toHaveLength(1);
    return failures[0];
  };

  test.each<[string, string, string, object | null]>([
    [
      'a panic of older Rust',
      `(call $print (text "thread 'main' panicked at 'too bad', src/lib.rs:7:5")) unreachable`,
      'too bad',
      { file: 'src/lib.rs', line: 7, column: 5 },
    ],
    [
      'a panic of Rust',
      `(call $print (text "thread 'main' panicked at src/lib.rs:7:5:\\ntoo\\nbad")) unreachable`,
      'too\nbad',
      { file: 'src/lib.rs', line: 7, column: 5 },
    ],
    [
      'an abort of AssemblyScript',
      '(call $print (text "abort: too bad in assembly/a.ts(7:5)")) (call $proc_exit (i32.const 1))',
      'too bad',
      { file: 'assembly/a.ts', line: 7, column: 5 },
    ],
    ['a trap', 'unreachable', 'trapped: unreachable', null],
    ['an exit', '(call $proc_exit (i32.const 3))', 'exited with code 3', null],
    [
      'a kill',
      '(call $process.kill (call $process.process_id)) (call $forever)',
      'was killed, or a process it is linked to died',
      null,
    ],
  ])('is %s: message and place', async (_, body, message, location) => {
    expect(await failureOf(body)).toMatchObject({
      reason: 'failed',
      message,
      location,
      expected: null,
      actual: null,
    });
  });

  test('in a library is where the author has called that', async () => {
    const own = { file: 'assembly/oven.ts', line: 3, column: 9 };
    const panic = '(call $print (text "abort: Index out of range in ~lib/array.ts(99:17)")) unreachable';
    const { resultOf } = await testsOf(guest(`(func (export "#lunatic_test_it") ${panic})`), {
      sources: { locate: async (_, frames) => ({ frames, own, lines: [] }) },
    });
    expect(resultOf('it').failures).toMatchObject([{ message: 'Index out of range', location: own }]);
    // Without debug information nothing better is known.
    expect(await failureOf(panic)).toMatchObject({
      location: { file: '~lib/array.ts', line: 99, column: 17 },
    });
  });

  test('has the stack', async () => {
    const failure = await failureOf('(call $outer)', '(func $outer (call $inner)) (func $inner unreachable)');
    expect(failure?.stack.map((frame) => frame.function)).toEqual(['inner', 'outer', '#lunatic_test_it']);
  });

  test('is told also if the process of the test was begun anew', async () => {
    let isAnew = false;
    const runtime: Runtime = new Runtime({
      observer: {
        holds(process) {
          if (isAnew) return false;
          isAnew = true;
          setImmediate(() => {
            const fresh = restart(runtime.scheduler, process);
            if (typeof fresh !== 'string') runtime.scheduler.holding.resume(fresh);
          });
          return true;
        },
      },
    });
    const module = runtime.load(
      await assemble(guest('(func (export "#lunatic_test_it") (call $inner)) (func $inner unreachable)')),
    );
    const results: TestEvent[] = [];
    const options = { selection: ALL_TESTS, config: ProcessConfig.forRoot(), input: new Feed() };
    await runTests(runtime, module, options, (event) => {
      if (event.event === 'finished') results.push(event);
    });
    expect(isAnew).toBe(true);
    expect(results).toMatchObject([{ outcome: 'failed', failures: [{ message: 'trapped: unreachable' }] }]);
    const stack = results.flatMap((event) => (event.event === 'finished' ? event.failures : []))[0]?.stack;
    expect(stack?.map((frame) => frame.function)).toEqual(['inner', '#lunatic_test_it']);
  });

  test('of a child to which the test is linked is told as that of the test', async () => {
    const failure = await failureOf(
      '(drop (call $spawn (i64.const 1) (text "child"))) (call $forever)',
      `(func (export "child")
         (call $print (text "thread '<unnamed>' panicked at src/child.rs:3:9:\\nthe child fails")) unreachable)`,
    );
    expect(failure).toMatchObject({
      message: 'the child fails',
      location: { file: 'src/child.rs', line: 3, column: 9 },
    });
  });

  test('of a child that was caught is not', async () => {
    const failure = await failureOf(
      `(call $process.die_when_link_dies (i32.const 0))
       (drop (call $spawn (i64.const 1) (text "child")))
       (call $expect (call $receive) (i32.const 1))
       (call $process.kill (call $process.process_id)) (call $forever)`,
      '(func (export "child") (drop (i32.div_u (i32.const 1) (i32.const 0))))',
    );
    expect(failure?.message).toBe('was killed, or a process it is linked to died');
  });
});

describe('the time limit', () => {
  test('tells where every process of the test was', async () => {
    const { resultOf, left } = await testsOf(
      guest(`(func (export "#lunatic_test_hangs") (call $parent)) ${TREE}`),
      { timeout: 0.2 },
    );
    const { failures, output, outcome } = resultOf('hangs');
    expect(outcome).toBe('failed');
    expect(failures).toMatchObject([
      {
        reason: 'timeout',
        message: 'the test did not end within 0.2 seconds',
        processes: [
          { id: 1, activity: 'waiting for a message', messages: 0 },
          { id: 2, activity: 'waiting for a message', names: ['kid'], messages: 1 },
        ],
      },
    ]);
    const stacks = failures[0]?.processes.map(({ stack }) => stack.map((frame) => frame.function));
    expect(stacks?.[0]?.slice(0, 2)).toEqual(['forever', 'parent']);
    expect(stacks?.[1]?.slice(0, 2)).toEqual(['receive_tag', 'wait_in_vain']);
    expect(output.text).toContain(
      'note: test did not end within 0.2 seconds\nprocess 1: waiting for a message\n    at forever (function ',
    );
    expect(output.text).toContain(
      'process 2 (kid): waiting for a message, 1 message in its mailbox\n    at receive_tag',
    );
    expect(left).toBe(0);
  });

  test('tells of every kind of wait', async () => {
    const wait = (name: string, body: string) =>
      `(func $${name} ${body}) (func (export "#lunatic_test_${name}") (call $${name}))`;
    const { resultOf, left } = await testsOf(
      guest(
        `${wait('sleeps', '(call $process.sleep_ms (i64.const 1000000))')}
         ${wait('receives', '(drop (call $receive_tag (i64.const 3) (i64.const 1000000))) (call $print (text "goes on"))')}
         ${wait('requests', '(call $put (i64.const 1) (i64.const 1)) (drop (call $message.send_receive_skip_search (i64.const 1) (i64.const 3) (i64.const -1)))')}
         ${wait('reads', '(i32.store (i32.const 0) (i32.const 8)) (i32.store (i32.const 4) (i32.const 1)) (drop (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 16)))')}
         ${wait('slept', '(call $process.sleep_ms (i64.const 1)) (call $forever)')}
         ${wait('catches', '(drop (call $trap.catch (i32.const 0) (i32.const 0)))')}
         (func (export "_lunatic_catch_trap") (param i32 i32) (result i32) (call $forever) (i32.const 1))
         ${wait('swallows', '(loop $again (try (do (call $forever)) (catch_all)) (br $again))')}`,
      ),
      { timeout: 0.3 },
    );
    const innermost = (name: string) => {
      const process = resultOf(name).failures[0]?.processes[0];
      return [process?.activity, process?.stack[0]?.function];
    };
    expect(innermost('sleeps')).toEqual(['sleeping', 'sleeps']);
    expect(innermost('receives')).toEqual(['waiting for a message', 'receive_tag']);
    expect(resultOf('receives').output.text).not.toContain('goes on');
    expect(innermost('requests')).toEqual(['waiting for a message', 'requests']);
    expect(innermost('reads')).toEqual(['waiting for input, output or a name', 'reads']);
    expect(innermost('slept')).toEqual(['waiting for a message', 'forever']);
    expect(innermost('catches')).toEqual(['waiting for a message', 'forever']);
    expect(innermost('swallows')).toEqual(['waiting for a message', 'forever']);
    expect(left).toBe(0);
  });

  test('ends a loop, and tells which one', async () => {
    const source = guest(
      `(func $spin (loop $again (br $again)))
       (func (export "#lunatic_test_spins") (call $spin))
       (func (export "#lunatic_test_recurses") (call $recurse))
       (func $recurse (call $process.sleep_ms (i64.const 0)) (call $recurse_again) (call $recurse_again))
       (func $recurse_again (call $recurse))`,
    );
    const { resultOf } = await testsOf(source, { timeout: 0.2 });
    const [failure] = resultOf('spins').failures;
    expect(failure?.processes[0]?.activity).toBe('running');
    expect(failure?.processes[0]?.stack.map((frame) => frame.function)).toEqual([
      'spin',
      '#lunatic_test_spins',
    ]);
    expect(resultOf('recurses').outcome).toBe('failed');
  });

  test('holds for a start section too', async () => {
    const { resultOf } = await testsOf(
      guest(
        '(func $top_level (loop $again (br $again))) (start $top_level) (func (export "#lunatic_test_a"))',
      ),
      { timeout: 0.2 },
    );
    expect(resultOf('a').failures).toMatchObject([
      { reason: 'timeout', processes: [{ activity: 'starting', stack: [{ function: 'top_level' }] }] },
    ]);
  });

  test('holds for what runs before the tests', async () => {
    const source = guest(
      '(func (export "__lunatic_start_test") (call $forever)) (func (export "__lunatic_test_a"))',
    );
    const failed = testsOf(source, { timeout: 0.2 });
    await expect(failed).rejects.toThrow(TestStartError);
    await expect(failed).rejects.toThrow('did not end within 0.2 seconds');
  });
});

test('processes that a test has left behind are gone after the run', async () => {
  const { summary, ended, left } = await testsOf(
    guest(
      `(func (export "#lunatic_test_leaves")
         (drop (call $spawn (i64.const 0) (text "stays"))) (drop (call $spawn (i64.const 0) (text "spins"))))
       (func (export "stays") (call $forever))
       (func (export "spins") (loop $again (br $again)))`,
    ),
  );
  expect({ passed: summary.passed, ended, left }).toEqual({ passed: 1, ended: 3, left: 0 });
});

describe('cancelling', () => {
  const SOURCE = guest(
    `(func (export "#lunatic_test_short"))
     (func (export "#lunatic_test_tree") (call $parent))
     (func (export "#lunatic_test_spins") (loop $again (br $again)))
     (func (export "#lunatic_test_#panic_#panics") (call $forever))
     ${TREE}`,
  );

  test('kills every process of what runs, and tells of it', async () => {
    const abort = new AbortController();
    const { resultOf, summary, ended, left } = await testsOf(SOURCE, {
      signal: abort.signal,
      onEvent: (event) => {
        if (event.event === 'finished' && event.outcome === 'passed') setImmediate(() => abort.abort());
      },
    });
    expect(summary).toEqual({ passed: 1, failed: 0, ignored: 0, cancelled: 3, filteredOut: 0 });
    for (const name of ['tree', 'spins', 'panics']) {
      expect(resultOf(name)).toMatchObject({ outcome: 'cancelled', failures: [], exit: { kind: 'killed' } });
      expect(resultOf(name).output.isEmpty).toBe(true);
    }
    // Four root processes and the child.
    expect({ ended, left }).toEqual({ ended: 5, left: 0 });
  });

  test('does not start what has not begun', async () => {
    const abort = new AbortController();
    const { events, summary } = await testsOf(SOURCE, {
      signal: abort.signal,
      jobs: 1,
      onEvent: (event) => {
        if (event.event === 'started' && event.name === 'tree') setImmediate(() => abort.abort());
      },
    });
    expect(summary).toEqual({ passed: 1, failed: 0, ignored: 0, cancelled: 3, filteredOut: 0 });
    expect(events.filter(({ event }) => event === 'started')).toHaveLength(2);
    expect(events.at(-1)).toEqual({ event: 'summary', ...summary });
  });

  test('before the run begins runs nothing', async () => {
    const { events, summary } = await testsOf(SOURCE, { signal: AbortSignal.abort() });
    expect(events.map(({ event }) => event)).toEqual(['discovered', 'summary']);
    expect(summary.cancelled).toBe(4);
  });

  test('before the run begins runs nothing before the tests either', async () => {
    const source = guest(
      '(func (export "__lunatic_start_test") unreachable) (func (export "__lunatic_test_a"))',
    );
    const { summary, ended } = await testsOf(source, { signal: AbortSignal.abort() });
    expect(summary.cancelled).toBe(1);
    expect(ended).toBe(0);
  });

  test('ends a start section', async () => {
    const abort = new AbortController();
    const { resultOf } = await testsOf(
      guest(
        '(func $top_level (loop $again (br $again))) (start $top_level) (func (export "#lunatic_test_a"))',
      ),
      {
        signal: abort.signal,
        onEvent: (event) => {
          if (event.event === 'started') setImmediate(() => abort.abort());
        },
      },
    );
    expect(resultOf('a').outcome).toBe('cancelled');
  });

  test('ends what runs before the tests', async () => {
    const abort = new AbortController();
    const { summary } = await testsOf(
      guest('(func (export "__lunatic_start_test") (call $forever)) (func (export "__lunatic_test_a"))'),
      {
        signal: abort.signal,
        onEvent: () => {
          setImmediate(() => abort.abort());
        },
      },
    );
    expect(summary.cancelled).toBe(1);
  });
});
