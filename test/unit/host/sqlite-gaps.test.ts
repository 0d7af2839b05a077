/**
 * Statements that take long keep nobody waiting: they run in a thread or a helper. What counts is what the scheduler's thread computes
 * between two turns of others, so that a busy machine does not matter.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, describe, expect, test } from 'vitest';
import { nudge, start } from '../../support/program.ts';
import { DatabaseFolder, sqliteGuest } from '../../support/sqlite-guest.ts';

const folder = new DatabaseFolder();
const { config } = folder;
afterAll(() => folder.remove());

/** Milliseconds that a statement takes straight at least, and for which nobody may wait: V8's own work is within them. */
const LONG = 60;
const MAX_GAP = 40;

const upTo = (n: number) => `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${n})`;
const ROWS = [
  'CREATE TABLE t (a, b); CREATE TABLE u (a, b)',
  `${upTo(600_000)} INSERT INTO t SELECT i * 7919 % 600000, 'some text ' || i FROM n`,
];
const EQUAL = [
  'CREATE TABLE t (a, b)',
  `${upTo(2500)} INSERT INTO t SELECT 1, i FROM n`,
  'CREATE INDEX i ON t (a)',
];
const TEXTS = [
  'CREATE TABLE t (a, b)',
  `INSERT INTO t SELECT 1, json_group_array(i) FROM (${upTo(400_000)} SELECT i FROM n)`,
];
const WORDS = [
  'CREATE VIRTUAL TABLE f USING fts5 (a)',
  `INSERT INTO f SELECT group_concat('a b c', ' ') FROM (${upTo(12_000)} SELECT i FROM n)`,
];

/** Inserts that each take no time to speak of. */
function upToInPieces(n: number): string[] {
  const most = 4000;
  return Array.from(
    { length: n / most },
    () => `${upTo(most)} INSERT INTO t SELECT i, 'some text ' || i FROM n`,
  );
}

/** Milliseconds that this thread has computed. */
function computed(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

/** Returns the most that this thread computes between two turns of others, until something has ended. */
async function longestGap(ended: Promise<unknown>): Promise<number> {
  let last = computed();
  let longest = 0;
  let isOver = false;
  ended.then(() => {
    isOver = true;
  });
  while (!isOver) {
    await new Promise((turn) => setImmediate(turn));
    const now = computed();
    longest = Math.max(longest, now - last);
    last = now;
  }
  return longest;
}

const CASES: readonly (readonly [name: string, before: readonly string[], sql: string])[] = [
  ['an index that is made', ROWS, 'CREATE INDEX i ON t (b)'],
  ['a check of everything', [...ROWS, 'CREATE INDEX i ON t (b)'], 'PRAGMA integrity_check'],
  ['a database that is written anew', [...ROWS, 'CREATE INDEX i ON t (b)'], 'VACUUM'],
  ['a column that is dropped', ROWS, 'ALTER TABLE t DROP COLUMN b'],
  ['an update without an index', ROWS, "UPDATE t SET a = a + 1, b = b || 'x' WHERE a != -1"],
  ['rows that are deleted', [...ROWS, 'CREATE INDEX i ON t (b)'], 'DELETE FROM t WHERE a != -1'],
  [
    'rows that are copied',
    ROWS,
    "INSERT INTO u SELECT b || 'x', a FROM t WHERE a != -1 UNION ALL SELECT a, b FROM t",
  ],
  [
    'what two queries have in common',
    ROWS,
    'SELECT count(*) FROM (SELECT a FROM t INTERSECT SELECT a + 1 FROM t)',
  ],
  ['rows that are sorted', ROWS, 'SELECT b FROM t ORDER BY b LIMIT 1 OFFSET 500000'],
  ['rows that are counted by groups', ROWS, 'SELECT max(n) FROM (SELECT count(*) AS n FROM t GROUP BY b)'],
  [
    'statistics',
    [...ROWS, 'CREATE INDEX i ON t (b)', 'CREATE INDEX j ON t (a)', 'CREATE INDEX k ON t (a, b)'],
    'ANALYZE',
  ],
  ['a join of equal keys', EQUAL, 'SELECT count(*) FROM t x, t y WHERE x.a = y.a AND x.b + y.b > 0'],
  [
    'JSON in a long text',
    TEXTS,
    `SELECT ${Array.from({ length: 40 }, (_, i) => `json_extract(b, '$[${399_000 + i}]') + length(json_remove(b, '$[${i}]'))`).join(' + ')} FROM t`,
  ],
  [
    'hundreds of patterns',
    TEXTS,
    `SELECT ${Array.from({ length: 300 }, (_, i) => `(b LIKE '%${i}x%y%z')`).join(' + ')} FROM t`,
  ],
  [
    'a text that is looked for in another',
    [...TEXTS, 'UPDATE t SET a = substr(b, 1, 300)'],
    `SELECT ${Array.from({ length: 80 }, (_, i) => `instr(b, a || 'x${i}')`).join(' + ')} FROM t`,
  ],
  [
    'words that are near each other',
    WORDS,
    "SELECT count(*) FROM f WHERE f MATCH 'NEAR(a b c, 3)' AND length(highlight(f, 0, '<', '>')) > 0",
  ],
];

/** The same, where nothing but this connection could run them: what changes much is refused. */
const ONLY_HERE: readonly (readonly [
  name: string,
  before: readonly string[],
  sql: string,
  result: number,
])[] = [
  [
    'an update in a transaction',
    [...ROWS, 'BEGIN', 'DELETE FROM t WHERE rowid = 1'],
    "UPDATE t SET a = a + 1, b = b || 'x' WHERE a != -1",
    9,
  ],
  [
    'an index in a transaction',
    [...ROWS, 'BEGIN', 'DELETE FROM t WHERE rowid = 1'],
    'CREATE INDEX i ON t (b)',
    9,
  ],
  [
    'an update of a temporary table',
    ['CREATE TEMP TABLE t (a, b)', ...upToInPieces(120_000)],
    "UPDATE t SET a = a + 1, b = b || 'x' WHERE a != -1",
    9,
  ],
  [
    'a join of temporary tables',
    ['CREATE TEMP TABLE t (a, b)', ...upToInPieces(4000)],
    'SELECT count(*) FROM t x, t y WHERE x.b <= y.b',
    0,
  ],
  [
    'a copy of a large database',
    [
      'CREATE TABLE t (a, b)',
      ...Array.from({ length: 6 }, () => `${upTo(60)} INSERT INTO t SELECT i, zeroblob(250000) FROM n`),
    ],
    `${upTo(100_000)} SELECT count(*), count(b) FROM n LEFT JOIN t ON i = a`,
    0,
  ],
];

/** Milliseconds that a test may take: each fills a database twice. */
const TIME = 120_000;

/** Threads do the same with files. */
const IN_FILES = new Set(['an index that is made', 'an update without an index', 'a join of equal keys']);

describe.each(['memory', 'a file'])('in %s, nobody waits for', (where) => {
  test.each(CASES.filter(([name]) => where === 'memory' || IN_FILES.has(name)))(
    '%s',
    async (name, before, sql) => {
      const path =
        where === 'memory' ? ':memory:' : join(folder.path, `${CASES.findIndex(([n]) => n === name)}.db`);
      // How long it takes where nobody minds.
      const straight = new DatabaseSync(where === 'memory' ? path : `${path}-straight`, {
        limits: { likePatternLength: 1000 },
      });
      for (const text of before) straight.exec(text);
      const since = computed();
      straight.prepare(sql).all();
      const took = computed() - since;
      straight.close();
      if (where !== 'memory') rmSync(`${path}-straight`);
      const texts = [...before, sql];
      const blobs = Object.fromEntries(texts.map((text, i) => [`sql${i}`, Buffer.from(text)]));
      const calls = texts.map((_, i) => `(call $execute (blob "sql${i}"))`).join(' ');
      const program = await start(sqliteGuest(`(call $open (text "${path}")) ${calls}`, { blobs }), {
        config,
      });
      const gap = longestGap(program.root.ended);
      const exit = await program.root.ended;
      const longest = await gap;
      expect([exit.kind, ...program.stdout.lines]).toEqual([
        'returned',
        'connection 0',
        ...texts.map(() => 'execute 0'),
      ]);
      expect(took).toBeGreaterThan(LONG);
      expect(longest).toBeLessThan(MAX_GAP);
    },
    TIME,
  );
});

test.each(ONLY_HERE)(
  'where nothing else could run it, nobody waits for %s',
  async (_, before, sql, result) => {
    const texts = [...before, sql];
    const blobs = Object.fromEntries(texts.map((text, i) => [`sql${i}`, Buffer.from(text)]));
    const calls = texts.map((_, i) => `(call $execute (blob "sql${i}"))`);
    const body = `(call $open (text ":memory:")) ${calls.slice(0, -1).join(' ')} (drop (call $receive)) ${calls.at(-1)}`;
    const program = await start(sqliteGuest(body, { blobs }), { config });
    while (program.stdout.lines.length < texts.length) await new Promise((turn) => setImmediate(turn));
    const gap = longestGap(program.root.ended);
    nudge(program);
    expect((await program.root.ended).kind).toBe('returned');
    expect(program.stdout.lines).toEqual([
      'connection 0',
      ...before.map(() => 'execute 0'),
      `execute ${result}`,
    ]);
    expect(await gap).toBeLessThan(MAX_GAP);
  },
  TIME,
);

test('a hundred thousand statements in one text keep nobody waiting, and are stopped by a kill', async () => {
  const functions = `(func (export "endless") (call $open (text ":memory:")) (call $execute (text "CREATE TABLE t (a)"))
    (call $send (i64.const 1) (i64.const 0) (i64.const 0)) (call $execute (blob "sql")))`;
  const body = `(call $process.monitor (call $spawn (i64.const 0) (text "endless")))
    (drop (call $receive)) (call $process.sleep_ms (i64.const 200)) (call $process.kill (i64.const 2))
    (call $show_received (call $receive))`;
  const sql = Buffer.from('INSERT INTO t VALUES (1); SELECT 1; '.repeat(50_000));
  const program = await start(sqliteGuest(body, { functions, blobs: { sql } }), { config });
  const longest = longestGap(program.root.ended);
  expect((await program.root.ended).kind).toBe('returned');
  expect(program.stdout.lines).toEqual(['connection 0', 'execute 0', 'process 2']);
  expect(await longest).toBeLessThan(MAX_GAP);
});

test('a process that is killed while a thread runs its statement keeps nobody from the file', async () => {
  const path = join(folder.path, 'killed.db');
  const open = `(call $open (text "${path}"))`;
  const functions = `(func (export "long") ${open} (call $send (i64.const 1) (i64.const 0) (i64.const 0))
    (call $execute (text "UPDATE t SET b = b || 'x' WHERE a != -1")))`;
  const texts = ROWS.map((sql) => `(call $execute (text "${sql}"))`).join(' ');
  const body = `${open} ${texts} (call $process.monitor (call $spawn (i64.const 0) (text "long")))
    (drop (call $receive)) (call $process.kill (i64.const 2)) (call $show_received (call $receive))
    (call $execute (text "INSERT INTO u VALUES (1, 2)"))`;
  const program = await start(sqliteGuest(body, { functions }), { config });
  expect((await program.root.ended).kind).toBe('returned');
  expect(program.stdout.lines.slice(-2)).toEqual(['process 2', 'execute 0']);
});
