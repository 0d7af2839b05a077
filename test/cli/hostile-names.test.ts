/** Names from modules and other files are printed so that no terminal takes them for commands, or for lines of a report. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type CommandResult, lunatic, RunningCommand } from '../support/command.ts';
import { escapeBytes, guest } from '../support/guest.ts';
import { assemble } from '../support/program.ts';
import { parseXml } from '../support/xml.ts';

/** Clears the screen, colours, rings, goes back to the beginning of the line, and changes the direction of writing. */
const COMMANDS = 'x\x1b[2J\x9b31m\x07\r\x7f\u202e\u2066\u200b\ufeff\u{e0041}';
/** Moreover begins lines. */
const NASTY = `${COMMANDS}\nFORGED\u2028FORGED\u2029\x85FORGED`;
const inWat = (text: string) => escapeBytes(Buffer.from(text));

/** What no output contains: controls but the end of a line, format characters, other separators of lines. */
const OBEYED = /(?!\n)\p{Cc}|[\p{Cf}\p{Zl}\p{Zp}]/u;

function expectSafe({ stdout, stderr }: Pick<CommandResult, 'stdout' | 'stderr'>): void {
  for (const text of [stdout, stderr]) {
    expect(text.match(OBEYED), JSON.stringify(text)).toBeNull();
    for (const line of text.split('\n')) expect(line).not.toMatch(/^\s*FORGED/);
  }
}

let folder = '';
let tests = '';
let program = '';
let missing = '';
let invalid = '';
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'lunatic-hostile-'));
  tests = write(
    'tests.wat',
    guest(`
      (func (export "#lunatic_test_passes ${inWat(NASTY)}"))
      (func (export "#lunatic_test_traps ${inWat(NASTY)}") unreachable)
      (func (export "#lunatic_test_#ignore_ignored ${inWat(NASTY)}"))
      (func (export "#lunatic_test_#panic_${inWat(COMMANDS)}#panics ${inWat(NASTY)}")
        (call $print (text "thread 'main' panicked at src/a.rs:7:5:\\nbad")) unreachable)
      (func (export "#lunatic_test_#panic_${inWat(COMMANDS)}#goes on ${inWat(NASTY)}"))
      (func (export "#lunatic_test_#panic_${inWat(COMMANDS)}#exits ${inWat(NASTY)}") (call $proc_exit (i32.const 1)))
      (func (export "#lunatic_test_reports ${inWat(NASTY)}")
        (call $test.set_name (text "named ${inWat(NASTY)}"))
        (call $test.fail_comparison (text "${inWat(COMMANDS)}") (text "${inWat(COMMANDS)}") (text "5")))
      (func (export "#lunatic_test_should trap ${inWat(NASTY)}") (call $test.should_trap (text "${inWat(COMMANDS)}")) unreachable)
      (func (export "#lunatic_test_hangs ${inWat(NASTY)}")
        (call $registry.put (text "${inWat(NASTY)}") (i64.const 0) (call $process.process_id))
        (drop (call $message.receive (i32.const 0) (i32.const 0) (i64.const -1))))`),
  );
  program = write(
    'program.wat',
    guest(`
      (global (export "${inWat(NASTY)} global") i32 (i32.const 0))
      (table (export "${inWat(NASTY)} table") 1 funcref)
      (func (export "_start"))
      (func (export "${inWat(NASTY)} traps")
        (call $registry.put (text "${inWat(NASTY)}") (i64.const 0) (call $process.process_id)) unreachable)
      (func (export "${inWat(NASTY)} waits")
        (call $registry.put (text "${inWat(NASTY)}") (i64.const 0) (call $process.process_id))
        (call $print (text "waits"))
        (drop (call $message.receive (i32.const 0) (i32.const 0) (i64.const -1))))
      (func (export "${inWat(NASTY)} takes") (param i32))`),
  );
  missing = write(
    'missing.wat',
    `(module (import "${inWat(NASTY)}" "${inWat(NASTY)}" (func)) (import "wasi_snapshot_preview1" "${inWat(NASTY)}" (func))
       (func (export "_start")) (func (export "#lunatic_test_a")))`,
  );
  const right = Buffer.from(
    await assemble(`(module (func (export "${inWat(NASTY)}") (drop (i32.const 5))))`),
  );
  const at = right.indexOf(Buffer.of(0x41, 5, 0x1a));
  right.set([1, 1], at);
  invalid = write('invalid.wasm', right);
});
afterAll(() => rmSync(folder, { recursive: true }));

function write(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

describe('lunatic test', () => {
  const run = (...args: string[]) => lunatic(['test', '--timeout=1', '--show-output', ...args]);

  test.each(['pretty', 'terse'])('--reporter=%s', async (reporter) => {
    const result = await run(tests, `--reporter=${reporter}`);
    expectSafe(result);
    const summaries = result.stdout.split('\n').filter((line) => line.startsWith('test result: '));
    expect(summaries).toHaveLength(1);
    expect(summaries[0]).toContain('FAILED. 1 passed; 7 failed; 1 ignored');
    if (reporter !== 'pretty') return;
    const lines = result.stdout.split('\n').filter((line) => line.startsWith('test '));
    expect(lines.filter((line) => / \.\.\. (ok|FAILED|ignored)$/.test(line))).toHaveLength(9);
    expect(result.stdout).toContain('test passes x�[2J�31m����');
  });

  test('--reporter=json, which loses nothing', async () => {
    const result = await run(tests, '--reporter=json');
    expectSafe(result);
    const events = result.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    const names = events.filter(({ event }) => event === 'finished').map(({ name }) => name);
    expect(names).toHaveLength(8);
    expect(names).toContain(`passes ${NASTY}`);
  });

  test('--reporter=junit', async () => {
    const result = await run(tests, '--reporter=junit');
    expectSafe(result);
    const names: string[] = [];
    const visit = ({ name, attributes, children }: ReturnType<typeof parseXml>): void => {
      if (name === 'testcase') names.push(attributes['name'] ?? '');
      for (const child of children) if (typeof child !== 'string') visit(child);
    };
    visit(parseXml(result.stdout));
    expect(names).toHaveLength(9);
  });

  test.each([
    ['lists', ['--list', '--format=terse']],
    ['list as JSON', ['--list', '--reporter=json']],
  ])('%s', async (_, args) => {
    const result = await run(tests, ...args);
    expectSafe(result);
    expect(result.stdout.trimEnd().split('\n')).toHaveLength(args.includes('--format=terse') ? 9 : 2);
  });

  test('modules that cannot be tested', async () => {
    for (const file of [
      missing,
      invalid,
      join(folder, `none ${NASTY}.wasm`),
      write(`a ${NASTY}.wasm`, 'no module'),
    ])
      for (const reporter of ['pretty', 'json', 'junit'])
        expectSafe(await run(file, `--reporter=${reporter}`));
    const start = write(
      'start.wat',
      `(module (func (export "__lunatic_start_test") unreachable) (func (export "#lunatic_test_${inWat(NASTY)}")))`,
    );
    expectSafe(await run(start));
    const noStart = write(
      'no-start.wat',
      `(module (func $s unreachable) (start $s) (func (export "#lunatic_test_${inWat(NASTY)}")))`,
    );
    const result = await run(noStart);
    expect(result.stderr).toContain('Failed to spawn process from');
    expectSafe(result);
  });
});

describe('lunatic run', () => {
  test.each([
    ['an entry that traps', () => ['--log=debug', `--entry=${NASTY} traps`, program]],
    ['an entry that is not there', () => [`--entry=${NASTY}`, program]],
    ['an entry of a wrong type', () => [`--entry=${NASTY} takes`, program]],
    ['imports that are missing', () => [missing]],
    ['a function that is not valid', () => [invalid]],
    ['a file that is not there', () => [join(folder, `${NASTY}.wasm`)]],
    [
      'text that is wrong',
      () => [write(`w ${COMMANDS}.wat`, `(module (func "${COMMANDS}" $${COMMANDS} bla)`)],
    ],
  ])('%s', async (_, args) => {
    const result = await lunatic(['run', ...args()]);
    expect(result.exitCode).toBe(1);
    expectSafe(result);
    expectSafe(await lunatic(args()));
  });

  test.skipIf(process.platform === 'win32')('with those who look at it', async () => {
    const command = new RunningCommand(['run', '--inspect', `--entry=${NASTY} waits`, program], {
      input: null,
    });
    await command.printed('waits');
    const [, url = ''] = /(ws:\/\/\S+)/.exec(command.stderr) ?? [];
    for (const name of ['ps', 'stacks'] as const) {
      const text = await lunatic([name, url]);
      expect(text.stdout).toContain('x�[2J');
      expectSafe(text);
      const json = await lunatic([name, '--json', url]);
      expectSafe(json);
      JSON.parse(json.stdout);
    }
    command.child.kill('SIGUSR1');
    await command.printed('waiting for a message', 'stderr');
    command.child.kill('SIGTERM');
    expectSafe(await command.ended);
  });
});

describe.each([[[]], [['--json']]])('with the options %j', (options) => {
  test('lunatic exports and lunatic check', async () => {
    for (const file of [tests, program, missing, invalid, join(folder, `${NASTY}.wasm`)])
      for (const name of ['exports', 'check']) expectSafe(await lunatic([name, ...options, file]));
  });
});

test('lunatic init', async () => {
  const project = join(folder, 'project');
  mkdirSync(join(project, '.cargo'), { recursive: true });
  writeFileSync(join(project, 'Cargo.toml'), '[package]\nname = "a"\n');
  const escapes = [...NASTY]
    .map((c) => `\\U${(c.codePointAt(0) ?? 0).toString(16).padStart(8, '0')}`)
    .join('');
  for (const config of [`[build]\ntarget = "${escapes}"\n`, `[build]\ntarget = ${COMMANDS}\n`]) {
    writeFileSync(join(project, '.cargo', 'config.toml'), config);
    const result = await lunatic(['init'], { cwd: project });
    expect(result.exitCode).toBe(1);
    expectSafe(result);
  }
  rmSync(join(project, 'Cargo.toml'));
  writeFileSync(join(project, 'package.json'), `{ "name": ${NASTY} }`);
  expectSafe(await lunatic(['init'], { cwd: project }));
});
