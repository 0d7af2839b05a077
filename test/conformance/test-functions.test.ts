import { describe, expect, test } from 'vitest';
import { guest, main } from '../support/guest.ts';
import { linesOf, trapOf } from '../support/program.ts';
import { testsOf } from '../support/test-mode.ts';

/** A module with one test, `it`, of this body; then further functions. */
const oneTest = (body: string, functions = '') =>
  guest(`(func (export "#lunatic_test_it") ${body}) ${functions}`);

/** Runs the one test of a module. */
const resultOf = async (source: string) => (await testsOf(source)).resultOf('it');

describe('set_name', () => {
  test('names the test in results, not for filters', async () => {
    const source = oneTest('(call $test.set_name (text "sums: 2 + 2 = 4 ✓"))');
    const { name, title, outcome } = await resultOf(source);
    expect({ name, title, outcome }).toEqual({
      name: 'it',
      title: 'sums: 2 + 2 = 4 ✓',
      outcome: 'passed',
    });
  });

  test('the last name counts; an empty one gives back that of the export', async () => {
    const twice = '(call $test.set_name (text "one")) (call $test.set_name (text "two"))';
    expect((await resultOf(oneTest(twice))).title).toBe('two');
    expect((await resultOf(oneTest(`${twice} (call $test.set_name (text ""))`))).title).toBe('it');
  });

  test('a name cannot move the cursor, begin a line, or be endless', async () => {
    const source = oneTest(
      `(memory.fill (i32.const 0) (i32.const 97) (i32.const 5000))
       (i32.store8 (i32.const 1) (i32.const 27)) (i32.store8 (i32.const 2) (i32.const 10))
       (call $test.set_name (i32.const 0) (i32.const 5000))`,
    );
    expect((await resultOf(source)).title).toBe(`a\ufffd\ufffd${'a'.repeat(197)}…`);
  });
});

describe('should_trap', () => {
  test.each<[string, string, 'passed' | 'failed']>([
    ['anything, and it traps', '(call $test.should_trap (text "")) unreachable', 'passed'],
    ['anything, and it ends', '(call $test.should_trap (text ""))', 'failed'],
    [
      'the message of its trap',
      '(call $test.should_trap (text "divide by zero")) (drop (i32.div_u (i32.const 1) (i32.const 0)))',
      'passed',
    ],
    [
      'the message of a host function',
      '(call $test.should_trap (text "unknown error id 7")) (call $error.drop (i64.const 7))',
      'passed',
    ],
    ['another message', '(call $test.should_trap (text "divide by zero")) unreachable', 'failed'],
    [
      'the text of its panic',
      `(call $test.should_trap (text "too bad"))
       (call $print (text "thread 'main' panicked at src/lib.rs:7:5:\\ntoo bad")) unreachable`,
      'passed',
    ],
    [
      'the last thing it asks for',
      '(call $test.should_trap (text "other")) (call $test.should_trap (text "unreach")) unreachable',
      'passed',
    ],
    ['an exit with a code', '(call $test.should_trap (text "")) (call $proc_exit (i32.const 3))', 'passed'],
    ['an exit without one', '(call $test.should_trap (text "")) (call $proc_exit (i32.const 0))', 'failed'],
  ])('%s', async (_, body, outcome) => {
    const result = await resultOf(oneTest(body));
    expect(result.outcome).toBe(outcome);
    expect(result.shouldFail).toBe(true);
  });

  test('what was expected and what came is in the failure', async () => {
    const result = await resultOf(oneTest('(call $test.should_trap (text "divide by zero")) unreachable'));
    expect(result.failures).toMatchObject([
      {
        reason: 'other-panic',
        message: 'the test failed with another message than expected',
        expected: 'divide by zero',
        actual: 'trapped: unreachable',
        stack: [{ index: 1 }],
      },
    ]);
    expect(result.output.text).toContain(
      'note: panic did not contain expected string\n' +
        '      panic message: `"unreachable"`,\n expected substring: `"divide by zero"`\n',
    );
  });

  test('a linked child that traps ends the test, and its message counts', async () => {
    const source = oneTest(
      `(call $test.should_trap (text "divide by zero"))
       (drop (call $spawn (i64.const 1) (text "middle"))) (call $forever)`,
      `(func (export "middle") (drop (call $spawn (i64.const 1) (text "divides"))) (call $forever))
       (func (export "divides") (drop (i32.div_u (i32.const 1) (i32.const 0))))`,
    );
    expect((await resultOf(source)).outcome).toBe('passed');
    const other = source.replace('(i32.div_u (i32.const 1) (i32.const 0))', '(unreachable)');
    const { failures, output } = await resultOf(other);
    expect(failures).toMatchObject([{ expected: 'divide by zero', actual: 'trapped: unreachable' }]);
    expect(output.text).toMatch(/process 3 trapped: unreachable, and the test was linked to it\n {4}at /);
  });
});

describe('fail and fail_comparison', () => {
  test('a test that reports a failure has failed, though it ends normally', async () => {
    const { outcome, failures, output, exit } = await resultOf(
      oneTest('(call $check)', '(func $check (call $test.fail (text "the sum is wrong")))'),
    );
    expect(outcome).toBe('failed');
    expect(exit.kind).toBe('returned');
    expect(failures).toMatchObject([
      { reason: 'reported', message: 'the sum is wrong', expected: null, actual: null, location: null },
    ]);
    expect(failures[0]?.stack.map((frame) => frame.function)).toEqual(['check', '#lunatic_test_it']);
    expect(output.text).toBe('failed: the sum is wrong\n');
  });

  test('expected and actual are told apart, also where they are empty or of several lines', async () => {
    const { failures, output } = await resultOf(
      oneTest(
        `(call $test.fail_comparison (text "one") (text "4") (text "5"))
         (call $test.fail_comparison (text "two") (text "") (text "a\\nb\\n"))`,
      ),
    );
    expect(failures).toMatchObject([
      { message: 'one', expected: '4', actual: '5' },
      { message: 'two', expected: '', actual: 'a\nb\n' },
    ]);
    expect(output.text).toBe(
      'failed: one\n  expected: 4\n    actual: 5\nfailed: two\n  expected: \n    actual:\n    a\n    b\n',
    );
  });

  test('what is reported comes before the trap that ends the test', async () => {
    const { failures, output } = await resultOf(oneTest('(call $test.fail (text "bad")) unreachable'));
    expect(failures.map(({ reason, message }) => [reason, message])).toEqual([
      ['reported', 'bad'],
      ['failed', 'trapped: unreachable'],
    ]);
    expect(output.text).toMatch(
      /^note: Process trapped or received kill signal\ntrapped: unreachable\n {4}at .*\nfailed: bad\n$/,
    );
  });

  test('a trap that was asked for does not make up for a reported failure', async () => {
    const body = '(call $test.should_trap (text "")) (call $test.fail (text "bad")) unreachable';
    const { outcome, failures } = await resultOf(oneTest(body));
    expect(outcome).toBe('failed');
    expect(failures).toMatchObject([{ reason: 'reported', message: 'bad' }]);
  });

  test('a test may report for ever: only so much is kept', async () => {
    const { outcome, failures, output } = await resultOf(
      oneTest(
        `(local $i i32)
         (loop $again
           (call $test.fail (text "bad"))
           (local.set $i (i32.add (local.get $i) (i32.const 1)))
           (br_if $again (i32.lt_u (local.get $i) (i32.const 100000))))`,
      ),
    );
    expect(outcome).toBe('failed');
    expect(failures).toHaveLength(100);
    expect(output.text.endsWith('failed: bad\nfailed: 99900 more failures\n')).toBe(true);
  });

  test('long reports are kept as long as there is room', async () => {
    const long = '(call $test.fail (i32.const 0) (i32.const 0x100000))';
    const source = guest(
      `(func (export "#lunatic_test_it")
         (memory.fill (i32.const 0) (i32.const 97) (i32.const 0x100000)) ${long.repeat(6)})`,
      { memory: '(memory (export "memory") 20)' },
    );
    const { failures } = await resultOf(source);
    expect(failures.map(({ message }) => message.length)).toEqual(Array.from({ length: 4 }, () => 2 ** 20));
  });

  test('where even the first report is too long the test fails without it', async () => {
    const at = '(i32.const 0) (i32.const 0x100000)';
    const more = '(call $test.fail_comparison (i32.const 0) (i32.const 0x100000)';
    const source = guest(
      `(func (export "#lunatic_test_it")
         (memory.fill (i32.const 0) (i32.const 97) (i32.const 0x100000))
         ${`${more} ${at} ${at})`.repeat(2)})`,
      { memory: '(memory (export "memory") 20)' },
    );
    const { failures, outcome } = await resultOf(source);
    expect(outcome).toBe('failed');
    expect(failures).toHaveLength(1);
  });
});

test('calls of processes at any depth count for the test that they belong to, and for no other', async () => {
  const { resultOf } = await testsOf(
    guest(
      `(func (export "#lunatic_test_first") (call $run (text "child")))
       (func (export "#lunatic_test_second"))
       (func (export "child") (call $run (text "grandchild")))
       (func (export "grandchild")
         (call $test.set_name (text "named below"))
         (call $test.fail (text "failed below")))`,
    ),
  );
  expect(resultOf('first')).toMatchObject({
    title: 'named below',
    outcome: 'failed',
    failures: [{ message: 'failed below' }],
  });
  expect(resultOf('second')).toMatchObject({ name: 'second', outcome: 'passed', failures: [] });
});

test('outside of test mode they do nothing', async () => {
  const lines = await linesOf(
    main(
      `(call $test.set_name (text "a")) (call $test.should_trap (text "b")) (call $test.fail (text "c"))
       (call $test.fail_comparison (text "d") (text "e") (text "f")) (call $print (text "still here"))`,
    ),
  );
  expect(lines).toEqual(['still here']);
});

describe('what they are given is checked, in test mode and outside of it', () => {
  const bad: [string, string, string][] = [
    ['an address outside of memory', '(i32.const -4) (i32.const 8)', 'out of bounds'],
    ['a length beyond memory', '(i32.const 0) (i32.const -1)', 'out of bounds'],
    ['a text that is not UTF-8', '(i32.const 0) (i32.const 1)', 'is not UTF-8'],
  ];
  const functions = (operands: string) => [
    `(call $test.set_name ${operands})`,
    `(call $test.should_trap ${operands})`,
    `(call $test.fail ${operands})`,
    `(call $test.fail_comparison ${operands} (text "e") (text "a"))`,
    `(call $test.fail_comparison (text "m") ${operands} (text "a"))`,
    `(call $test.fail_comparison (text "m") (text "e") ${operands})`,
  ];
  test.each(bad)('%s', async (_, operands, message) => {
    for (const call of functions(operands)) {
      const body = `(i32.store8 (i32.const 0) (i32.const 0xff)) ${call}`;
      expect(await trapOf(main(body))).toContain(message);
      const { failures } = await resultOf(oneTest(body));
      expect(failures).toHaveLength(1);
      expect(failures[0]?.message).toContain(message);
    }
  });

  test('a text of more than a mebibyte', async () => {
    const options = { memory: '(memory (export "memory") 20)' };
    const body = '(call $test.fail (i32.const 0) (i32.const 0x100001))';
    expect(await trapOf(main(body, options))).toContain('longer than 1048576');
  });

  test('a module that does not export its memory', async () => {
    const body = '(call $test.fail (i32.const 0) (i32.const 0))';
    expect(await trapOf(main(body, { memory: '(memory 1)' }))).toContain('does not export its memory');
  });
});
