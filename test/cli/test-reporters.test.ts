import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { REPORT_VERSION, type ReportEvent, TestReportReader } from '../../runtime/internal.ts';
import { type CommandResult, lunatic, projectFolder, RunningCommand } from '../support/command.ts';
import { guest } from '../support/guest.ts';
import { parseXml, type XmlElement } from '../support/xml.ts';

const wat = join(projectFolder, 'test', 'guests', 'wat', 'tests.wat');

let folder = '';
let suite = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'lunatic-reporters-'));
  suite = file(
    'suite.wat',
    `(func (export "#lunatic_test_sums::adds") (call $print (text "adding")))
     (func (export "#lunatic_test_sums::compares")
       (call $test.set_name (text "compares <4> & <5>"))
       (call $test.fail_comparison (text "the sum is \\22wrong\\22") (text "4") (text "5\\n6")))
     (func (export "#lunatic_test_sums::panics")
       (call $print (text "thread 'main' panicked at src/sums.rs:7:5:\\ntoo bad")) unreachable)
     (func (export "#lunatic_test_#ignore_sums::slow"))
     (func (export "#lunatic_test_#panic_#traps") unreachable)
     (func (export "#lunatic_test_hostile")
       (call $print (text "\\01 \\1b[31mred \\ff ]]>&amp; \\ef\\bf\\bf")) (call $proc_exit (i32.const 1)))`,
  );
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A module of these functions. */
function file(name: string, functions: string): string {
  const path = join(folder, name);
  writeFileSync(path, guest(functions));
  return path;
}

const runTests = (...args: string[]): Promise<CommandResult> => lunatic(['test', '--jobs=1', ...args]);

describe('--reporter=terse', () => {
  test('prints a character for each test, and the names of those that fail', async () => {
    const { stdout, exitCode } = await runTests(suite, '--reporter=terse', '--skip=hostile');
    expect(stdout.replace(/\d+\.\d\ds$/m, '<time>')).toBe(`
running 5 tests
. 1/5
compares <4> & <5> --- FAILED
sums::panics --- FAILED
i.

failures:

---- compares <4> & <5> stdout ----
failed: the sum is "wrong"
  expected: 4
    actual:
    5
    6

---- sums::panics stdout ----
thread 'main' panicked at src/sums.rs:7:5:
too bad

failures:
    compares <4> & <5>
    sums::panics

test result: FAILED. 2 passed; 2 failed; 1 ignored; 0 measured; 1 filtered out; finished in <time>

`);
    expect(exitCode).toBe(1);
  });

  test('begins a new line with every 88th test', async () => {
    const many = Array.from({ length: 180 }, (_, i) => `(func (export "#lunatic_test_t${i}"))`);
    const { stdout } = await runTests(file('many.wat', many.join('\n')), '--reporter', 'terse');
    const dots = '.'.repeat(88);
    expect(stdout).toContain(
      `\nrunning 180 tests\n${dots} 88/180\n${dots} 176/180\n....\n\ntest result: ok.`,
    );
  });

  test.each([['-q'], ['--quiet'], ['--format=terse']])('%s is the same', async (option) => {
    const { stdout } = await runTests(wat, option, 'passes');
    expect(stdout).toContain('running 2 tests\n..\n\ntest result: ok. 2 passed');
  });

  test('--reporter takes precedence', async () => {
    const { stdout } = await runTests(wat, '-q', '--format=json', '--reporter=pretty', 'passes');
    expect(stdout).toContain('test suite::passes ... ok\n');
  });
});

describe('--reporter=json', () => {
  /** The events after the first, as a strict reader reads them. */
  const eventsOf = (stdout: string): ReportEvent[] => {
    const reader = new TestReportReader();
    const [first, ...events] = stdout
      .trimEnd()
      .split('\n')
      .map((line) => reader.read(line));
    expect(first).toEqual({ event: 'report', version: REPORT_VERSION });
    return events;
  };

  test('prints an object in a line for everything that happens', async () => {
    const { stdout, exitCode } = await runTests(suite, '--reporter=json', '--skip=hostile', '--skip=adds');
    const lines = eventsOf(stdout);
    expect(lines.map((line) => ('name' in line ? `${line.event} ${line.name}` : line.event))).toEqual([
      'discovered',
      'started sums::compares',
      'finished sums::compares',
      'started sums::panics',
      'finished sums::panics',
      'ignored sums::slow',
      'started traps',
      'finished traps',
      'summary',
    ]);
    expect(new Set(lines.map((line) => ('file' in line ? line.file : '')))).toEqual(new Set([suite]));
    expect(lines[0]).toMatchObject({
      filteredOut: 2,
      tests: [
        { name: 'sums::compares', export: '#lunatic_test_sums::compares', ignored: false, runs: true },
        { name: 'sums::panics', expectedPanic: null },
        { name: 'sums::slow', ignored: true, runs: false },
        { name: 'traps', expectedPanic: '' },
      ],
    });
    expect(lines[2]).toMatchObject({
      title: 'compares <4> & <5>',
      outcome: 'failed',
      failures: [
        {
          reason: 'reported',
          message: 'the sum is "wrong"',
          expected: '4',
          actual: '5\n6',
          location: { file: suite, line: expect.any(Number), column: expect.any(Number) },
          stack: [
            {
              ...{ function: '#lunatic_test_sums::compares', index: expect.any(Number), inlined: false },
              location: { file: suite, line: expect.any(Number), column: expect.any(Number) },
            },
          ],
        },
      ],
      output: 'failed: the sum is "wrong"\n  expected: 4\n    actual:\n    5\n    6\n',
    });
    expect(lines[4]).toMatchObject({
      outcome: 'failed',
      failures: [
        {
          reason: 'failed',
          message: 'too bad',
          expected: null,
          actual: null,
          location: { file: 'src/sums.rs', line: 7, column: 5 },
        },
      ],
    });
    expect(lines[7]).toMatchObject({ outcome: 'passed', shouldFail: true, failures: [] });
    expect(lines[8]).toMatchObject({ passed: 1, failed: 2, ignored: 1, cancelled: 0, filteredOut: 2 });
    for (const line of [lines[2], lines[8]]) {
      expect(line !== undefined && 'duration' in line && line.duration).toBeGreaterThan(0);
    }
    expect(exitCode).toBe(1);
  });

  test('lists tests without running them', async () => {
    const { stdout, exitCode } = await runTests(suite, '--list', '--reporter=json');
    const lines = eventsOf(stdout);
    expect(lines).toEqual([{ event: 'discovered', file: suite, filteredOut: 0, tests: expect.any(Array) }]);
    expect(lines[0]).toHaveProperty('tests.length', 6);
    expect(exitCode).toBe(0);
  });

  test('reports a module that cannot be tested', async () => {
    const missing = join(folder, 'missing.wasm');
    const { stdout, stderr, exitCode } = await runTests(suite, missing, '--reporter=json');
    expect(eventsOf(stdout).at(-1)).toEqual({
      event: 'error',
      file: missing,
      message: `Module '${missing}' not found`,
    });
    expect(stderr).toBe(`Error: Module '${missing}' not found\n`);
    expect(exitCode).toBe(1);
  });

  test('what tests print goes to standard error with --nocapture', async () => {
    const { stdout, stderr } = await runTests(suite, 'adds', '--nocapture', '--reporter=json');
    expect(eventsOf(stdout)).toHaveLength(4);
    expect(stderr).toBe('adding\n');
  });
});

describe('--reporter=junit', () => {
  const casesOf = (element: XmlElement | undefined) =>
    (element?.children ?? []).map(({ attributes: { name, classname }, children }) => [
      classname,
      name,
      ...children.map((child) => child.name),
    ]);

  test('prints one document with a suite for each file', async () => {
    const { stdout, exitCode } = await runTests(suite, wat, '--reporter=junit');
    const root = parseXml(stdout);
    expect(root.name).toBe('testsuites');
    expect(root.attributes).toMatchObject({ tests: '14', failures: '6', errors: '0', skipped: '3' });
    expect(root.children.map(({ attributes }) => attributes['name'])).toEqual([suite, wat]);
    const [first] = root.children;
    expect(first?.attributes).toMatchObject({ tests: '6', failures: '3', errors: '0', skipped: '1' });
    expect(first?.attributes['timestamp']).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/);
    expect(casesOf(first)).toEqual([
      ['sums', 'adds', 'system-out'],
      ['sums', 'compares <4> & <5>', 'failure', 'system-out'],
      ['sums', 'panics', 'failure', 'system-out'],
      ['sums', 'slow', 'skipped'],
      ['suite', 'traps'],
      ['suite', 'hostile', 'failure', 'system-out'],
    ]);
    for (const { attributes } of [root, ...root.children, ...(first?.children ?? [])]) {
      expect(attributes['time']).toMatch(/^\d+\.\d{3}$/);
    }
    expect(exitCode).toBe(1);
  });

  test('contains messages, compared values, locations and stacks', async () => {
    const { stdout } = await runTests(suite, '--reporter=junit');
    const [adds, compares, panics] = parseXml(stdout).children[0]?.children ?? [];
    expect(adds?.attributes).not.toHaveProperty('file');
    expect(compares?.attributes).toMatchObject({ file: suite, line: expect.stringMatching(/^\d+$/) });
    expect(panics?.attributes).toMatchObject({ file: 'src/sums.rs', line: '7' });
    const [compared] = compares?.children ?? [];
    expect(compared?.attributes).toEqual({ message: 'the sum is "wrong"', type: 'reported' });
    expect(compared?.text).toMatch(
      /^the sum is "wrong"\nexpected: 4\nactual: 5\n6\nat \S+suite\.wat:\d+:\d+\n {4}at #lunatic_test_sums::compares \(\S+suite\.wat:\d+:\d+\)$/,
    );
    const [panicked, output] = panics?.children ?? [];
    expect(panicked?.attributes).toEqual({ message: 'too bad', type: 'failed' });
    expect(panicked?.text).toMatch(/^too bad\nat src\/sums\.rs:7:5\n {4}at #lunatic_test_sums::panics \(/);
    expect(output?.text).toBe("thread 'main' panicked at src/sums.rs:7:5:\ntoo bad\n");
  });

  test('characters that XML does not allow are escaped', async () => {
    const { stdout } = await runTests(suite, 'hostile', '--reporter=junit');
    const output = parseXml(stdout).children[0]?.children[0]?.children[1];
    expect(output?.text).toContain('\\x01 \\x1b[31mred \ufffd ]]>&amp; \\uffff\n');
  });

  test('is a document even if a module cannot be tested', async () => {
    const missing = join(folder, 'missing.wasm');
    const { stdout, exitCode } = await runTests(wat, missing, '--reporter=junit');
    const root = parseXml(stdout);
    expect(root.attributes).toMatchObject({ tests: '9', errors: '1' });
    const [error] = root.children[1]?.children[0]?.children ?? [];
    expect(error?.name).toBe('error');
    expect(error?.attributes['message']).toBe(`Module '${missing}' not found`);
    expect(exitCode).toBe(1);
  });

  test.each([
    ['--watch', 'cannot be used with --watch'],
    ['--list', 'cannot be used with --list'],
  ])('cannot be used with %s', async (option, message) => {
    const { stderr, exitCode } = await runTests(wat, '--reporter=junit', option);
    expect(stderr).toContain(message);
    expect(exitCode).toBe(2);
  });
});

describe('tests that are interrupted', () => {
  const interrupted = async (signal: NodeJS.Signals, ...args: string[]): Promise<CommandResult> => {
    const module = file(
      'hanging.wat',
      `(func (export "#lunatic_test_passes"))
       (func (export "#lunatic_test_fails") (call $proc_exit (i32.const 1)))
       (func (export "#lunatic_test_hangs") (call $print (text "waits")) (loop $again (br $again)))
       (func (export "#lunatic_test_follows"))`,
    );
    const running = new RunningCommand(['test', '--jobs=1', '--nocapture', ...args, module]);
    await running.printed('waits\n', args.includes('--reporter=junit') ? 'stderr' : 'stdout');
    running.child.kill(signal);
    return await running.ended;
  };

  test('have a report of JUnit: errors are those that were running', async () => {
    const { stdout, exitCode } = await interrupted('SIGTERM', '--reporter=junit');
    const { attributes, children } = parseXml(stdout);
    expect(attributes).toMatchObject({ tests: '4', failures: '1', errors: '1', skipped: '1' });
    const results = children[0]?.children.map(({ attributes, children }) => [
      attributes['name'],
      ...children.map(({ name, attributes, text }) => `${name}: ${attributes['message'] ?? text.trim()}`),
    ]);
    expect(results).toEqual([
      ['passes'],
      ['fails', 'failure: exited with code 1', 'system-out: exited with code 1'],
      ['hangs', 'error: interrupted while it ran', 'system-out: waits'],
      ['follows', 'skipped: not run: interrupted'],
    ]);
    expect(exitCode).toBe(143);
  });

  test('tell what has failed', async () => {
    const { stdout, exitCode } = await interrupted('SIGINT');
    expect(stdout).toContain('test hangs ... cancelled\n');
    expect(stdout).toMatch(
      /\nfailures:\n {4}fails\n\ntest result: FAILED\. 1 passed; 1 failed; .* 2 cancelled; /,
    );
    expect(exitCode).toBe(130);
  });
});

test.each(['--reporter', '--format'])('an unknown %s is a wrong command line', async (option) => {
  const { stderr, exitCode } = await runTests(wat, `${option}=tap`);
  expect(stderr).toContain("'tap' is invalid. Allowed choices are pretty, terse, junit, json.");
  expect(exitCode).toBe(2);
});
