/** A statement of SQLite that runs in a thread cannot be stopped, and keeps no command from its end. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { RunningCommand } from '../support/command.ts';
import { sqliteGuest } from '../support/sqlite-guest.ts';

const folder = mkdtempSync(join(tmpdir(), 'lunatic-long-statement-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A pass over a table that takes seven seconds where nothing else runs. */
const SUM = `max(${Array.from({ length: 900 }, () => 'a').join(' + ')})`;
const LONG = `SELECT ${Array.from({ length: 5 }, () => SUM).join()} FROM t`;
const FILL = `CREATE TABLE t AS WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) SELECT i AS a FROM n`;

/** Runs the statement in a process, and then something in the root process. */
function start(name: string, then: string): RunningCommand {
  const functions = `(func (export "long") (call $open (text ":memory:")) (call $execute (blob "fill"))
    (call $send (i64.const 1) (i64.const 0) (i64.const 0)) (call $execute (blob "long")))`;
  const body = `(drop (call $spawn (i64.const 0) (text "long"))) (drop (call $receive))
    (call $process.sleep_ms (i64.const 500)) (call $print (text "it runs")) ${then}`;
  const blobs = { fill: Buffer.from(FILL), long: Buffer.from(LONG) };
  const path = join(folder, `${name}.wat`);
  writeFileSync(path, sqliteGuest(body, { functions, blobs }));
  return new RunningCommand(['run', '--dir', folder, path], { input: null, cwd: folder });
}

test.skipIf(process.platform === 'win32').each([
  ['the program ends', '(unreachable)', 1, () => {}],
  [
    'it is interrupted',
    '(drop (call $receive))',
    130,
    (command: RunningCommand) => command.child.kill('SIGINT'),
  ],
  [
    'it is terminated',
    '(drop (call $receive))',
    143,
    (command: RunningCommand) => command.child.kill('SIGTERM'),
  ],
] as const)(
  'a command ends at once when %s, though a thread runs a long statement',
  async (name, then, code, stop) => {
    const command = start(name.replaceAll(' ', '-'), `(call $print (text "now")) ${then}`);
    await command.printed('now');
    const since = performance.now();
    stop(command);
    await command.ended;
    expect(performance.now() - since).toBeLessThan(4000);
    expect(command.child.exitCode).toBe(code);
  },
);
