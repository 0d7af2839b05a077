import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, describe, expect, test } from 'vitest';
import { linesOf, nudge, start } from '../support/program.ts';
import {
  bindList,
  DatabaseFolder,
  int,
  integer,
  nameKey,
  sqliteGuest,
  text,
  vector,
} from '../support/sqlite-guest.ts';

const folder = new DatabaseFolder();
const { config } = folder;
afterAll(() => folder.remove());

const ENDLESS = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)';
const upTo = (n: number | string) => `${ENDLESS.slice(0, -1)} WHERE i < ${n})`;
const OPEN = '(call $open (text ":memory:"))';
const STEP = '(call $step (i64.const 0))';
const ROW = '(call $row (i64.const 0))';
const execute = (sql: string) => `(call $execute (text "${sql}"))`;
const prepare = (sql: string) => `(call $prepare (text "${sql}"))`;
const row = (...values: Buffer[]) => `row ${vector(...values).toString('hex')}`;
const lines = async (body: string, blobs = {}) =>
  (await linesOf(sqliteGuest(body, { blobs }), { config })).filter(
    (line) => !/^(connection|statement) 0$/.test(line),
  );

/** A crowd of rows: joined with itself it takes for ever. */
const CROWD = `CREATE TABLE t (a, b); INSERT INTO t ${upTo(20_000)} SELECT i, 'some text to fill a page' FROM n`;

/** A search that takes hours. */
const SEARCH = "instr(hex(zeroblob(4000000)), hex(zeroblob(2000000)) || '1')";

describe('recursive queries', () => {
  test('give their rows, also bound and stepped to the end and again', async () => {
    const list = bindList([nameKey('end'), int(3)]);
    const body = `${OPEN} ${prepare(`${upTo(':end')} SELECT i, 'x' FROM n`)} (call $bind (i64.const 0) (blob "list"))
      ${STEP} ${STEP} ${ROW} ${STEP} ${STEP} ${STEP} ${ROW} (call $sqlite.statement_reset (i64.const 0)) ${STEP} ${ROW}`;
    expect(await lines(body, { list })).toEqual([
      'step 100',
      'step 100',
      row(integer(2n), text('x')),
      'step 100',
      'step 101',
      'step 100',
      row(integer(1n), text('x')),
      'step 100',
      row(integer(1n), text('x')),
    ]);
  });

  test('change the database that they are for, in a transaction too', async () => {
    const body = `${OPEN} ${execute('CREATE TABLE t (a); BEGIN; INSERT INTO t VALUES (0)')}
      ${execute(`INSERT INTO t ${upTo(1000)} SELECT i FROM n; INSERT INTO t SELECT max(a) + 1 FROM t`)}
      ${prepare(`${upTo(2)} SELECT count(*), (SELECT count(*) FROM t) FROM n`)} ${STEP} ${ROW} ${execute('ROLLBACK')}`;
    expect(await lines(body)).toEqual([
      'execute 0',
      'execute 0',
      'step 100',
      row(integer(2n), integer(1002n)),
      'execute 0',
    ]);
  });

  test('of a file see what is in it, and their errors are those of SQLite', async () => {
    const path = join(folder.path, 'recursive.db');
    const body = `(call $open (text "${path}")) ${execute('CREATE TABLE t (a UNIQUE); INSERT INTO t VALUES (7)')}
      ${execute(`${upTo(3)} SELECT i, a FROM n, t`)}
      ${execute(`INSERT INTO t ${upTo(9)} SELECT i FROM n`)}
      ${execute(`${upTo(3)} SELECT abs(-9223372036854775808) FROM n`)}`;
    expect(await lines(body)).toEqual(['execute 0', 'execute 0', 'execute 19', 'execute 1']);
  });

  test('hidden in views are found; in triggers, they are refused', async () => {
    const body = `${OPEN} ${execute(`CREATE VIEW v AS ${upTo(3)} SELECT i FROM n; CREATE TABLE t (a); CREATE TABLE u (a)`)}
      ${execute('CREATE TRIGGER r AFTER INSERT ON t BEGIN INSERT INTO u SELECT i FROM v; END')}
      ${prepare('SELECT sum(i) FROM v')} ${STEP} ${ROW} ${execute('INSERT INTO t VALUES (1)')}`;
    expect(await lines(body)).toEqual(['execute 0', 'execute 0', 'step 100', row(integer(6n)), 'execute 23']);
  });

  test('that a view becomes after a statement was prepared give their rows', async () => {
    const body = `${OPEN} ${execute('CREATE VIEW v AS SELECT 1 AS i')} ${prepare('SELECT i FROM v')}
      ${execute('DROP VIEW v')} ${execute(`CREATE VIEW v AS ${upTo(4)} SELECT count(*) AS i FROM n`)} ${STEP} ${ROW}`;
    expect(await lines(body)).toEqual(['execute 0', 'execute 0', 'execute 0', 'step 100', row(integer(4n))]);
  });
});

test('the file of a database that became a link since is not followed', async () => {
  const path = join(folder.path, 'swapped.db');
  const secret = new DatabaseSync(join(folder.path, '..', 'lunatic-secret.db'));
  secret.exec("CREATE TABLE IF NOT EXISTS t (a); DELETE FROM t; INSERT INTO t VALUES ('secret')");
  secret.close();
  const functions = '(func (export "unused"))';
  const guest = sqliteGuest(
    `(call $open (text "${path}")) ${execute("CREATE TABLE t (a); INSERT INTO t VALUES ('own')")}
     (drop (call $receive)) ${prepare(`${upTo(2)} SELECT max(a) FROM t, n`)} ${STEP} ${ROW}`,
    { functions },
  );
  const program = await start(guest, { config });
  while (!program.stdout.text.includes('execute 0')) await new Promise((turn) => setImmediate(turn));
  rmSync(path);
  symlinkSync(join(folder.path, '..', 'lunatic-secret.db'), path);
  nudge(program);
  await program.root.ended;
  rmSync(join(folder.path, '..', 'lunatic-secret.db'));
  expect(program.stdout.text).not.toContain(Buffer.from('secret').toString('hex'));
});

describe('on a copy,', () => {
  const query = (what: string) => `${upTo(2)} SELECT count(*), ${what} FROM n`;
  test('pragmas that change results hold', async () => {
    const body = `${OPEN} ${execute('PRAGMA case_sensitive_like = ON')} ${prepare(query("'a' LIKE 'A'"))} ${STEP} ${ROW}`;
    expect(await lines(body)).toEqual(['execute 0', 'step 100', row(integer(2n), integer(0n))]);
  });

  test('what the connection has done is known', async () => {
    const body = `${OPEN} ${execute('CREATE TABLE t (a); INSERT INTO t VALUES (1), (2); INSERT INTO t VALUES (5)')}
      ${prepare(query('changes() + 10 * last_insert_rowid() + 100 * total_changes()'))} ${STEP} ${ROW}
      ${execute(`${upTo(2)} INSERT INTO t SELECT last_insert_rowid() FROM n`)}`;
    expect(await lines(body)).toEqual([
      'execute 0',
      'step 100',
      row(integer(2n), integer(331n)),
      'execute 9',
    ]);
  });

  test('databases with a write-ahead log are read', async () => {
    const path = join(folder.path, 'wal.db');
    const body = `(call $open (text "${path}")) ${execute('PRAGMA journal_mode = WAL')}
      ${execute('CREATE TABLE t (a); INSERT INTO t VALUES (7)')} ${prepare(query('(SELECT a FROM t)'))} ${STEP} ${ROW}`;
    expect(await lines(body)).toEqual(['execute 0', 'execute 0', 'step 100', row(integer(2n), integer(7n))]);
  });
});

test('what grows without an end in a helper ends there', async () => {
  const blobs = `${ENDLESS} SELECT zeroblob(1000000) AS b FROM n`;
  const body = `${OPEN} ${execute(`CREATE TABLE t AS ${blobs}`)} ${execute('CREATE TABLE u (a)')} ${execute(`INSERT INTO u ${blobs}`)}
    ${execute(`CREATE TEMP TABLE t AS ${blobs}`)} ${execute('SELECT count(*) FROM u')}`;
  expect(await lines(body)).toEqual(['execute 13', 'execute 0', 'execute 13', 'execute 13', 'execute 0']);
});

describe('temporary tables are searched here,', () => {
  test.each([
    ["SELECT json_group_array(a) FROM t WHERE a LIKE 'te%'", text('["text"]')],
    [`SELECT trim(a) FROM t WHERE '${'x'.repeat(70_000)}' != a`, text('text')],
  ])('%.40s', async (sql, value) => {
    const body = `${OPEN} ${execute("CREATE TEMP TABLE t (a); INSERT INTO t VALUES ('text')")}
      (call $prepare (blob "sql")) ${STEP} ${ROW}`;
    expect(await lines(body, { sql: Buffer.from(sql) })).toEqual(['execute 0', 'step 100', row(value)]);
  });
});

test('joins and subqueries are explained', async () => {
  const from = 'SELECT (SELECT count(*) FROM t c) FROM t a, t b';
  const body = `${OPEN} ${execute('CREATE TABLE t (a)')} ${execute(`EXPLAIN ${from}`)} ${execute(`/* why */ EXPLAIN QUERY PLAN ${from}`)}`;
  expect(await lines(body)).toEqual(['execute 0', 'execute 0', 'execute 0']);
});

test.skipIf(process.platform !== 'linux')(
  'a helper that has died while it waited is not asked again',
  async () => {
    const query = `${OPEN} ${prepare(`${upTo(3)} SELECT count(*) FROM n`)} ${STEP} ${ROW}`;
    const expected = ['step 100', row(integer(3n))];
    expect(await lines(query)).toEqual(expected);
    for (const helper of helpers()) process.kill(helper, 'SIGKILL');
    expect(await lines(query)).toEqual(expected);
  },
);

test.skipIf(process.platform !== 'linux')('a helper cannot fill the disk', async () => {
  await lines(`${OPEN} ${execute(`${upTo(3)} SELECT count(*) FROM n`)}`);
  const limits = helpers().map((helper) => readFileSync(`/proc/${helper}/limits`, 'utf8'));
  expect(limits.length).toBeGreaterThan(0);
  for (const text of limits)
    expect(Number(/^Max file size +(\d+)/m.exec(text)?.[1])).toBeLessThanOrEqual(2 ** 31);
});

/** The ids of the helpers of this process. */
function helpers(): number[] {
  const children = execFileSync('ps', ['--ppid', `${process.pid}`, '-o', 'pid=,args='], { encoding: 'utf8' });
  return children
    .split('\n')
    .filter((line) => line.includes('DatabaseSync'))
    .map((line) => Number.parseInt(line, 10));
}

test('a database that is too large to be copied is an error', async () => {
  const fill = execute(
    `CREATE TABLE big (a); INSERT INTO big VALUES (zeroblob(15000000))${', (zeroblob(15000000))'.repeat(9)}`,
  );
  const body = `${OPEN} ${fill} ${execute(`${upTo(2)} SELECT i FROM n`)} ${execute('SELECT 1')}`;
  expect(await lines(body)).toEqual(['execute 0', 'execute 9', 'execute 0']);
});

describe('what never ends', () => {
  test.each([
    [
      'a recursive query',
      `${OPEN} ${prepare(`${ENDLESS} SELECT count(*) FROM n`)} (call $send (i64.const 1) (i64.const 0) (i64.const 0)) ${STEP}`,
    ],
    [
      'one that inserts',
      `${OPEN} ${execute('CREATE TABLE t (a)')} (call $send (i64.const 1) (i64.const 0) (i64.const 0)) ${execute(`INSERT INTO t ${ENDLESS} SELECT max(i) FROM n`)}`,
    ],
    [
      'one in a transaction',
      `${OPEN} ${execute('BEGIN; CREATE TABLE t (a)')} (call $send (i64.const 1) (i64.const 0) (i64.const 0)) ${execute(`${ENDLESS} SELECT max(i) FROM n`)}`,
    ],
    [
      'a join of a table with itself',
      `${OPEN} ${execute(CROWD)} (call $send (i64.const 1) (i64.const 0) (i64.const 0)) ${execute('SELECT count(*) FROM t a, t b, t c, t d')}`,
    ],
    [
      'a join of lists of values',
      `${OPEN} (call $send (i64.const 1) (i64.const 0) (i64.const 0)) ${execute(`WITH v (x) AS (VALUES ${'(1), '.repeat(1500)}(1)) SELECT count(*) FROM v a, v b, v c, v d`)}`,
    ],
    [
      'a join of what a function makes',
      `${OPEN} (call $send (i64.const 1) (i64.const 0) (i64.const 0)) ${execute(`WITH j AS (SELECT value FROM json_each('[' || replace(hex(zeroblob(10000)), '0', '1,') || '1]')) SELECT count(*) FROM j a, j b, j c`)}`,
    ],
    [
      'a query for each row',
      `${OPEN} ${execute(CROWD)} (call $send (i64.const 1) (i64.const 0) (i64.const 0)) ${execute('SELECT sum((SELECT sum((SELECT count(*) FROM t c WHERE c.a + b.a + a.a = 0)) FROM t b)) FROM t a')}`,
    ],
    [
      'a union for each row',
      `${OPEN} ${execute(CROWD)} (call $send (i64.const 1) (i64.const 0) (i64.const 0)) ${execute('SELECT sum((SELECT count(*) FROM (SELECT b.a FROM t b, t d WHERE b.a + d.a != a.a UNION SELECT c.a FROM t c WHERE c.a != a.a))) FROM t a')}`,
    ],
    [
      'a search for what is more, for each row',
      `${OPEN} ${execute(CROWD)} ${execute('CREATE INDEX i ON t (a)')} (call $send (i64.const 1) (i64.const 0) (i64.const 0)) ${execute('SELECT count(*) FROM t a, t b, t c WHERE b.a > a.a AND c.a > b.a AND a.a > 0')}`,
    ],
    [
      'a join of joins',
      `${OPEN} ${execute(CROWD)} (call $send (i64.const 1) (i64.const 0) (i64.const 0)) ${execute('WITH j AS MATERIALIZED (SELECT DISTINCT a.a + b.a AS s FROM t a, t b) SELECT count(*) FROM j x, j y')}`,
    ],
    [
      'what a view has become after a statement was prepared',
      `${OPEN} ${execute(CROWD)} ${execute('CREATE VIEW v AS SELECT 1')} ${prepare('SELECT * FROM v')} ${execute('DROP VIEW v')}
       ${execute('CREATE VIEW v AS SELECT count(*) FROM t a, t b, t c, t d')} (call $send (i64.const 1) (i64.const 0) (i64.const 0)) ${STEP}`,
    ],
    ...(
      [
        [
          'a search for a text in a value to insert',
          ['CREATE TABLE a (x)'],
          `INSERT INTO a VALUES (${SEARCH})`,
        ],
        ['one of a check', [`CREATE TABLE a (x, CHECK (${SEARCH} = 0))`], 'INSERT INTO a VALUES (1)'],
        [
          'one of a default value',
          [`CREATE TABLE a (x, y DEFAULT (${SEARCH}))`],
          'INSERT INTO a (x) VALUES (1)',
        ],
        [
          'one of a column that is made',
          [`CREATE TABLE a (x, y AS (${SEARCH}) STORED)`],
          'INSERT INTO a VALUES (1)',
        ],
        [
          'one of an index',
          ['CREATE TABLE a (x)', `CREATE INDEX i ON a (${SEARCH})`],
          'INSERT INTO a VALUES (1)',
        ],
        [
          'long texts, again and again',
          ['CREATE TABLE a (x)'],
          `INSERT INTO a VALUES ${'(length(hex(zeroblob(8000000)))), '.repeat(100)} (1), (${SEARCH})`,
        ],
        [
          'an update from joined tables',
          [CROWD],
          'UPDATE t SET a = 1 FROM t x, t y, t z WHERE x.b <= y.b AND y.b <= z.b AND z.a = -1',
        ],
        [
          'a join within a trigger',
          [
            CROWD,
            'CREATE TABLE a (x)',
            'CREATE TRIGGER r AFTER INSERT ON a BEGIN SELECT count(*) FROM t x, t y, t z WHERE x.b <= y.b AND y.b <= z.b; END',
          ],
          'INSERT INTO a VALUES (1)',
        ],
        [
          'a join in what is returned',
          [CROWD],
          'DELETE FROM t RETURNING (SELECT count(*) FROM t x, t y WHERE x.b <= y.b)',
        ],
        [
          'a query for each row that is deleted',
          [CROWD, 'CREATE TABLE a (x)', 'INSERT INTO a SELECT a FROM t UNION ALL SELECT a FROM t'],
          'DELETE FROM t WHERE EXISTS (SELECT 1 FROM a, a AS b WHERE a.x + b.x > t.a + 100000)',
        ],
        [
          'triggers that set off several others each',
          [
            ...Array.from({ length: 16 }, (_, i) => `CREATE TABLE c${i} (x)`),
            ...Array.from(
              { length: 15 },
              (_, i) =>
                `CREATE TRIGGER r${i} BEFORE INSERT ON c${i} BEGIN ${`INSERT INTO c${i + 1} VALUES (1); `.repeat(8)} SELECT RAISE(IGNORE); END`,
            ),
          ],
          'INSERT INTO c0 VALUES (1)',
        ],
        [
          'a trigger that sets off itself twice',
          [
            'PRAGMA recursive_triggers = ON',
            'CREATE TABLE a (x)',
            'CREATE TRIGGER r BEFORE INSERT ON a WHEN new.x < 90 BEGIN INSERT INTO a VALUES (new.x + 1); INSERT INTO a VALUES (new.x + 1); SELECT RAISE(IGNORE); END',
          ],
          'INSERT INTO a VALUES (1)',
        ],
        [
          'foreign keys without an index',
          [
            'PRAGMA foreign_keys = ON',
            'CREATE TABLE p (x PRIMARY KEY)',
            'CREATE TABLE c (x REFERENCES p ON DELETE CASCADE)',
            `INSERT INTO p ${upTo(60_000)} SELECT i FROM n`,
            'INSERT INTO c SELECT x FROM p',
          ],
          'DELETE FROM p',
        ],
        [
          'a window that leaves out a row',
          [CROWD],
          'SELECT nth_value(b, 9000) OVER (ORDER BY a ROWS BETWEEN 10000 PRECEDING AND 10000 FOLLOWING EXCLUDE TIES) FROM t',
        ],
      ] as const
    ).map(([name, before, sql]) => [
      name,
      `${OPEN} ${before.map(execute).join(' ')} (call $send (i64.const 1) (i64.const 0) (i64.const 0)) ${execute(sql)}`,
    ]),
    [
      'a search for a text in a text',
      `${OPEN} (call $send (i64.const 1) (i64.const 0) (i64.const 0)) ${execute("SELECT instr(zeroblob(15000000), zeroblob(7000000) || x'01')")}`,
    ],
    [
      'a recursive query of a file',
      `(call $open (text "${join(folder.path, 'endless.db')}")) (call $send (i64.const 1) (i64.const 0) (i64.const 0)) ${execute(`${ENDLESS} SELECT max(i) FROM n`)}`,
    ],
  ])('%s lets others run, and is stopped by a kill', async (_, body) => {
    const functions = `(func (export "endless") ${body})`;
    const parent = `(call $process.monitor (call $spawn (i64.const 0) (text "endless")))
      (drop (call $receive))
      (call $process.sleep_ms (i64.const 100))
      (call $print (text "others run"))
      (call $process.kill (i64.const 2))
      (call $show_received (call $receive))`;
    const program = await start(sqliteGuest(parent, { functions }), { config });
    expect((await program.root.ended).kind).toBe('returned');
    expect(program.stdout.lines.filter((line) => !/^(connection|statement|execute) 0$/.test(line))).toEqual([
      'others run',
      'process 2',
    ]);
    while (burningHelpers() > 0) await new Promise((turn) => setImmediate(turn));
  });
});

/** Helpers of this Node that run; those that wait for work have no second to show. */
function burningHelpers(): number {
  if (process.platform !== 'linux') return 0;
  const children = execFileSync('ps', ['--ppid', `${process.pid}`, '-o', 'stat=,args='], {
    encoding: 'utf8',
  });
  return children.split('\n').filter((line) => line.startsWith('R') && line.includes('DatabaseSync')).length;
}

describe('a statement of more than a million bytes', () => {
  const run = (head: string, middle: string, count: number, tail: string) => `
    (memory.copy (i32.const 0x20000) (text "${head}"))
    (local.set $at (i32.const ${0x20000 + head.length}))
    (loop $copy
      (memory.copy (local.get $at) (text "${middle}"))
      (local.set $at (i32.add (local.get $at) (i32.const ${middle.length})))
      (br_if $copy (i32.lt_u (local.get $at) (i32.const ${0x20000 + head.length + count * middle.length}))))
    (memory.copy (local.get $at) (text "${tail}"))
    (call $execute (i32.const 0x20000) (i32.const ${head.length + count * middle.length + tail.length}))`;
  const executed = async (head: string, middle: string, count: number, tail: string) =>
    (
      await linesOf(
        sqliteGuest(
          `(local $at i32) ${OPEN} ${execute('CREATE TABLE t (a, b)')} ${run(head, middle, count, tail)}`,
        ),
        { config },
      )
    ).at(-1);

  test.each([
    ['is refused', 'INSERT INTO t VALUES (0,0)', ',(1234567,1)', 90_000, ';', 'execute 18'],
    ['is refused as one text', "SELECT '", 'abcdefghij', 101_000, "';", 'execute 18'],
    [
      'is refused, and a shorter one is not',
      'INSERT INTO t VALUES (0,0)',
      ',(1234567,1)',
      80_000,
      ';',
      'execute 0',
    ],
    [
      'is no text of many statements',
      'SELECT 1;',
      'INSERT INTO t VALUES (1,2);',
      50_000,
      'SELECT 1',
      'execute 0',
    ],
    [
      'is no text with an error in it',
      'SELEC 1;',
      'INSERT INTO t VALUES (1,2);',
      50_000,
      'SELECT 1',
      'execute 1',
    ],
    [
      'is no text with an unknown character in it',
      'SELECT # 1;',
      'INSERT INTO t VALUES (1,2);',
      50_000,
      'SELECT 1',
      'execute 1',
    ],
    [
      'is refused also if it has blanks before it',
      'SELECT 1;',
      '          ',
      110_000,
      'INSERT INTO t VALUES (1,2)',
      'execute 18',
    ],
  ])('%s', async (_, head, middle, count, tail, line) => {
    expect(await executed(head, middle, count, tail)).toBe(line);
  });
});
