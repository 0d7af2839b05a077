import { mkdirSync, mkdtempSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type CommandResult, RunningCommand } from '../support/command.ts';
import { guest } from '../support/guest.ts';

let folder = '';
let file = '';
let command: RunningCommand | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lunatic-watch-'));
  file = join(folder, 'tests.wat');
});
afterEach(async () => {
  command?.child.kill('SIGKILL');
  await command?.ended;
  command = undefined;
  rmSync(folder, { recursive: true });
});

const passing = (name: string) => guest(`(func (export "#lunatic_test_${name}"))`);
const hanging = (name: string) =>
  guest(`(func (export "#lunatic_test_${name}") (call $print (text "${name} waits")) (call $forever))`);

function watch(...args: string[]): RunningCommand {
  command = new RunningCommand(['test', '--watch', ...args]);
  return command;
}

/** Ends the command as Ctrl-C does. */
async function interrupt({ child, ended }: RunningCommand): Promise<CommandResult> {
  child.kill('SIGINT');
  return await ended;
}

test('runs the tests again when the file changes, until it is interrupted', async () => {
  writeFileSync(file, passing('first'));
  const running = watch(file);
  await running.printed('test first ... ok\n\ntest result: ok. 1 passed');
  // Of the same size.
  writeFileSync(file, passing('again'));
  await running.printed('test again ... ok\n\ntest result: ok. 1 passed');
  writeFileSync(file, guest('(func (export "#lunatic_test_third") unreachable)'));
  await running.printed('test third ... FAILED\n');
  const { stdout, stderr, exitCode } = await interrupt(running);
  expect(stdout.match(/^running/gm)).toHaveLength(3);
  expect(stderr).toBe('');
  expect(exitCode).toBe(130);
});

test('a file may be replaced by another, and be missing meanwhile, with its folder', async () => {
  const target = join(folder, 'target');
  mkdirSync(target);
  file = join(target, 'tests.wat');
  writeFileSync(file, passing('first'));
  // Times in whole seconds can be set again.
  utimesSync(file, 1_700_000_000, 1_700_000_000);
  const running = watch(file);
  await running.printed('test first ... ok\n');
  // Of the same size and time.
  const next = join(folder, 'next.wat');
  writeFileSync(next, passing('other'));
  utimesSync(next, 1_700_000_000, 1_700_000_000);
  renameSync(next, file);
  await running.printed('test other ... ok\n');
  rmSync(target, { recursive: true });
  const other = join(folder, 'other');
  mkdirSync(other);
  writeFileSync(join(other, 'tests.wat'), passing('third'));
  renameSync(other, target);
  await running.printed('test third ... ok\n');
  const { stdout, stderr } = await interrupt(running);
  expect(stdout.match(/^running/gm)).toHaveLength(3);
  expect(stderr).toBe('');
});

test('a file that cannot be run is reported in a line, and watched further', async () => {
  const running = watch(file);
  await running.printed(`Error: Module '${file}' not found\n`, 'stderr');
  writeFileSync(file, '(module (func $f (call $g)');
  await running.printed('error: ', 'stderr');
  writeFileSync(file, '(module (func (export "#lunatic_test_#panic_x")))');
  await running.printed('is not a test', 'stderr');
  writeFileSync(file, '(module (func $start unreachable) (start $start) (func (export "#lunatic_test_a")))');
  await running.printed('Failed to spawn process', 'stderr');
  writeFileSync(file, passing('repaired'));
  await running.printed('test repaired ... ok\n');
  const { stderr, exitCode } = await interrupt(running);
  expect(stderr.match(/^Error: .*$/gm)).toHaveLength(4);
  expect(stderr.split('\n')).toHaveLength(5);
  expect(exitCode).toBe(130);
});

test('a run is given up when a file changes, and prints nothing more', async () => {
  writeFileSync(file, hanging('old'));
  const running = watch(file, '--nocapture');
  await running.printed('old waits\n');
  writeFileSync(file, passing('fresh'));
  await running.printed('test fresh ... ok\n\ntest result: ok. 1 passed');
  const { stdout } = await interrupt(running);
  expect(stdout).not.toContain('cancelled');
  expect(stdout).not.toContain('test old');
  expect(stdout.match(/test result/g)).toHaveLength(1);
});

test('all of several files are run again when one changes, even if one is missing', async () => {
  const other = join(folder, 'other.wat');
  const missing = join(folder, 'missing.wat');
  writeFileSync(file, passing('one'));
  writeFileSync(other, passing('two'));
  const running = watch(file, missing, other, '--reporter=json');
  await running.printed(`"event":"summary","file":${JSON.stringify(other)}`);
  writeFileSync(other, passing('changed'));
  await running.printed('"name":"changed"');
  await running.printed(`${JSON.stringify(other)},"passed":1`);
  const { stdout } = await interrupt(running);
  const events = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  const finished = events.filter(({ event }) => event === 'finished' || event === 'error');
  expect(finished.map(({ event, name = event }) => name).slice(0, 6)).toEqual([
    'one',
    'error',
    'two',
    'one',
    'error',
    'changed',
  ]);
});

test('cannot be used with --list', async () => {
  writeFileSync(file, passing('a'));
  const { stderr, exitCode } = await watch(file, '--list').ended;
  expect(stderr).toContain("option '--watch' cannot be used with --list");
  expect(exitCode).toBe(2);
});
