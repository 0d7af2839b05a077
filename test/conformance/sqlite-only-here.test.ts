/** Statements that no other connection could run: in transactions, of temporary tables, and of attached databases. */
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { linesOf, start } from '../support/program.ts';
import { DatabaseFolder, integer, sqliteGuest, vector } from '../support/sqlite-guest.ts';

const folder = new DatabaseFolder();
const { config } = folder;
afterAll(() => folder.remove());

const upTo = (n: number) => `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${n})`;
/** SQL as a text of a guest. */
const quote = (sql: string) => `(text "${sql.replace(/\s+/g, ' ')}")`;
const execute = (sql: string) => `(call $execute ${quote(sql)})`;
const query = (statement: number, sql: string) =>
  `(call $prepare ${quote(sql)}) (call $step (i64.const ${statement})) (call $row (i64.const ${statement}))`;
const row = (...values: Buffer[]) => `row ${vector(...values).toString('hex')}`;
const OPEN = '(call $open (text ":memory:"))';
const lines = async (body: string, permitted = config) =>
  (await linesOf(sqliteGuest(body), { config: permitted })).filter(
    (line) => !/^(connection|statement) \d$/.test(line),
  );
const error = (line = '') => Buffer.from(line.replace(/^error /, ''), 'hex').toString();

const ROWS = `${upTo(120_000)} INSERT INTO t SELECT i, 'text ' || i FROM n`;
const LONG_UPDATE = "UPDATE t SET b = b || 'x', a = a + 1 WHERE a != -1";

describe('a change that takes long', () => {
  test('in a transaction is refused, and says what to do; the transaction goes on', async () => {
    const body = `${OPEN} ${execute('CREATE TABLE t (a, b)')} ${execute(ROWS)} ${execute('BEGIN; DELETE FROM t WHERE rowid = 7')}
      ${execute(LONG_UPDATE)} (call $error) ${execute('UPDATE t SET a = 0 WHERE rowid = 1')} ${execute('COMMIT')}
      ${query(0, "SELECT count(*), sum(a = 0), sum(b LIKE '%x') FROM t")}`;
    const found = await lines(body);
    expect(found.filter((line) => !line.startsWith('error'))).toEqual([
      ...['execute 0', 'execute 0', 'execute 0', 'execute 9', 'execute 0', 'execute 0', 'step 100'],
      row(integer(119_999n), integer(1n), integer(0n)),
    ]);
    expect(error(found.find((line) => line.startsWith('error')))).toMatch(
      /would block all processes for \d+ ms: .*in a transaction.*Make fewer changes at a time.*\(--allow-long-sql\) lets it run/,
    );
  });

  test.each([
    ['of a temporary table', ':memory:', 'CREATE TEMP TABLE t (a, b)'],
    [
      'of an attached database',
      ':memory:',
      `ATTACH '${join(folder.path, 'attached.db')}' AS other; CREATE TABLE other.t (a, b)`,
    ],
  ])('%s is refused', async (_, path, make) => {
    const few = `${upTo(10_000)} INSERT INTO t SELECT i, 'text ' || i FROM n`;
    const body = `(call $open (text "${path}")) ${execute(make)} ${`${execute(few)} `.repeat(12)}
      ${execute(LONG_UPDATE)} ${query(0, "SELECT count(*), sum(b LIKE '%x') FROM t")}`;
    const found = await lines(body);
    expect(found.slice(-3)).toEqual(['execute 9', 'step 100', row(integer(120_000n), integer(0n))]);
  });

  test('of a small table beside large ones is done at once', async () => {
    const body = `${OPEN} ${execute('CREATE TABLE t (a, b); CREATE TABLE s (a, b); INSERT INTO s VALUES (1, 2), (3, 4)')}
      ${`${execute(`${upTo(60)} INSERT INTO t SELECT i, zeroblob(250000) FROM n`)} `.repeat(2)}
      ${execute('BEGIN; DELETE FROM t WHERE rowid = 7; UPDATE s SET b = a + b WHERE a != -1')} ${execute('COMMIT')}
      ${query(0, 'SELECT sum(b) FROM s')}`;
    expect((await lines(body)).slice(-4)).toEqual(['execute 0', 'execute 0', 'step 100', row(integer(10n))]);
  });
});

describe('a query that takes long', () => {
  const TABLES = `CREATE TEMP TABLE t (a INTEGER PRIMARY KEY AUTOINCREMENT, b); CREATE TEMP TABLE u (a, rowid, c AS (a * 2));
    CREATE TEMP TABLE w (a PRIMARY KEY, b) WITHOUT ROWID; CREATE INDEX temp.i ON u (a); CREATE TABLE s (a);
    CREATE TEMP VIEW v AS SELECT a FROM s; CREATE TEMP TRIGGER r AFTER INSERT ON s BEGIN INSERT INTO w VALUES (new.a, 1); END;
    INSERT INTO s VALUES (1), (2); INSERT INTO t VALUES (5, 'x'), (9, 'y'); INSERT INTO u VALUES (1, 2), (3, 4); DELETE FROM u WHERE a = 1`;

  test('finds temporary tables as they are', async () => {
    const body = `${OPEN} ${execute(TABLES)} ${query(
      0,
      `${upTo(3)} SELECT (SELECT sum(a) FROM t), (SELECT max(_rowid_) FROM u),
      (SELECT sum(c) FROM u), (SELECT count(*) FROM w), (SELECT sum(a) FROM v), (SELECT seq FROM temp.sqlite_sequence), count(*) FROM n`,
    )}`;
    expect((await lines(body)).slice(-2)).toEqual([
      'step 100',
      row(...[14n, 2n, 6n, 2n, 3n, 9n, 3n].map(integer)),
    ]);
  });

  test('finds attached databases as they are, also within a transaction', async () => {
    const [path, other] = ['attaching.db', 'attached-too.db'].map((name) => join(folder.path, name));
    const body = `(call $open (text "${path}")) ${execute(`ATTACH '${other}' AS [o t]; CREATE TABLE [o t].t (a); CREATE TABLE t (a)`)}
      ${execute('INSERT INTO [o t].t VALUES (7); BEGIN; INSERT INTO main.t VALUES (1); INSERT INTO [o t].t VALUES (8)')}
      ${query(0, `${upTo(3)} SELECT (SELECT sum(a) FROM [o t].t), (SELECT sum(a) FROM t), count(*) FROM n`)} ${execute('COMMIT')}`;
    const found = await lines(body);
    expect(found.slice(-3)).toEqual(['step 100', row(integer(15n), integer(1n), integer(3n)), 'execute 0']);
  });

  test.each([
    ['temporary tables', 'CREATE TEMP TABLE t (a, b)'],
    [
      'attached databases',
      `ATTACH '${join(folder.path, 'endless.db')}' AS other; CREATE TABLE other.t (a, b)`,
    ],
  ])('of %s lets others run, and is stopped by a kill', async (_, make) => {
    const few = `${upTo(10_000)} INSERT INTO t SELECT i, 'text' FROM n`;
    const functions = `(func (export "endless") ${OPEN} ${execute(make)} ${execute(few)}
      (call $send (i64.const 1) (i64.const 0) (i64.const 0)) ${execute('SELECT count(*) FROM t a, t b, t c WHERE a.b <= b.b AND b.b <= c.b')})`;
    const body = `(call $process.monitor (call $spawn (i64.const 0) (text "endless"))) (drop (call $receive))
      (call $process.sleep_ms (i64.const 100)) (call $process.kill (i64.const 2)) (call $show_received (call $receive))`;
    const program = await start(sqliteGuest(body, { functions }), { config });
    expect((await program.root.ended).kind).toBe('returned');
    expect(program.stdout.lines.at(-1)).toBe('process 2');
  });
});

describe('of a database of 20 MiB, a copy', () => {
  const fill = `${execute('CREATE TABLE t (a, b)')} ${`${execute(`${upTo(40)} INSERT INTO t SELECT i, zeroblob(250000) FROM n`)} `.repeat(2)}`;
  const count = `${upTo(3)} SELECT (SELECT count(*) FROM t), count(*) FROM n`;

  test.each(['memory', 'a file'])(
    'in %s is made in a thread, and not if nobody else sees what has changed',
    async (where) => {
      const path = where === 'memory' ? ':memory:' : join(folder.path, 'large.db');
      const body = `(call $open (text "${path}")) ${fill} ${query(0, count)}
      ${execute('BEGIN')} ${query(1, count)} ${execute('DELETE FROM t WHERE rowid = 1')} ${execute('BEGIN')} ${execute('EXPLAIN BEGIN')} ${execute(count)} ${execute('COMMIT')} ${query(2, count)}`;
      expect((await lines(body)).slice(3)).toEqual([
        ...[
          'step 100',
          row(integer(80n), integer(3n)),
          'execute 0',
          'step 100',
          row(integer(80n), integer(3n)),
        ],
        ...[
          'execute 0',
          'execute 1',
          'execute 0',
          'execute 9',
          'execute 0',
          'step 100',
          row(integer(79n), integer(3n)),
        ],
      ]);
    },
  );
});

describe('a process that may run long SQL', () => {
  const permitted = folder.config;
  permitted.canRunLongSql = true;

  test('migrates a large table in a transaction', async () => {
    const body = `${OPEN} ${execute('CREATE TABLE t (a, b)')} ${execute(ROWS)}
      ${execute('BEGIN; CREATE TABLE new (a INTEGER PRIMARY KEY, b TEXT)')} ${execute('INSERT INTO new SELECT a, b FROM t')}
      ${execute('DROP TABLE t; ALTER TABLE new RENAME TO t; COMMIT')} ${query(0, 'SELECT count(*), max(a) FROM t')}`;
    expect(await lines(body, permitted)).toEqual([
      ...Array.from({ length: 5 }, () => 'execute 0'),
      ...['step 100', row(integer(120_000n), integer(120_000n))],
    ]);
    expect(await lines(body)).toContain('execute 9');
  });

  test.each([
    ['a temporary table', 'CREATE TEMP TABLE t (a, b)'],
    [
      'a table of an attached database',
      `ATTACH '${join(folder.path, 'long.db')}' AS other; CREATE TABLE other.t (a, b)`,
    ],
  ])('changes %s, however long that takes', async (_, make) => {
    const body = `${OPEN} ${execute(make)} ${execute(ROWS)} ${execute(LONG_UPDATE)} ${query(0, "SELECT count(*), sum(b LIKE '%x') FROM t")}`;
    const found = await lines(body, permitted);
    expect(found.slice(-3)).toEqual(['execute 0', 'step 100', row(integer(120_000n), integer(120_000n))]);
  });

  test('asks a database for much that is too large to be copied', async () => {
    const body = `${OPEN} ${execute('CREATE TABLE t (a, b)')} ${`${execute(`${upTo(40)} INSERT INTO t SELECT i, zeroblob(250000) FROM n`)} `.repeat(2)}
      ${execute('BEGIN; DELETE FROM t WHERE rowid = 1')} ${query(0, `${upTo(3)} SELECT (SELECT count(*) FROM t), count(*) FROM n`)}`;
    expect((await lines(body, permitted)).slice(-2)).toEqual(['step 100', row(integer(79n), integer(3n))]);
  });

  test('gives the permission to children with its own config alone', async () => {
    const functions = `(func (export "child") ${OPEN} ${execute('CREATE TEMP TABLE t (a, b)')} ${execute(ROWS)} ${execute(LONG_UPDATE)}
      (call $send (i64.const 1) (i64.const 0) (i64.const 0)))`;
    const spawn = (config: string) =>
      `(drop (call $spawn_with (i64.const 0) ${config} (text "child"))) (drop (call $receive))`;
    const limited = `(local.set $config (call $process.create_config)) ${['.', folder.path]
      .map((path) => `(call $wasi.config_preopen_dir (local.get $config) (text "${path}"))`)
      .join(' ')}`;
    const source = sqliteGuest(
      `(local $config i64) ${limited} ${spawn('(i64.const -1)')} ${spawn('(local.get $config)')}`,
      {
        functions,
      },
    );
    const found = (await linesOf(source, { config: permitted })).filter((line) => line.startsWith('execute'));
    expect(found).toEqual([
      ...['execute 0', 'execute 0', 'execute 0'],
      ...['execute 0', 'execute 9', 'execute 0'],
    ]);
  });
});
