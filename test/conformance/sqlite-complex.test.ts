/**
 * SQLite compiles a statement in one piece, and nobody else runs meanwhile. What takes long is refused, and whatever real programs
 * run is not.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, describe, expect, test } from 'vitest';
import { linesOf } from '../support/program.ts';
import { DatabaseFolder, sqliteGuest } from '../support/sqlite-guest.ts';

const folder = new DatabaseFolder();
const { config } = folder;
afterAll(() => folder.remove());

const list = (count: number, item: (i: number) => string, between = ','): string =>
  Array.from({ length: count }, (_, i) => item(i)).join(between);
/** A chain of common tables, each of which uses the one before it twice. */
const chain = (length: number, body: (table: string) => string): string =>
  `WITH a0 AS (SELECT 1 AS x)${list(length, (i) => `,a${i + 1} AS (${body(`a${i}`)})`, '')} SELECT count(*) FROM a${length}`;
const twice = (table: string): string => `SELECT 1 AS x FROM ${table} p, ${table} q`;
const WIDE = list(1999, () => '1');
const INDEXED = [
  `CREATE TABLE x (${list(60, (i) => `c${i}`)})`,
  ...Array.from({ length: 60 }, (_, i) => `CREATE INDEX i${i} ON x (c${i}, c${(i + 7) % 60})`),
];

/** Executes statements one after the other; returns the results of the last one. */
async function executed(...statements: string[]): Promise<string | undefined> {
  const blobs = Object.fromEntries(statements.map((sql, i) => [`sql${i}`, Buffer.from(sql)]));
  const calls = statements.map((_, i) => `(call $execute (blob "sql${i}"))`).join(' ');
  const lines = await linesOf(sqliteGuest(`(call $open (text ":memory:")) ${calls}`, { blobs }), { config });
  return lines.at(-1);
}

/** Prepares a statement after others; returns the line of its success, or why it trapped. */
async function prepared(...statements: string[]): Promise<string | undefined> {
  const blobs = Object.fromEntries(statements.map((sql, i) => [`sql${i}`, Buffer.from(sql)]));
  const calls = statements.map(
    (_, i) => `(call ${i < statements.length - 1 ? '$execute' : '$prepare'} (blob "sql${i}"))`,
  );
  const source = sqliteGuest(`(call $open (text ":memory:")) ${calls.join(' ')}`, { blobs });
  return (await linesOf(source, { config })).at(-1);
}

describe('a statement is refused that takes long to compile:', () => {
  const views = (kind: string): string[] => [
    `CREATE ${kind} a0 AS SELECT 1 AS x`,
    ...Array.from({ length: 25 }, (_, i) => `CREATE ${kind} a${i + 1} AS ${twice(`"a${i}"`)}`),
    'SELECT count(*) FROM a25',
  ];
  test.each([
    ['a long list', ['CREATE TABLE t (a)', `SELECT * FROM t WHERE a IN (${list(490_000, () => '1')})`]],
    ['common tables in each other', [chain(25, twice)]],
    ['common tables with names in quotes', [chain(25, twice).replace(/\ba(\d+)\b/g, "'a$1'")]],
    ['common tables that have names of others', [nested(22)]],
    [
      'common tables whose names windows have, too',
      [`${chain(25, twice)} WINDOW ${list(26, (i) => `a${i} AS (PARTITION BY 1)`)}`],
    ],
    [
      'unions of common tables',
      [chain(20, (table) => `SELECT * FROM ${table} UNION ALL SELECT * FROM ${table}`)],
    ],
    [
      'queries in common tables',
      [chain(20, (table) => `SELECT (SELECT x FROM ${table}) + (SELECT x FROM ${table}) AS x`)],
    ],
    ['views in each other', views('VIEW')],
    ['temporary views in each other', views('TEMP VIEW')],
    [
      'views that a trigger uses',
      [
        ...views('VIEW').slice(0, -1),
        'CREATE TABLE t (a)',
        'CREATE TRIGGER r AFTER INSERT ON t BEGIN SELECT count(*) FROM a25; END',
        'INSERT INTO t VALUES (1)',
      ],
    ],
    [
      'a view whose name has brackets',
      [...views('VIEW').slice(0, -1), 'CREATE VIEW [a[[b] AS SELECT * FROM a25', 'SELECT * FROM [a[[b]'],
    ],
    [
      'a view that is changed, whatever is to be done in a conflict',
      [
        ...views('VIEW').slice(0, -1),
        'CREATE TRIGGER r INSTEAD OF UPDATE ON a25 BEGIN SELECT 1; END',
        'UPDATE OR IGNORE a25 SET x = 1',
      ],
    ],
    [
      'a view within a window',
      [
        ...views('VIEW').slice(0, -1),
        'SELECT sum(1) OVER w FROM (SELECT 1) WINDOW w AS (ORDER BY (SELECT count(*) FROM a25))',
      ],
    ],
    [
      'common tables that hide each other',
      [
        `WITH b0 AS (SELECT 1 AS x)${list(25, (i) => `,b${i + 1} AS (WITH b${i + 2} AS (SELECT 1 AS x) SELECT 1 AS x FROM b${i} p, b${i} q, b${i + 2})`, '')} SELECT count(*) FROM ${list(26, (i) => `b${i}`)}`,
      ],
    ],
    ['columns of a view', [...views('VIEW').slice(0, -1), 'PRAGMA table_info(a25)']],
    ['columns of views', [...views('VIEW').slice(0, -1), 'PRAGMA "table_list"']],
    [
      'a table of the columns of a view',
      [...views('VIEW').slice(0, -1), "SELECT * FROM pragma_table_info('a25')"],
    ],
    ['a view that is dropped', [...views('VIEW').slice(0, -1), 'DROP VIEW a25']],
    [
      'a table with another name',
      [...views('VIEW').slice(0, -1), 'CREATE TABLE t (a)', 'ALTER TABLE t RENAME TO u'],
    ],
    [
      'triggers of triggers',
      [
        ...views('VIEW').slice(0, -1),
        'CREATE TABLE t (a)',
        'CREATE TABLE u (a)',
        'CREATE TRIGGER main.r AFTER INSERT ON "t" BEGIN INSERT INTO u VALUES (1); END',
        'CREATE TRIGGER q AFTER INSERT ON u BEGIN SELECT count(*) FROM a25; END',
        'INSERT INTO t VALUES (1)',
      ],
    ],
    [
      'triggers that foreign keys set off',
      [
        ...views('VIEW').slice(0, -1),
        'PRAGMA foreign_keys = ON',
        'CREATE TABLE t (a PRIMARY KEY)',
        'CREATE TABLE u (a REFERENCES t ON DELETE CASCADE)',
        'CREATE TRIGGER q AFTER DELETE ON u BEGIN SELECT count(*) FROM a25; END',
        'DELETE FROM t',
      ],
    ],
    [
      'thousands of columns, again and again',
      [
        `WITH a0 AS (SELECT ${WIDE})${list(80, (i) => `,a${i + 1} AS (SELECT * FROM a${i})`, '')} SELECT * FROM a80`,
      ],
    ],
    [
      'a join that may be done in many ways',
      [
        ...INDEXED,
        `SELECT 1 FROM ${list(60, (i) => `x t${i}`)} WHERE ${list(59, (i) => `(${list(8, (k) => `t${i}.c${k}=t${i + 1}.c${(k * 7 + i) % 60}`, ' OR ')})`, ' AND ')}`,
      ],
    ],
    [
      'many windows',
      [
        'CREATE TABLE t (a, b, c)',
        `SELECT ${list(400, (i) => `sum(a) OVER (PARTITION BY b + ${i} ORDER BY c)`)} FROM t`,
      ],
    ],
  ])('%s', async (_, statements) => {
    // Some are given up after seconds.
    await Promise.all([
      expect(executed(...statements)).resolves.toBe('execute 18'),
      expect(prepared(...statements)).rejects.toThrow(
        /the statement is too complex: .*nobody else runs meanwhile/,
      ),
    ]);
  });

  test('a view that becomes complex after the statement was prepared', async () => {
    const views = list(14, (i) => `CREATE VIEW a${i + 1} AS ${twice(`a${i}`)};`, ' ');
    const body = `(call $open (text ":memory:")) (call $execute (text "CREATE VIEW a0 AS SELECT 1 AS x; CREATE VIEW v AS SELECT 1"))
      (call $execute (blob "views")) (call $prepare (text "SELECT * FROM v")) (call $step (i64.const 0))
      (call $sqlite.statement_reset (i64.const 0))
      (call $execute (text "DROP VIEW v; CREATE VIEW v AS SELECT * FROM a14")) (call $step (i64.const 0))`;
    const lines = linesOf(sqliteGuest(body, { blobs: { views: Buffer.from(views) } }), { config });
    await expect(lines).rejects.toThrow(/SQLite: the statement is too complex: .*nobody else runs meanwhile/);
  });

  test('views of a database that is attached in place of another', async () => {
    const paths = ['plain', 'complex'].map((name) => {
      const path = join(folder.path, `${name}.db`);
      const database = new DatabaseSync(path);
      database.exec('CREATE VIEW a0 AS SELECT 1 AS x');
      for (let i = 0; i < 25; i++)
        database.exec(`CREATE VIEW a${i + 1} AS ${name === 'plain' ? 'SELECT 1 AS x' : twice(`a${i}`)}`);
      database.close();
      return path;
    });
    const each = paths.map((path) => [`ATTACH '${path}' AS d`, 'SELECT count(*) FROM d.a25', 'DETACH d']);
    expect(await executed(...each.flat().slice(0, -1))).toBe('execute 18');
  });

  test('not by what others do to their databases', async () => {
    const long = Buffer.from(`SELECT * FROM t WHERE a IN (${list(32_766, () => '?')}) ;\n`);
    const body = `(call $open (text ":memory:")) (call $open (text ":memory:")) (call $execute (text "CREATE TABLE t (a)"))
      (call $prepare (blob "long")) (call $step (i64.const 0)) (call $sqlite.statement_reset (i64.const 0))
      (drop (call $sqlite.execute (i64.const 1) (text "CREATE VIEW v AS SELECT 1"))) (call $step (i64.const 0))`;
    expect((await linesOf(sqliteGuest(body, { blobs: { long } }), { config })).slice(-3)).toEqual([
      'statement 0',
      'step 101',
      'step 101',
    ]);
  });

  test('not after its own tables have changed', async () => {
    const long = Buffer.from(`SELECT * FROM t WHERE a IN (${list(32_766, () => '?')})`);
    const body = `(call $open (text ":memory:")) (call $execute (text "CREATE TABLE t (a)"))
      (call $prepare (blob "long")) (call $step (i64.const 0)) (call $sqlite.statement_reset (i64.const 0))
      (call $execute (text "ALTER TABLE t ADD COLUMN b")) (call $step (i64.const 0))
      (call $execute (blob "long")) (call $execute (text "DROP TABLE t")) (call $sqlite.statement_reset (i64.const 0)) (call $step (i64.const 0))`;
    const program = linesOf(sqliteGuest(body, { blobs: { long } }), { config });
    await expect(program).rejects.toThrow(
      /no such table: t .*"connection 0\\nexecute 0\\nstatement 0\\nstep 101\\nexecute 0\\nstep 101\\nexecute 0\\nexecute 0\\n"/,
    );
  });

  /** Common tables of one name, each of which hides the one around it. */
  function nested(depth: number): string {
    let sql = 'SELECT 1 AS x';
    for (let i = 0; i < depth; i++) sql = `WITH a AS (${sql}) ${twice('a')}`;
    return sql;
  }
});

describe('a statement of a real program is not:', () => {
  test.each([
    [
      'a megabyte of rows',
      ['CREATE TABLE t (a, b)', `INSERT INTO t VALUES ${list(80_000, () => '(12345,-7)')}`],
    ],
    [
      'as many parameters as there may be',
      ['CREATE TABLE t (a)', `SELECT * FROM t WHERE a IN (${list(32_766, () => '?')})`],
    ],
    ['a long blob', ['CREATE TABLE t (a)', `INSERT INTO t VALUES (x'${'00'.repeat(400_000)}')`]],
    ['a value of some mebibytes', ['CREATE TABLE t (a)', 'INSERT INTO t VALUES (zeroblob(15000000))']],
    [
      'a chain of common tables',
      [
        `WITH a0 AS (SELECT 1 AS x)${list(30, (i) => `,a${i + 1} AS (SELECT * FROM a${i} WHERE x > 0)`, '')} SELECT * FROM a30`,
      ],
    ],
    [
      'a join of twenty tables, one of them attached',
      [
        ...Array.from({ length: 20 }, (_, i) => `CREATE TABLE t${i} (id INTEGER PRIMARY KEY, other, name)`),
        `SELECT ${list(20, (i) => `t${i}.name`)} FROM t0 ${list(19, (i) => `JOIN t${i + 1} ON t${i + 1}.id = t${i}.other`, ' ')} WHERE t0.id = 1`,
      ],
    ],
    [
      'triggers of other tables',
      [
        'CREATE TABLE t (a); CREATE TABLE u (a)',
        `CREATE TRIGGER r AFTER INSERT ON u BEGIN ${list(2000, () => 'UPDATE u SET a = 1, a = 2, a = 3, a = 4;', '')} END`,
        'INSERT INTO t VALUES (1)',
      ],
    ],
    [
      'pragmas and changes of tables beside a view',
      [
        'CREATE TABLE t (a); CREATE VIEW v AS SELECT a FROM t; CREATE TABLE u (a)',
        'PRAGMA table_info(v); ALTER TABLE u RENAME TO w; DROP TABLE w; DROP VIEW v',
        'PRAGMA user_version',
      ],
    ],
    [
      'views and triggers',
      [
        'CREATE TABLE t (a, b); CREATE TABLE log (a); CREATE VIEW v AS SELECT a, b FROM t WHERE a > 0; CREATE VIEW w AS SELECT * FROM v',
        'CREATE TRIGGER r AFTER INSERT ON t BEGIN INSERT INTO log VALUES (new.a); END; INSERT INTO t VALUES (1, 2), (3, 4)',
        'SELECT * FROM w JOIN v USING (a) JOIN log USING (a)',
      ],
    ],
  ])('%s', async (_, statements) => {
    expect(await executed(...statements)).toBe('execute 0');
    expect(await prepared(...statements)).toBe('statement 0');
  });
});

test('definitions in a file that somebody has put together make tables, and do nothing else', async () => {
  const victim = join(folder.path, '..', `lunatic-victim-${process.pid}.db`);
  const path = join(folder.path, 'crafted.db');
  const database = new DatabaseSync(path, { defensive: false });
  database.exec('CREATE TABLE t (a); CREATE TABLE u (a); CREATE TABLE v (a); PRAGMA writable_schema = ON');
  const define = database.prepare('UPDATE sqlite_schema SET sql = ? WHERE name = ?');
  define.run(`CREATE TABLE t (a); ATTACH '${victim}' AS z; CREATE TABLE z.owned (a)`, 't');
  define.run(`CREATE TABLE u (a); VACUUM main INTO '${victim}'`, 'u');
  define.run(`CREATE TABLE v (a); PRAGMA hard_heap_limit = 1`, 'v');
  database.close();
  const query = (table: string) => `SELECT ${list(5, () => `${table}.*`)} FROM ${table}`;
  const body = `(call $open (text "${path}")) ${list(3, (i) => `(call $prepare (text "${query('tuv'.charAt(i))}"))`, ' ')}`;
  expect(await linesOf(sqliteGuest(body), { config })).toEqual([
    'connection 0',
    'statement 0',
    'statement 1',
    'statement 2',
  ]);
  expect(existsSync(victim)).toBe(false);
});
