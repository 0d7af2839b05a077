import { execFileSync } from 'node:child_process';
import { createReadStream, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { lunatic, RunningCommand } from '../support/command.ts';
import { guest } from '../support/guest.ts';

/** Runs `sh -c SCRIPT` with its streams inherited, prints its exit code, and does what follows. */
const running = (script: string, body: string) =>
  guest(`
    (func (export "_start") (local $c i64) (local $n i32)
      (if (call $command.create (text "sh") (i32.const 8)) (then (call $fail (i64.load (i32.const 8)))))
      (local.set $c (i64.load (i32.const 8)))
      (call $command.add_argument (local.get $c) (text "-c"))
      (call $command.add_argument (local.get $c) (text "${script.replaceAll('"', '\\22')}"))
      (loop $stream
        (call $command.set_stream (local.get $c) (local.get $n) (i32.const 1))
        (br_if $stream (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 3))))
      (if (call $command.spawn (local.get $c) (i32.const 8)) (then (call $fail (i64.load (i32.const 8)))))
      ${body})`);
const WAIT = `
  (call $expect (call $command.wait (i64.load (i32.const 8)) (i64.const -1) (i32.const 16)) (i32.const 0))
  (call $show32 (text "code") (i32.load (i32.const 16)))`;

describe.skipIf(process.platform === 'win32')('programs that lunatic run allows', () => {
  let folder = '';
  let files = 0;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'lunatic-command-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  function file(source: string): string {
    const path = join(folder, `program${++files}.wat`);
    writeFileSync(path, source);
    return path;
  }

  test('are none without --allow-command', async () => {
    const { stdout, exitCode } = await lunatic([file(running('true', WAIT))]);
    expect(stdout).toBe(
      "this process may not run 'sh' (OS programs that its config allows: none; --allow-command allows others)\n",
    );
    expect(exitCode).toBe(1);
  });

  test('read and print where the command does, in the current directory', async () => {
    const script = 'read line; echo "got $line"; pwd -P; echo problem >&2; exit 4';
    const { stdout, stderr } = await lunatic(
      ['run', '--allow-command=sh', file(running(script, `${WAIT} (call $print (text "after"))`))],
      { cwd: folder, input: 'this\n' },
    );
    expect(stdout.split('\n')).toEqual([
      'got this',
      expect.stringContaining('lunatic-command-'),
      'code 4',
      'after',
      '',
    ]);
    expect(stderr).toBe('problem\n');
  });

  test('may be run by tests', async () => {
    const source = running('echo from the program; exit 3', WAIT).replace('"_start"', '"#lunatic_test_runs"');
    const { stdout, exitCode } = await lunatic(['test', '--show-output', '--allow-command=sh', file(source)]);
    expect(stdout).toContain('from the program\ncode 3\n');
    expect(exitCode).toBe(0);
  });

  test.each([
    ['that is killed', '(call $forever)', (command: RunningCommand) => command.child.kill('SIGKILL')],
    ['that is interrupted', '(call $forever)', (command: RunningCommand) => command.child.kill('SIGINT')],
    [
      'that ends',
      '(i32.store (i32.const 36) (i32.const 1)) (drop (call $fd_read (i32.const 0) (i32.const 32) (i32.const 1) (i32.const 48)))',
      endInput,
    ],
  ])('end with a command %s, and so does what they have started', async (_, body, end) => {
    const path = join(folder, `fifo${++files}`);
    execFileSync('mkfifo', [path]);
    const pipe = createReadStream(path);
    const opened = new Promise((done) => pipe.once('data', done));
    const closed = new Promise((done) => pipe.once('end', done));
    const script = `exec > ${path} < /dev/null; sleep 1000 & echo; wait`;
    const source = running(script, `(call $print (text "started")) ${body}`);
    const command = new RunningCommand(['run', '--allow-command=sh', file(source)], { input: null });
    await command.printed('started');
    await opened;
    end(command);
    await command.ended;
    await closed;
  });
});

function endInput(command: RunningCommand): void {
  command.child.stdin?.end();
}
