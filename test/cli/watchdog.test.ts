import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { leb } from '../../runtime/wasm/index.ts';
import { lunatic, RunningCommand } from '../support/command.ts';
import { guest } from '../support/guest.ts';
import { until } from '../support/network.ts';
import { sqliteGuest } from '../support/sqlite-guest.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'lunatic-watchdog-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

/** Nothing that is known keeps the main thread from a guest's side, so a plugin does: its function never returns. Resolves when it is called. */
async function stuckAfter(milliseconds: number): Promise<RunningCommand> {
  const plugin = file(
    'stuck.mjs',
    `import { writeSync } from 'node:fs';
    import { definePlugin } from 'lunatic';
    function wait() {
      writeSync(1, 'stuck\\n');
      for (;;) {}
    }
    export default definePlugin({
      namespace: 'stuck',
      functions: { wait: { signature: '()', call: wait } },
    });`,
  );
  const module = file(
    `stuck-${milliseconds}.wat`,
    guest(
      `(func (export "child") ${milliseconds === 0 ? '' : `(call $process.sleep_ms (i64.const ${milliseconds}))`}
        (call $in_the_guest))
      (func $in_the_guest (call $wait))
      (func (export "_start") (drop (call $spawn (i64.const 0) (text "child")))
        (drop (call $message.receive (i32.const 0) (i32.const 0) (i64.const -1))))`,
      { imports: '(import "stuck" "wait" (func $wait))' },
    ),
  );
  const command = new RunningCommand(['run', '--plugin', plugin, module], { input: null });
  await command.printed('stuck');
  return command;
}

/** A change in a transaction that never ends: `--allow-long-sql` permits it. Resolves when it has begun. */
async function longStatementAfter(milliseconds: number): Promise<RunningCommand> {
  const database = join(folder, 'long.db');
  const made = new DatabaseSync(database);
  made.exec('CREATE TABLE t (a)');
  made.close();
  const rows = 'WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)';
  const module = file(
    'statement.wat',
    sqliteGuest(
      `(call $open (text "${database}")) (call $execute (text "BEGIN"))
        (call $process.sleep_ms (i64.const ${milliseconds}))
        (call $execute (text "INSERT INTO t ${rows} SELECT i FROM n WHERE i = 1"))`,
    ),
  );
  const command = new RunningCommand(['run', '--allow-long-sql', '--dir', folder, module], { input: null });
  await until(() => existsSync(`${database}-journal`), 'the first row');
  return command;
}

// Before the second has passed after which all other programs are watched.
test.concurrent.each([
  [
    'a plugin',
    () => stuckAfter(800),
    / process 2 does not give way \(in wait, called by.*, called by \$child\)/,
  ],
  ['a statement', () => longStatementAfter(800), / process 1 does not give way \(in a single call,/],
] as const)(
  'a program whose thread does not answer a signal in %s is ended, and the message tells by whom',
  async (_, start, message) => {
    const command = await start();
    command.child.kill('SIGTERM');
    const { stderr } = await command.ended;
    expect(command.child.signalCode).toBe('SIGKILL');
    expect(stderr).toContain('SIGTERM was not answered for 2 s, since');
    expect(stderr).toMatch(message);
  },
);

test('a program that has not given way once is ended by the first signal', async () => {
  const command = await stuckAfter(0);
  command.child.kill('SIGTERM');
  await command.ended;
  expect(command.child.signalCode).toBe('SIGTERM');
});

test('a program that answers ends as it always does, however long it has run', async () => {
  const module = file(
    'answers.wat',
    guest(`(func (export "_start")
      (call $process.sleep_ms (i64.const 1500)) (call $print (text "up\\n")) (loop $l (br $l)))`),
  );
  const command = new RunningCommand(['run', module], { input: null });
  await command.printed('up');
  command.child.kill('SIGINT');
  const { exitCode, stderr } = await command.ended;
  expect(exitCode).toBe(130);
  expect(stderr).toBe('');
});

/**
 * A program that prints `on` and goes into nested loops, with a branch to each of them: V8's threads take minutes to optimize it.
 * @param turns after which it returns
 */
function nestedLoops(depth: number, turns: number): Uint8Array {
  const section = (id: number, contents: number[]) => [id, ...leb(contents.length), ...contents];
  const name = (text: string) => [text.length, ...Buffer.from(text)];
  // (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 16))), where 0 tells of two bytes at 8
  const print = [0x41, 1, 0x41, 0, 0x41, 1, 0x41, 16, 0x10, 0, 0x1a];
  const printed = [8, 0, 0, 0, 2, 0, 0, 0, ...Buffer.from('on')];
  const labels = Array.from({ length: depth }, (_, i) => leb(i)).flat();
  const opened = new Array(depth).fill([0x03, 0x40]).flat();
  // (if (i32.gt_u (local.tee 0 (i32.add (local.get 0) (i32.const 1))) (i32.const turns)) (then (return)))
  const count = [0x20, 0, 0x41, 1, 0x6a, 0x22, 0, 0x41, ...leb(turns), 0x4b, 0x04, 0x40, 0x0f, 0x0b];
  const table = [0x41, 0, 0x0e, ...leb(depth - 1)];
  const body = [1, 1, 0x7f].concat(print, opened, count, table, labels, new Array(depth + 1).fill(0x0b));
  const code = [1, ...leb(body.length)].concat(body);
  return Buffer.from(
    [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0].concat(
      section(1, [2, 0x60, 0, 0, 0x60, 4, 0x7f, 0x7f, 0x7f, 0x7f, 1, 0x7f]),
      section(2, [1, ...name('wasi_snapshot_preview1'), ...name('fd_write'), 0, 1]),
      section(3, [1, 0]),
      section(5, [1, 0, 1]),
      section(7, [2, ...name('_start'), 0, 1, ...name('memory'), 2, 0]),
      [10, ...leb(code.length)],
      code,
      section(11, [1, 0, 0x41, 0, 0x0b, printed.length, ...printed]),
    ),
  );
}

test.skipIf(process.platform === 'win32')(
  'a signal ends a program of which V8 optimizes a function for minutes',
  async () => {
    const module = file('loops.wasm', nestedLoops(57_000, 2 ** 31 - 1));
    const command = new RunningCommand(['run', module], { input: null });
    await command.printed('on');
    // V8 begins to optimize it.
    await new Promise((wait) => setTimeout(wait, 4000));
    const since = performance.now();
    command.child.kill('SIGTERM');
    expect((await command.ended).exitCode).toBe(143);
    expect(performance.now() - since).toBeLessThan(4000);
  },
);

test.skipIf(process.platform === 'win32')(
  'a program ends by itself while V8 optimizes a function of it for minutes',
  async () => {
    const { exitCode, stderr } = await lunatic(['run', file('turns.wasm', nestedLoops(57_000, 20_000_000))]);
    expect(stderr).toBe('');
    expect(exitCode).toBe(0);
  },
);
