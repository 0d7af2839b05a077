import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type CommandOptions, type CommandResult, lunatic, projectFolder } from '../support/command.ts';
import { guest } from '../support/guest.ts';

const rust = join(projectFolder, 'test', 'guests', 'built', 'rust', 'tests.wasm');
const wat = join(projectFolder, 'test', 'guests', 'wat', 'tests.wat');

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'lunatic-test-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A module of these functions. */
function file(name: string, functions: string): string {
  const path = join(folder, name);
  writeFileSync(path, guest(functions));
  return path;
}

/** Runs the command; in what it prints, the time becomes `<time>`. */
async function run(args: readonly string[], options?: CommandOptions): Promise<CommandResult> {
  const result = await lunatic(args, options);
  return { ...result, stdout: result.stdout.replace(/finished in \d+\.\d\ds$/gm, 'finished in <time>') };
}

const runTests = (args: readonly string[], options?: CommandOptions) => run(['test', ...args], options);

describe('lunatic test', () => {
  test('prints what Rust harnesses print', async () => {
    const { stdout, stderr, exitCode } = await runTests([wat]);
    expect(stdout).toBe(`
running 8 tests
test suite::ignored ... ignored
test suite::ignored and expected to trap ... ignored
test suite::passes ... ok
test suite::fails ... FAILED
test suite::traps as it should - should panic ... ok
test suite::traps without the message - should panic ... FAILED
test old_passes ... ok
test old_fails ... FAILED

failures:

---- suite::fails stdout ----
said
note: Process trapped or received kill signal
trapped: unreachable
    at fails (test/guests/wat/tests.wat:16:67)

---- suite::traps without the message stdout ----
note: Process received kill signal, but expected a panic that contains \`a #1 message\`
trapped: unreachable
    at silent (test/guests/wat/tests.wat:19:98)

---- old_fails stdout ----
note: Process trapped or received kill signal
trapped: unreachable
    at old_fails (test/guests/wat/tests.wat:24:57)

failures:
    suite::fails
    suite::traps without the message
    old_fails

test result: FAILED. 3 passed; 3 failed; 2 ignored; 0 measured; 0 filtered out; finished in <time>

`);
    expect(stderr).toBe('');
    expect(exitCode).toBe(1);
  });

  test('judges real tests: panics, results, children, isolation', async () => {
    const { stdout, exitCode } = await runTests([rust], { env: { RUST_BACKTRACE: '0' } });
    const lines = stdout.split('\n').filter((line) => line.startsWith('test '));
    expect(lines.slice(0, -1).sort()).toEqual([
      'test tests::does_not_panic - should panic ... FAILED',
      'test tests::fails ... FAILED',
      'test tests::has_a_mailbox ... ok',
      'test tests::is_alone ... ok',
      'test tests::is_alone_too ... ok',
      'test tests::is_failed_by_a_child ... FAILED',
      'test tests::is_ignored ... ignored',
      'test tests::panics_as_it_should - should panic ... ok',
      'test tests::panics_with_another_message - should panic ... FAILED',
      'test tests::panics_with_the_message - should panic ... ok',
      'test tests::passes ... ok',
      'test tests::returns_a_result ... ok',
      'test tests::returns_an_error ... FAILED',
      'test tests::traps_without_a_message ... FAILED',
    ]);
    expect(lines.at(-1)).toBe(
      'test result: FAILED. 7 passed; 6 failed; 1 ignored; 0 measured; 0 filtered out; finished in <time>',
    );
    expect(stdout).toContain("panicked at 'assertion failed: `(left == right)`");
    expect(stdout).toContain(`note: panic did not contain expected string
      panic message: \`"this is number #8 of them"\`,
 expected substring: \`"number #7"\`
`);
    expect(stdout).toContain(`
---- tests::is_failed_by_a_child stdout ----
 --- process 0 stdout ---
note: Process trapped or received kill signal
 --- process 1 stdout ---
thread '<unnamed>' panicked at 'the child fails', src/bin/tests.rs:`);
    expect(stdout).not.toContain('output of a test that passes');
    expect(exitCode).toBe(1);
  });

  test.each<[string, string[], string, number]>([
    ['a filter', ['passes'], '2 passed; 0 failed; 0 ignored; 0 measured; 6 filtered out', 0],
    ['several filters', ['old_', '::passes'], '2 passed; 1 failed; 0 ignored; 0 measured; 5 filtered out', 1],
    ['a filter without a match', ['nothing'], '0 passed; 0 failed; 0 ignored; 0 measured; 8 filtered out', 0],
    ['--exact', ['old_passes', '--exact'], '1 passed; 0 failed; 0 ignored; 0 measured; 7 filtered out', 0],
    [
      '--export',
      ['--export', '__lunatic_test_old_passes', '--export=#lunatic_test_suite::passes'],
      '2 passed; 0 failed; 0 ignored; 0 measured; 6 filtered out',
      0,
    ],
    ['--exact without a filter', ['--exact'], '0 passed; 0 failed; 0 ignored; 0 measured; 8 filtered out', 0],
    ['--ignored', ['--ignored'], '1 passed; 1 failed; 0 ignored; 0 measured; 6 filtered out', 1],
    ['--ignored, filtered', ['--ignored', 'to trap'], '1 passed; 0 failed; 0 ignored; 0 measured; 7', 0],
    ['--include-ignored', ['--include-ignored'], '4 passed; 4 failed; 0 ignored; 0 measured; 0', 1],
    ['--skip', ['--skip', 'suite', '--skip=fails'], '1 passed; 0 failed; 0 ignored; 0 measured; 7', 0],
    [
      'other flags',
      ['-q', '--color=auto', '--format', 'pretty', '--test-threads=1'],
      '3 passed; 3 failed',
      1,
    ],
  ])('%s', async (_, args, summary, expectedCode) => {
    const { stdout, exitCode } = await runTests([wat, ...args]);
    expect(stdout).toContain(`${exitCode === 0 ? 'ok' : 'FAILED'}. ${summary}`);
    expect(exitCode).toBe(expectedCode);
  });

  test('says "1 test", and prints no output of one that passes', async () => {
    const { stdout } = await runTests([wat, 'old_passes']);
    expect(stdout).toBe(
      '\nrunning 1 test\ntest old_passes ... ok\n\n' +
        'test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 7 filtered out; finished in <time>\n\n',
    );
  });

  test('--show-output shows what passing tests printed, separately for each process', async () => {
    const { stdout } = await runTests([rust, '--show-output', '--skip=alone', 'mailbox', 'result']);
    expect(stdout).toContain(`
successes:

---- tests::has_a_mailbox stdout ----
 --- process 0 stdout ---
 --- process 1 stdout ---
output of a child

successes:
    tests::returns_a_result
    tests::has_a_mailbox

test result: ok.`);
  });

  test('--nocapture shows output at once, and that of failed tests again at the end', async () => {
    const { stdout } = await runTests([wat, '--nocapture', '--jobs=1', 'suite::passes', 'suite::fails']);
    expect(stdout).toBe(`
running 2 tests
said
said
test suite::passes ... ok
said
test suite::fails ... FAILED

failures:

---- suite::fails stdout ----
said
trapped: unreachable
    at fails (test/guests/wat/tests.wat:16:67)

failures:
    suite::fails

test result: FAILED. 1 passed; 1 failed; 0 ignored; 0 measured; 6 filtered out; finished in <time>

`);
  });

  test('--list lists, and runs nothing', async () => {
    const { stdout, exitCode } = await runTests([wat, '--list', '--format', 'terse', 'passes', 'ignored']);
    expect(stdout).toBe(
      'suite::passes: test\nsuite::ignored: test\nsuite::ignored and expected to trap: test\nold_passes: test\n',
    );
    expect(exitCode).toBe(0);
    expect((await runTests([wat, '--list', '--ignored', 'to trap'])).stdout).toBe(
      'suite::ignored and expected to trap: test\n',
    );
  });

  test('several files are tested one after the other, each with its summary', async () => {
    const good = file('good.wat', '(func (export "#lunatic_test_good"))');
    const { stdout, exitCode } = await runTests([good, wat, good]);
    expect(stdout.match(/test result: \w+\. \d+ passed/g)).toEqual([
      'test result: ok. 1 passed',
      'test result: FAILED. 3 passed',
      'test result: ok. 1 passed',
    ]);
    expect(exitCode).toBe(1);
    expect((await runTests([good, good])).exitCode).toBe(0);
  });

  test('a file that cannot be run fails, and the others are run', async () => {
    const good = file('good.wat', '(func (export "#lunatic_test_good"))');
    const bad = join(folder, 'bad.wasm');
    writeFileSync(bad, 'nothing');
    const missing = join(folder, 'missing.wasm');
    for (const files of [
      [bad, good, missing],
      [good, missing, bad],
    ]) {
      const { stdout, stderr, exitCode } = await runTests(files);
      expect(stdout.match(/test result: \w+\. \d+ passed/g)).toEqual(['test result: ok. 1 passed']);
      expect(stderr).toContain(`Error: Module '${bad}' is not a wasm module: `);
      expect(stderr).toContain(`Error: Module '${missing}' not found\n`);
      expect(exitCode).toBe(1);
    }
    const { stdout } = await runTests([bad, good, '--reporter=json']);
    const events = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(events.filter(({ event }) => event === 'error' || event === 'summary')).toMatchObject([
      { event: 'error', file: bad },
      { event: 'summary', passed: 1, failed: 0 },
    ]);
  });

  test('a test that hangs fails when its time is up; the others do not wait for it', async () => {
    const hanging = file(
      'hanging.wat',
      `(func (export "#lunatic_test_waits") (call $print (text "waiting")) (call $forever))
       (func (export "#lunatic_test_#panic_#loops") (loop $again (br $again)))
       (func (export "#lunatic_test_passes"))`,
    );
    const { stdout, exitCode } = await runTests([hanging, '--timeout=2']);
    expect(stdout).toContain('running 3 tests\ntest passes ... ok\n');
    expect(stdout).toContain('---- waits stdout ----\nwaiting\nnote: test did not end within 2 seconds\n');
    expect(stdout).toContain('test loops - should panic ... FAILED\n');
    expect(stdout).toContain('1 passed; 2 failed');
    expect(exitCode).toBe(1);
  });

  test('many tests, of which some hang, run at once', async () => {
    const many = Array.from({ length: 300 }, (_, i) => `(func (export "#lunatic_test_short${i}"))`);
    const waiting = Array.from(
      { length: 100 },
      (_, i) => `(func (export "#lunatic_test_waits${i}") (call $forever))`,
    );
    const { stdout } = await runTests([file('many.wat', [...many, ...waiting].join('\n')), '--timeout=1']);
    expect(stdout).toContain('test result: FAILED. 300 passed; 100 failed;');
  });

  test('--jobs limits how many run at once', async () => {
    const named = file(
      'named.wat',
      `(func $test
         (call $print (text "begins"))
         (call $process.sleep_ms (i64.const 20))
         (call $print (text "ends")))
       (func (export "#lunatic_test_a") (call $test))
       (func (export "#lunatic_test_b") (call $test))`,
    );
    const all = await runTests([named, '--nocapture']);
    expect(all.stdout).toMatch(/begins\nbegins\nends\n/);
    const single = await runTests([named, '--nocapture', '--jobs', '1']);
    expect(single.stdout).toContain('begins\nends\ntest a ... ok\nbegins\nends\ntest b ... ok\n');
  });

  test('processes that a test leaves behind are abandoned, and what they printed before is shown', async () => {
    const leaving = file(
      'leaving.wat',
      `(func (export "#lunatic_test_leaves")
         (drop (call $spawn (i64.const 0) (text "child")))
         (call $process.sleep_ms (i64.const 20)))
       (func (export "child") (call $print (text "I stay")) (call $forever))`,
    );
    const { stdout, exitCode } = await runTests([leaving, '--show-output']);
    expect(stdout).toContain(' --- process 0 stdout ---\n --- process 1 stdout ---\nI stay\n\nsuccesses:');
    expect(exitCode).toBe(0);
  });

  test.each<[string, CommandOptions['env'], string[], boolean]>([
    ['not where standard output is no terminal', {}, [], false],
    ['with --color=always', { NO_COLOR: '1' }, ['--color=always'], true],
    ['not with --color=never', {}, ['--color=never'], false],
  ])('colours: %s', async (_, env = {}, args, colors) => {
    const { stdout } = await runTests([wat, 'ignored', 'old', ...args], { env });
    expect(stdout.includes('\x1b[92mok\x1b[0m')).toBe(colors);
    expect(stdout.includes('\x1b[91mFAILED\x1b[0m')).toBe(colors);
    expect(stdout.includes('\x1b[93mignored\x1b[0m')).toBe(colors);
    expect(stdout.includes('\x1b')).toBe(colors);
  });

  test('arguments of tests are those after the separator, without a program name', async () => {
    const counting = file(
      'counting.wat',
      `(func (export "#lunatic_test_counts")
         (drop (call $args_sizes_get (i32.const 0) (i32.const 4)))
         (call $expect (i32.load (i32.const 0)) (i32.const 2)))`,
    );
    expect((await runTests([counting, '--', '--one', 'two'])).exitCode).toBe(0);
    expect((await runTests([counting])).exitCode).toBe(1);
  });
});

describe('what cannot be tested', () => {
  test.each<[string, () => string[], number, string | RegExp]>([
    ['no file', () => [], 2, "missing required argument 'words'"],
    ['an unknown option', () => [wat, '--fast'], 2, "unknown option '--fast'"],
    ['no jobs', () => [wat, '--jobs=0'], 2, 'It must be a whole number from 1 to 999999999'],
    ['no time', () => [wat, '--timeout=soon'], 2, 'It must be more than 0'],
    ['another list', () => [wat, '--list', '--format=json'], 2, 'with it, only --format terse is possible'],
    ['a missing file', () => ['nowhere.wasm'], 1, "Error: Module 'nowhere.wasm' not found"],
    [
      'a name without an end',
      () => [file('name.wat', '(func (export "#lunatic_test_#panic_x"))')],
      1,
      'Error: the export "#lunatic_test_#panic_x" is not a test',
    ],
    [
      'a test that cannot be instantiated',
      () => [file('start.wat', '(func $start unreachable) (start $start) (func (export "#lunatic_test_a"))')],
      1,
      /^Error: Failed to spawn process from .*start\.wat::a\n {2}the start section failed: unreachable\n$/,
    ],
    [
      'a failure before the tests',
      () => [
        file(
          'first.wat',
          '(func (export "__lunatic_start_test") unreachable) (func (export "__lunatic_test_a"))',
        ),
      ],
      1,
      /first\.wat::__lunatic_start_test\n {2}it runs before the tests, and failed:\nnote: Process trapped or received kill signal\ntrapped: unreachable\n {4}at __lunatic_start_test \(.*first\.wat:\d+:\d+\)\n$/,
    ],
  ])('%s', async (_, args, expectedCode, message) => {
    const { stderr, exitCode } = await runTests(args());
    if (typeof message === 'string') expect(stderr).toContain(message);
    else expect(stderr).toMatch(message);
    expect(exitCode).toBe(expectedCode);
  });
});

describe("as cargo's runner", () => {
  const env = { CARGO_MANIFEST_DIR: '' };
  let module = '';
  beforeAll(() => {
    const deps = join(folder, 'target', 'wasm32-wasi', 'debug', 'deps');
    mkdirSync(deps, { recursive: true });
    module = join(deps, 'tests-0123456789abcdef.wasm');
    copyFileSync(rust, module);
  });

  test.each([[['run']], [[]]])('tests are run: lunatic %j FILE', async (words) => {
    const { stdout, exitCode } = await run([...words, module, 'tests::passes', '--exact'], { env });
    expect(stdout).toBe(
      '\nrunning 1 test\ntest tests::passes ... \x1b[92mok\x1b[0m\n\n' +
        'test result: \x1b[92mok\x1b[0m. 1 passed; 0 failed; 0 ignored; 0 measured; 13 filtered out; ' +
        'finished in <time>\n\n',
    );
    expect(exitCode).toBe(0);
  });

  test('colours are printed whatever NO_COLOR says', async () => {
    const { stdout, exitCode } = await run([module], { env: { ...env, NO_COLOR: '1' } });
    expect(stdout).toContain('test tests::is_ignored ... \x1b[93mignored\x1b[0m\n');
    expect(stdout).toContain('test result: \x1b[91mFAILED\x1b[0m. 7 passed; 6 failed; 1 ignored;');
    expect(exitCode).toBe(1);
  });

  test('--list --format terse prints the list that other tools read', async () => {
    const { stdout, exitCode } = await run([module, '--list', '--format', 'terse', '--ignored'], { env });
    expect(stdout).toBe('tests::is_ignored: test\n');
    expect(exitCode).toBe(0);
  });

  test.each([
    [['--list'], 2],
    [['--format', 'terse'], 2],
    [['--list', '--format', 'json'], 2],
    [['--dir', 'nowhere'], 2],
    [['--unknown'], 2],
    [['--help'], 0],
    [['--version'], 0],
  ])('%j ends with %i', async (args, expectedCode) => {
    expect((await run([module, ...args], { env })).exitCode).toBe(expectedCode);
  });

  test('programs are run: without cargo, for benchmarks, and from elsewhere', async () => {
    for (const [args, environment] of [
      [[module], {}],
      [[module, '--bench'], env],
      [[rust], env],
    ] as const) {
      expect(await lunatic(args, { env: environment })).toEqual({ stdout: '', stderr: '', exitCode: 0 });
    }
  });
});
