/** Statements that run in threads and helpers do what they would do here, whatever happens meanwhile. */
import { execFileSync } from 'node:child_process';
import { renameSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, describe, expect, test } from 'vitest';
import { linesOf, nudge, start } from '../support/program.ts';
import { DatabaseFolder, integer, sqliteGuest, vector } from '../support/sqlite-guest.ts';

const folder = new DatabaseFolder();
const { config } = folder;
afterAll(() => folder.remove());

const upTo = (n: number) => `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${n})`;
const ROWS = `CREATE TABLE t (a INTEGER PRIMARY KEY, b); INSERT INTO t ${upTo(60_000)} SELECT i, 'text ' || i FROM n`;
const execute = (sql: string) => `(call $execute (text "${sql}"))`;
const prepare = (sql: string) => `(call $prepare (text "${sql}"))`;
const step = (statement = 0) => `(call $step (i64.const ${statement}))`;
const row = (statement = 0) => `(call $row (i64.const ${statement}))`;
const rowOf = (...values: number[]) =>
  `row ${vector(...values.map((n) => integer(BigInt(n)))).toString('hex')}`;
const lines = async (body: string) =>
  (await linesOf(sqliteGuest(body), { config })).filter((line) => !/^(connection|statement) \d$/.test(line));

describe.each(['memory', 'a file'])('in %s', (where) => {
  const path = (name: string): string => (where === 'memory' ? ':memory:' : join(folder.path, `${name}.db`));
  const open = (name: string): string => `(call $open (text "${path(name)}"))`;

  test('a statement that a thread has run tells what it has changed', async () => {
    const body = `${open('counters')} ${execute(ROWS)} ${execute("UPDATE t SET b = b || 'x' WHERE a % 2 = 0")}
      (call $show32 (text "changes") (call $sqlite.sqlite3_changes (i64.const 0)))
      ${execute('INSERT INTO t (b) SELECT b FROM t WHERE a % 4 = 0')}
      ${prepare('SELECT changes(), last_insert_rowid()')} ${step()} ${row()} (call $sqlite.statement_reset (i64.const 0))
      ${execute('INSERT INTO t VALUES (99000, 1), (99001, 1)')} ${step()} ${row()}`;
    expect(await lines(body)).toEqual([
      'execute 0',
      'execute 0',
      'changes 30000',
      'execute 0',
      'step 100',
      rowOf(15_000, 75_000),
      'execute 0',
      'step 100',
      rowOf(2, 99_001),
    ]);
  });

  test('rows that a thread has found are all there while the table is changed', async () => {
    const count = `(loop $next (if (i32.eq (call $sqlite.sqlite3_step (i64.const 0)) (i32.const 100)) (then
      (local.set $n (i32.add (local.get $n) (i32.const 1)))
      (if (i32.eqz (i32.rem_u (local.get $n) (i32.const 5000))) (then
        (drop (call $sqlite.execute (i64.const 0) (text "UPDATE t SET b = 1 WHERE a = 7; INSERT INTO t (b) VALUES ('text x')")))))
      (br $next))))`;
    const body = `(local $n i32) ${open('rows')} ${execute(ROWS)} ${prepare("SELECT a, b FROM t WHERE b LIKE 'text %' AND a != 3")} ${count}
      (call $show32 (text "rows") (local.get $n)) (call $sqlite.statement_reset (i64.const 0)) ${step()}
      (call $sqlite.statement_reset (i64.const 0)) ${execute('DELETE FROM t WHERE a > 0')} ${step()}`;
    expect(await lines(body)).toEqual(['execute 0', 'rows 59999', 'step 100', 'execute 0', 'step 101']);
  });

  test('tables that a thread has changed are looked at anew, and errors are those of SQLite', async () => {
    const body = `${open('tables')} ${execute(ROWS)} ${prepare('SELECT * FROM t WHERE a = 1')} ${step()}
      (call $sqlite.statement_reset (i64.const 0)) ${execute('ALTER TABLE t DROP COLUMN b')} ${step()} ${row()}
      ${execute('CREATE UNIQUE INDEX i ON t (a % 7)')} ${execute('PRAGMA max_page_count = 300; CREATE TABLE big AS SELECT zeroblob(90) AS x FROM t')}
      ${prepare('SELECT count(*) FROM sqlite_schema')} ${step(1)} ${row(1)}`;
    expect(await lines(body)).toEqual([
      'execute 0',
      'step 100',
      'execute 0',
      'step 100',
      rowOf(1),
      'execute 19',
      where === 'memory' ? 'execute 23' : 'execute 13',
      'step 100',
      rowOf(1),
    ]);
  });
});

test('a process waits for the thread of another that changes the same file', async () => {
  const path = join(folder.path, 'shared.db');
  const open = `(if (i64.ne (call $sqlite.open (text "${path}") (i32.const 0xfe10)) (i64.const 0)) (then unreachable))`;
  const run = (sql: string) => `(if (call $sqlite.execute (i64.const 0) (text "${sql}")) (then unreachable))`;
  const functions = `(func (export "other") (local $i i32) ${open} (loop $again
      ${run('INSERT INTO u VALUES (1)')}
      (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 50)))))`;
  const body = `${open} ${run(`${ROWS}; CREATE TABLE u (a)`)}
    (call $process.monitor (call $spawn (i64.const 0) (text "other")))
    ${`${run("UPDATE t SET b = b || 'x' WHERE a != 0")} `.repeat(5)}
    (drop (call $receive)) ${prepare('SELECT count(*) FROM u')} ${step()} ${row()}`;
  const found = await linesOf(sqliteGuest(body, { functions }), { config });
  expect(found.slice(-2)).toEqual(['step 100', rowOf(50)]);
});

test.skipIf(process.platform === 'win32')(
  'a file that has become a link is opened by no thread',
  async () => {
    const [path, secret] = ['swapped.db', '../lunatic-thread-secret.db'].map((name) =>
      join(folder.path, name),
    ) as [string, string];
    const database = new DatabaseSync(secret);
    database.exec("DROP TABLE IF EXISTS t; CREATE TABLE t (a, b); INSERT INTO t VALUES (1, 'secret')");
    const guest = sqliteGuest(
      `(call $open (text "${path}")) ${execute(ROWS)} (drop (call $receive)) ${execute("UPDATE t SET b = 'own' WHERE b != 'x'")}`,
    );
    const program = await start(guest, { config });
    while (!program.stdout.text.includes('execute 0')) await new Promise((turn) => setImmediate(turn));
    renameSync(path, `${path}-old`);
    symlinkSync(secret, path);
    nudge(program);
    await program.root.ended;
    expect(program.stdout.lines.at(-1)).toBe('execute 1');
    expect(database.prepare('SELECT b FROM t').all()).toEqual([{ b: 'secret' }]);
    database.close();
  },
);

test.skipIf(process.platform !== 'linux')(
  'a helper that is killed in a statement is an error, and nothing is lost',
  async () => {
    const body = `(call $open (text ":memory:")) ${execute('CREATE TABLE t (a); INSERT INTO t VALUES (1)')}
    ${execute('INSERT INTO t WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n')}
    ${prepare('SELECT count(*) FROM t')} ${step()} ${row()}`;
    const program = await start(sqliteGuest(body), { config });
    let isOver = false;
    program.root.ended.then(() => {
      isOver = true;
    });
    while (!isOver) {
      if (program.stdout.text.includes('execute 0'))
        for (const helper of helpers()) process.kill(helper, 'SIGKILL');
      await new Promise((turn) => setImmediate(turn));
    }
    expect(program.stdout.lines).toEqual([
      'connection 0',
      'execute 0',
      'execute 10',
      'statement 0',
      'step 100',
      rowOf(1),
    ]);
  },
);

function helpers(): number[] {
  const children = execFileSync('ps', ['--ppid', `${process.pid}`, '-o', 'pid=,args='], { encoding: 'utf8' });
  return children
    .split('\n')
    .filter((line) => line.includes('DatabaseSync'))
    .map((line) => Number.parseInt(line, 10));
}
