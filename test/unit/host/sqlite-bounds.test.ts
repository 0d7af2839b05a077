/** What could get around the bounds of statements that run here, where nobody else runs meanwhile. */
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { DatabaseSync, StatementSync } from 'node:sqlite';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { Connection } from '../../../runtime/host/sqlite/connection.ts';
import { SqliteError } from '../../../runtime/host/sqlite/sqlite-error.ts';
import type { Statement } from '../../../runtime/host/sqlite/statement.ts';
import { StatementEnds } from '../../../runtime/host/sqlite/statement-ends.ts';
import { Account, TotalAccount } from '../../../runtime/kernel/account.ts';

afterEach(() => vi.restoreAllMocks());

function open(
  path = ':memory:',
  limit = Number.POSITIVE_INFINITY,
): { connection: Connection; account: Account } {
  const total = new TotalAccount(() => true);
  total.limit = Number.POSITIVE_INFINITY;
  const account = new Account(limit, total);
  const directories = ['.', dirname(path)].map((folder) => ({
    guestPath: folder,
    hostPath: resolve(folder),
  }));
  return { connection: new Connection({ account, overdraw: () => {} }, directories, path), account };
}

/** Two connections to one file. */
function pair(): { one: Connection; other: Connection; path: string; [Symbol.dispose]: () => void } {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'lunatic-sqlite-')));
  const path = join(folder, 'shared.db');
  const [one, other] = [open(path).connection, open(path).connection];
  const remove = (): void => {
    one.close();
    other.close();
    rmSync(folder, { recursive: true });
  };
  return { one, other, path, [Symbol.dispose]: remove };
}

/** Runs statements as a helper's outcome would have it. */
function execute(connection: Connection, ...texts: string[]): void {
  for (const sql of texts) {
    for (const statement of connection.statements(sql)) {
      if (statement === null) continue;
      if (statement instanceof SqliteError) throw statement;
      if ('compile' in statement) {
        connection.keepTime(statement, 1);
        continue;
      }
      statement.step();
      while (!statement.finish());
      statement.finalize();
    }
  }
}

function prepare(connection: Connection, sql: string): Statement {
  for (let job = connection.compileJobFor(sql); job !== null; job = connection.compileJobFor(sql))
    connection.keepTime(job, 1);
  return connection.prepare(sql);
}

const list = (count: number, item: (i: number) => string): string =>
  Array.from({ length: count }, (_, i) => item(i)).join();

const CROWD = ['CREATE TABLE big (a)', `INSERT INTO big VALUES ${list(6000, (i) => `(${i})`)}`];

describe('triggers that set off themselves may take long,', () => {
  const TRIGGER =
    'CREATE TRIGGER r AFTER INSERT ON t WHEN new.a < 20 BEGIN INSERT INTO t VALUES (new.a + 1), (new.a + 1); END';
  test.each(['1', '01', '1.0', '+1', '0x1', "'1x'", 'yes', 'On', '"true"'])(
    'with %s as the setting',
    (value) => {
      const { connection } = open();
      execute(connection, 'CREATE TABLE t (a)', TRIGGER, `PRAGMA recursive_triggers = ${value}`);
      const setting = connection.prepare('PRAGMA recursive_triggers');
      setting.step();
      expect(prepare(connection, 'INSERT INTO t VALUES (1)').place).toBe(
        setting.row[0] === 1n ? 'helper' : 'here',
      );
      connection.close();
    },
  );

  test('if the setting is only prepared, or explained', () => {
    for (const pragma of ['PRAGMA recursive_triggers = 1', 'EXPLAIN PRAGMA recursive_triggers = 1']) {
      const { connection } = open();
      execute(connection, 'CREATE TABLE t (a)', TRIGGER);
      const statement = prepare(connection, 'INSERT INTO t VALUES (1)');
      expect(statement.place).toBe('here');
      connection.prepare(pragma);
      expect(statement.place).toBe('helper');
      connection.close();
    }
  });
});

test('foreign keys that are only prepared are looked at', () => {
  const { connection } = open();
  execute(
    connection,
    'PRAGMA foreign_keys = OFF',
    'CREATE TABLE p (x PRIMARY KEY)',
    'CREATE TABLE c (x REFERENCES p ON DELETE CASCADE)',
  );
  execute(connection, `INSERT INTO p VALUES ${list(6000, (i) => `(${i})`)}`, 'INSERT INTO c SELECT x FROM p');
  const statement = prepare(connection, 'DELETE FROM p');
  expect(statement.place).toBe('here');
  connection.prepare('PRAGMA foreign_keys = ON');
  expect(statement.renew()).toBe(null);
  expect(statement.place).toBe('helper');
  connection.close();
});

describe('a statement that others make long', () => {
  const TRIGGER =
    'CREATE TRIGGER r AFTER INSERT ON u BEGIN UPDATE u SET a = (SELECT count(*) FROM big p, big q WHERE p.a + q.a > new.a); END';

  test('after it was asked does not run', () => {
    using shared = pair();
    const { one, other } = shared;
    execute(one, ...CROWD, 'CREATE TABLE u (a)');
    const statement = prepare(one, 'INSERT INTO u VALUES (1)');
    expect(statement.place).toBe('here');
    execute(other, TRIGGER);
    expect(() => statement.step()).toThrow('the tables have changed since the statement was prepared');
  });
});

describe('a text of which nobody knows where its first statement ends', () => {
  test.each([';', "''", '--\n', '/**/', 'SELECT '])('of %j again and again is not looked through', (part) => {
    const { connection } = open();
    const sql = part.repeat((16 * 2 ** 20) / part.length);
    const next = vi.spyOn(StatementEnds.prototype, 'next');
    expect(() => execute(connection, sql)).toThrow('a statement has more than 1000000 bytes');
    for (const { value } of next.mock.results) expect(value).toBeLessThan(1_000_002);
    connection.close();
  });

  test.each([
    ['SELECT 1; SELECT 2', 9],
    [' ;; -- a; b\n /* ; */ SELECT \';\', ";", `;`, [;] /*/;*/ ; SELECT 2', 55],
    ["SELECT 'it''s;'; SELECT 2", 16],
    ['SELECT 1', 8],
    ["SELECT ';", 9],
    ['SELECT 1 --;', 12],
    ['SELECT 1 /*;', 12],
    ['SELECT 2-1/2;', 13],
    ['\uFEFF; SELECT 1;', 12],
    [';;', 2],
    ['', 0],
  ])('%j is found', (sql, end) => {
    expect(new StatementEnds(sql).next()).toBe(end);
  });
});

describe('a statement with temporary tables', () => {
  const CHAIN = [
    'CREATE TABLE u (a); CREATE TABLE v (a); CREATE TABLE w (a)',
    'CREATE TEMP TABLE x (a)',
    'CREATE TRIGGER r AFTER INSERT ON u BEGIN INSERT INTO v SELECT a FROM big; END',
    'CREATE TRIGGER q AFTER INSERT ON v BEGIN INSERT INTO w SELECT a FROM big; END',
  ];

  test('does not run here if it is too long to be looked at', () => {
    const { connection } = open();
    execute(connection, ...CROWD, ...CHAIN);
    const long = `INSERT INTO u SELECT 1 WHERE (SELECT max(a) FROM x) IS NULL AND 1 IN (${list(6000, (i) => `${i + 1}`)})`;
    const statement = prepare(connection, long);
    expect(statement.place).toBe('helper');
    connection.close();
  });

  test('of which it only counts the rows runs here', () => {
    const { connection } = open();
    execute(connection, 'CREATE TABLE big (a)', `INSERT INTO big VALUES ${list(6000, (i) => `(${i})`)}`);
    execute(connection, 'CREATE TEMP TABLE x (a)', 'CREATE TABLE u (a)', 'CREATE TABLE v (a)');
    execute(
      connection,
      'CREATE TRIGGER r AFTER INSERT ON u BEGIN INSERT INTO v SELECT p.a FROM big p, big q WHERE p.rowid = 1 AND q.a = 7; END',
    );
    for (const from of ['temp.x', 'x', 'X'])
      expect(prepare(connection, `INSERT INTO u SELECT count(*) FROM ${from}`).place).toBe('here');
    connection.close();
  });

  test('that get many rows runs here, beside triggers of others', () => {
    const { connection } = open();
    execute(connection, ...CROWD, ...CHAIN);
    const rows = `INSERT INTO x VALUES ${list(8000, (i) => `(${i})`)}`;
    expect(prepare(connection, rows).place).toBe('here');
    expect(prepare(connection, rows.replace(' x ', ' u ')).place).toBe('helper');
    connection.close();
  });
});

test('long definitions of tables are not read after each change', () => {
  const { connection } = open();
  const filler = 'x'.repeat(900_000);
  for (let i = 0; i < 12; i++) execute(connection, `CREATE TABLE t${i} (a DEFAULT '${filler}')`);
  const read = new Set<number>();
  const match = vi.spyOn(RegExp.prototype, 'test');
  execute(connection, 'CREATE TABLE z (a)');
  match.mockClear();
  execute(connection, 'INSERT INTO z VALUES (1)');
  for (const [i, [text]] of match.mock.calls.entries()) if (text.length > filler.length) read.add(i);
  expect(read.size).toBeLessThan(8);
  connection.close();
});

test('views for which there was no room are read when there is', () => {
  const { connection, account } = open(':memory:', 64 * 2 ** 20);
  execute(connection, `CREATE VIEW v AS SELECT '${'x'.repeat(100_000)}' AS a`);
  const { room } = account;
  account.charge(room);
  expect(connection.compileJobFor('SELECT a FROM v')).not.toBe(null);
  account.release(room);
  expect(connection.compileJobFor('SELECT a FROM v')).toBe(null);
  connection.close();
});

test('a trigger in a file that says so in its own way is looked at', () => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'lunatic-sqlite-')));
  const path = join(folder, 'crafted.db');
  const database = new DatabaseSync(path, { defensive: false });
  database.exec('CREATE TABLE big (a); CREATE TABLE t (a); PRAGMA writable_schema = ON');
  database.exec(
    'WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 6000) INSERT INTO big SELECT i FROM n',
  );
  database.exec(
    'CREATE TRIGGER r AFTER INSERT ON t BEGIN SELECT count(*) FROM big p, big q WHERE p.a + q.a > new.a; END',
  );
  database.exec("UPDATE sqlite_schema SET type = 'TRIGGER' WHERE name = 'r'");
  database.close();
  const { connection } = open(path);
  expect(connection.executeAtOnce('INSERT INTO t VALUES (1)')).toBe(false);
  expect(prepare(connection, 'INSERT INTO t VALUES (1)').place).not.toBe('here');
  connection.close();
  rmSync(folder, { recursive: true });
});

describe('where a statement runs', () => {
  const VALUES = (count: number): string => `VALUES ${list(count, (i) => `(${i})`)}`;

  test.each([
    [
      'joined again and again',
      `WITH v(x) AS (${VALUES(20)}), m AS MATERIALIZED (SELECT a.x FROM v a, v b), n AS MATERIALIZED (SELECT a.x FROM m a, m b)
        SELECT count(*) FROM n a, n b`,
    ],
    [
      'beside a table of one row',
      `WITH m AS MATERIALIZED (SELECT x FROM e UNION ALL ${VALUES(2000)}) SELECT count(*) FROM m a, m b, m c WHERE a.x + b.x + c.x > 0`,
    ],
  ])('depends on literals that are %s', (_, sql) => {
    const { connection } = open();
    execute(connection, 'CREATE TABLE e (x)', 'INSERT INTO e VALUES (1)');
    expect(prepare(connection, sql).place).not.toBe('here');
    connection.close();
  });

  test('depends on what was just inserted, by this connection or by another', () => {
    using shared = pair();
    const { one, other } = shared;
    execute(one, ...CROWD, 'CREATE TABLE t (a)', `INSERT INTO t ${VALUES(40)}`);
    const join = 'SELECT count(*) FROM t a, t b WHERE a.a + b.a > 0';
    const statement = prepare(one, join);
    // However soon.
    vi.spyOn(performance, 'now').mockReturnValue(performance.now());
    expect(statement.place).toBe('here');
    for (const writer of [one, other]) {
      execute(writer, `INSERT INTO t ${VALUES(2500)}`);
      expect(statement.place).not.toBe('here');
      execute(writer, 'DELETE FROM t WHERE rowid > 40');
      expect(statement.place).toBe('here');
    }
    expect(one.executeAtOnce(`INSERT INTO t ${VALUES(500)}`)).toBe(true);
    expect(statement.place).not.toBe('here');
  });

  test.each([
    [
      'a trigger',
      400,
      'CREATE TRIGGER r AFTER INSERT ON t BEGIN UPDATE u SET a = (SELECT count(*) FROM t x, t y WHERE x.a + y.a > new.a); END',
      '',
    ],
    [
      'what is done with a row that is there',
      70,
      'CREATE UNIQUE INDEX i ON t (a)',
      'ON CONFLICT DO UPDATE SET a = (SELECT count(*) FROM t x, t y WHERE x.a + y.a > excluded.a)',
    ],
  ])('depends on the rows that it inserts itself, which are seen by %s', (_, count, make, conflict) => {
    const { connection } = open();
    execute(connection, 'CREATE TABLE t (a)', 'CREATE TABLE u (a)', make);
    expect(prepare(connection, `INSERT INTO t ${VALUES(count)} ${conflict}`).place).not.toBe('here');
    connection.close();
  });

  test('does not depend on a view without an end that a file gives out to be a table', () => {
    using shared = pair();
    const { one } = shared;
    execute(one, ...CROWD, 'CREATE TABLE t (a UNIQUE)', 'INSERT INTO t VALUES (1)');
    const join = 'SELECT count(*) FROM t x, t y WHERE x.a < y.a';
    expect(prepare(one, join).place).toBe('here');
    execute(
      one,
      'CREATE VIEW v AS WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i FROM n) SELECT i FROM n WHERE i > 1',
    );
    const writer = new DatabaseSync(shared.path, { defensive: false });
    writer.exec(
      "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET tbl_name = 'v' WHERE type = 'index' AND sql IS NULL",
    );
    writer.close();
    const again = open(shared.path).connection;
    expect(prepare(again, join).place).not.toBe('here');
    again.close();
  });

  test('is found out once of what is too large to be counted', () => {
    const { connection } = open();
    execute(connection, ...CROWD);
    const statement = prepare(connection, 'SELECT count(*) FROM big a, big b WHERE a.a + b.a > 0');
    expect(statement.place).toBe('thread');
    const reads = vi.spyOn(StatementSync.prototype, 'iterate');
    expect(statement.place).toBe('thread');
    expect(reads).not.toHaveBeenCalled();
    connection.close();
  });

  test('a change that would block all processes traps again at its reset', () => {
    const { connection } = open();
    execute(connection, 'CREATE TEMP TABLE t (a)', `INSERT INTO t ${VALUES(2500)}`);
    const statement = prepare(connection, 'UPDATE t SET a = (SELECT count(*) FROM t x, t y WHERE x.a < y.a)');
    expect(statement.place).toBe('helper');
    statement.job();
    expect(() => statement.stepWith({ rows: [], columns: [], bytes: 0, took: 100 })).toThrow('would block');
    expect(() => statement.reset()).toThrow('would block');
    expect(() => statement.reset()).not.toThrow();
    connection.close();
  });
});
