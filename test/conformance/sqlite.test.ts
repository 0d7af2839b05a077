import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, describe, expect, test } from 'vitest';
import { ProcessConfig } from '../../runtime/internal.ts';
import { linesOf, run, start, trapOf } from '../support/program.ts';
import {
  bindList,
  blob,
  DatabaseFolder,
  double,
  errorValue,
  int,
  int64,
  integer,
  NO_KEY,
  NULL,
  nameKey,
  nameVector,
  numberKey,
  type SqliteGuestOptions,
  sqliteGuest,
  text,
  u32,
  u64,
  vector,
} from '../support/sqlite-guest.ts';

const folder = new DatabaseFolder();
const { config } = folder;
afterAll(() => folder.remove());

const OPEN = '(call $open (text ":memory:"))';
const lines = (body: string, options?: SqliteGuestOptions) =>
  linesOf(sqliteGuest(body, options), { config }).then((printed) =>
    printed.filter((line) => !/^(connection|statement) 0$/.test(line)),
  );
const trap = (body: string, options?: SqliteGuestOptions) => trapOf(sqliteGuest(body, options), { config });
const prepare = (sql: string) => `(call $prepare (text "${sql}"))`;
const execute = (sql: string) => `(call $execute (text "${sql}"))`;
const STEP = '(call $step (i64.const 0))';
const ROW = '(call $row (i64.const 0))';
const RESET = '(call $sqlite.statement_reset (i64.const 0))';
const BIND = '(call $bind (i64.const 0) (blob "list"))';
const row = (...values: Buffer[]) => `row ${vector(...values).toString('hex')}`;

/** What a query answers with these bindings. */
const answer = (sql: string, list: Buffer) =>
  lines(`${OPEN} ${prepare(sql)} ${BIND} ${STEP} ${ROW}`, { blobs: { list } });
const refusal = (sql: string, list: Buffer) => trap(`${OPEN} ${prepare(sql)} ${BIND}`, { blobs: { list } });

describe('a query', () => {
  test('gives its rows, then says that it is done, then begins again', async () => {
    const sql = 'VALUES (1), (2)';
    expect(
      await lines(`${OPEN} ${prepare(sql)} ${STEP} ${ROW} ${STEP} ${ROW} ${STEP} ${STEP} ${ROW}`),
    ).toEqual([
      'step 100',
      row(integer(1n)),
      'step 100',
      row(integer(2n)),
      'step 101',
      'step 100',
      row(integer(1n)),
    ]);
  });

  test('gives every kind of value', async () => {
    const sql =
      "SELECT NULL, x'00ff', 'Grüße', 1.5, 7, 9223372036854775807, -9223372036854775808, 9e999, '', x''";
    expect(await lines(`${OPEN} ${prepare(sql)} ${STEP} ${ROW}`)).toEqual([
      'step 100',
      row(
        NULL,
        blob(Buffer.of(0, 255)),
        text('Grüße'),
        double(1.5),
        integer(7n),
        integer(2n ** 63n - 1n),
        integer(-(2n ** 63n)),
        double(Number.POSITIVE_INFINITY),
        text(''),
        blob(Buffer.alloc(0)),
      ),
    ]);
  });

  test('gives one column at a time too, as often as it is asked', async () => {
    const columns = [2, 0, 1, 0].map((i) => `(call $column (i64.const 0) (i32.const ${i}))`);
    expect(await lines(`${OPEN} ${prepare("SELECT 1, 'b', NULL")} ${STEP} ${columns.join(' ')}`)).toEqual([
      'step 100',
      `column ${NULL.toString('hex')}`,
      `column ${integer(1n).toString('hex')}`,
      `column ${text('b').toString('hex')}`,
      `column ${integer(1n).toString('hex')}`,
    ]);
  });

  test('keeps NULs in texts, and replaces what is not UTF-8', async () => {
    const sql = "SELECT CAST(x'610062' AS TEXT), CAST(x'61ff62' AS TEXT)";
    expect(await lines(`${OPEN} ${prepare(sql)} ${STEP} ${ROW}`)).toEqual([
      'step 100',
      row(text('a\0b'), text('a\ufffdb')),
    ]);
  });

  test('has NULLs before its first row and after its last one', async () => {
    const nulls = row(NULL, NULL);
    expect(await lines(`${OPEN} ${prepare('SELECT 1, 2')} ${ROW} ${STEP} ${STEP} ${ROW}`)).toEqual([
      nulls,
      'step 100',
      'step 101',
      nulls,
    ]);
  });

  test('has columns with names, even if two are the same', async () => {
    const body = `${OPEN} ${prepare('SELECT 1 AS eins, 2 AS zwei, 3 AS eins, 4 AS [ü]')}
      (call $show32 (text "count") (call $sqlite.column_count (i64.const 0)))
      (call $names (i64.const 0)) (call $name (i64.const 0) (i32.const 3))`;
    expect(await lines(body)).toEqual([
      'count 4',
      `names ${nameVector('eins', 'zwei', 'eins', 'ü').toString('hex')}`,
      `name ${Buffer.from('ü').toString('hex')}`,
    ]);
  });

  test('follows a change of its tables when it begins again', async () => {
    const body = `${OPEN} ${execute('CREATE TABLE t (a); INSERT INTO t VALUES (1)')}
      ${prepare('SELECT * FROM t')} ${STEP} ${RESET} ${execute('ALTER TABLE t ADD COLUMN b DEFAULT 2')}
      ${STEP} ${ROW} (call $names (i64.const 0))`;
    expect(await lines(body)).toEqual([
      'execute 0',
      'step 100',
      'execute 0',
      'step 100',
      row(integer(1n), integer(2n)),
      `names ${nameVector('a', 'b').toString('hex')}`,
    ]);
  });

  test('that gives no rows runs with its first step, and again with the next', async () => {
    const body = `${OPEN} ${execute('CREATE TABLE t (a)')} ${prepare('INSERT INTO t VALUES (1), (2)')}
      ${STEP} (call $show32 (text "changes") (call $sqlite.sqlite3_changes (i64.const 0)))
      (call $show32 (text "count") (call $sqlite.column_count (i64.const 0))) ${ROW} ${STEP}
      (call $prepare (text "SELECT count(*) FROM t")) (call $step (i64.const 1)) (call $row (i64.const 1))`;
    expect(await lines(body)).toEqual([
      'execute 0',
      'step 101',
      'changes 2',
      'count 0',
      row(),
      'step 101',
      'statement 1',
      'step 100',
      row(integer(4n)),
    ]);
  });

  test('of INSERT ... RETURNING gives rows as well', async () => {
    const body = `${OPEN} ${execute('CREATE TABLE t (a)')} ${prepare('INSERT INTO t VALUES (5) RETURNING a, rowid')}
      ${STEP} ${ROW} ${STEP}`;
    expect(await lines(body)).toEqual(['execute 0', 'step 100', row(integer(5n), integer(1n)), 'step 101']);
  });

  test('of several statements runs only the first', async () => {
    expect(await lines(`${OPEN} ${prepare('SELECT 1; SELECT no_such')} ${STEP} ${ROW}`)).toEqual([
      'step 100',
      row(integer(1n)),
    ]);
  });

  test('reset in the midst of its rows lets go of the tables', async () => {
    const body = `${OPEN} ${execute('CREATE TABLE t (a); INSERT INTO t VALUES (1), (2)')}
      ${prepare('SELECT a FROM t')} ${STEP} ${execute('DROP TABLE t')} ${RESET} ${execute('DROP TABLE t')}`;
    expect(await lines(body)).toEqual(['execute 0', 'step 100', 'execute 6', 'execute 0']);
  });

  test('finalized in the midst of its rows lets go of the tables too', async () => {
    const body = `${OPEN} ${execute('CREATE TABLE t (a); INSERT INTO t VALUES (1), (2)')}
      ${prepare('SELECT a FROM t')} ${STEP} (call $sqlite.sqlite3_finalize (i64.const 0)) ${execute('DROP TABLE t')}`;
    expect(await lines(body)).toEqual(['execute 0', 'step 100', 'execute 0']);
  });
});

describe('bindings', () => {
  test('of every kind of value arrive as they are', async () => {
    const values = [
      [NULL, NULL],
      [blob(Buffer.of(0, 255)), blob(Buffer.of(0, 255))],
      [text('a\0Grüße'), text('a\0Grüße')],
      [double(-1.5), double(-1.5)],
      [int(-7), integer(-7n)],
      [int64(2n ** 63n - 1n), integer(2n ** 63n - 1n)],
      [int64(-(2n ** 53n) - 1n), integer(-(2n ** 53n) - 1n)],
      // SQLite knows no NaN.
      [double(Number.NaN), NULL],
    ] as const;
    const list = bindList(...values.map(([value], i) => [numberKey(BigInt(i + 1)), value] as const));
    const marks = values.map(() => '?').join(', ');
    expect(await answer(`SELECT ${marks}`, list)).toEqual([
      'step 100',
      row(...values.map(([, value]) => value)),
    ]);
  });

  test('without a key go to the first parameter', async () => {
    const list = bindList([NO_KEY, int(1)], [numberKey(2n), int(2)]);
    expect(await answer('SELECT ?, ?', list)).toEqual(['step 100', row(integer(1n), integer(2n))]);
    expect(await answer('SELECT $a', bindList([NO_KEY, int(3)]))).toEqual(['step 100', row(integer(3n))]);
  });

  test.each(['name', ':name'])('of the name "%s" go to the parameter :name', async (name) => {
    const list = bindList([nameKey(name), int(4)], [nameKey('@b'), int(5)], [nameKey('c'), int(6)]);
    expect(await answer('SELECT $c, ?, :name, @b, :name', list)).toEqual([
      'step 100',
      row(integer(6n), NULL, integer(4n), integer(5n), integer(4n)),
    ]);
  });

  test('of a number go to a parameter with a name as well', async () => {
    const list = bindList([numberKey(1n), int(1)], [numberKey(2n), int(2)], [numberKey(4n), int(4)]);
    expect(await answer('SELECT :a, @b, ?4, $c', list)).toEqual([
      'step 100',
      row(integer(1n), integer(2n), integer(4n), NULL),
    ]);
  });

  test('prefer a name as it is given', async () => {
    const list = bindList([nameKey('a'), int(1)], [nameKey('$a'), int(2)]);
    expect(await answer('SELECT $a, @a, :a', list)).toEqual([
      'step 100',
      row(integer(2n), NULL, integer(1n)),
    ]);
  });

  test('stay after a reset, and are replaced one by one', async () => {
    const blobs = {
      list: bindList([numberKey(1n), int(1)], [numberKey(2n), int(2)]),
      second: bindList([numberKey(2n), int(3)]),
    };
    const body = `${OPEN} ${prepare('SELECT ?, ?')} ${BIND} ${STEP} ${RESET} ${STEP} ${ROW} ${RESET}
      (call $bind (i64.const 0) (blob "second")) ${STEP} ${ROW}`;
    expect(await lines(body, { blobs })).toEqual([
      'step 100',
      'step 100',
      row(integer(1n), integer(2n)),
      'step 100',
      row(integer(1n), integer(3n)),
    ]);
  });

  test('of an empty list are none, and bytes after a list are ignored', async () => {
    const list = Buffer.concat([bindList(), Buffer.from('more')]);
    expect(await answer('SELECT ?', list)).toEqual(['step 100', row(NULL)]);
  });

  test.each([
    [
      'a number behind the last',
      'SELECT ?, ?',
      bindList([numberKey(3n), int(1)]),
      /no parameter 3, the statement has 2/,
    ],
    ['number 0', 'SELECT ?', bindList([numberKey(0n), int(1)]), /no parameter 0/],
    ['a number of 64 bits', 'SELECT ?', bindList([numberKey(2n ** 64n - 1n), int(1)]), /no parameter 1844/],
    ['a name that is none', 'SELECT :a', bindList([nameKey('b'), int(1)]), /no parameter "b"/],
    [
      'a statement without parameters',
      'SELECT 1',
      bindList([NO_KEY, int(1)]),
      /no parameter null, the statement has 0/,
    ],
  ])('to %s trap', async (_, sql, list, message) => {
    expect(await refusal(sql, list)).toMatch(message);
  });

  test('between a step and a reset trap, as SQLite has it', async () => {
    const list = bindList([NO_KEY, int(1)]);
    const body = `${OPEN} ${prepare('SELECT ?')} ${STEP} ${BIND}`;
    expect(await trap(body, { blobs: { list } })).toMatch(
      /between a step and the next reset \(result code 21\)/,
    );
  });

  test.each([
    ['nothing', Buffer.alloc(0)],
    ['half a count', Buffer.alloc(4)],
    ['more pairs than there are bytes', u64(2n ** 60n)],
    ['an unknown variant of keys', Buffer.concat([u64(1n), u32(3), NULL])],
    ['an unknown variant of values', Buffer.concat([u64(1n), NO_KEY, u32(6)])],
    ['a blob that ends too early', bindList([NO_KEY, Buffer.concat([u32(1), u64(9n), Buffer.alloc(8)])])],
    ['a blob of 2^63 bytes', bindList([NO_KEY, Buffer.concat([u32(1), u64(2n ** 63n), Buffer.alloc(64)])])],
    ['a text that is not UTF-8', bindList([NO_KEY, text(Buffer.of(0xc3))])],
    ['a name that is not UTF-8', bindList([Buffer.concat([u32(2), u64(1n), Buffer.of(0xff)]), NULL])],
    ['a number that ends too early', Buffer.concat([u64(1n), NO_KEY, u32(5), u32(0)])],
  ])('of %s trap', async (_, list) => {
    expect(await refusal('SELECT ?', list)).toMatch(/^the bind list does not decode: /);
  });
});

describe('errors', () => {
  const DUPLICATE = 'CREATE TABLE t (a PRIMARY KEY); INSERT INTO t VALUES (1), (1)';

  test('of execute are result codes, and kept for last_error', async () => {
    const body = `${OPEN} ${execute('CREATE TABLE')} (call $error) ${execute(DUPLICATE)} ${execute('SELECT 1')} (call $error)`;
    expect(await lines(body)).toEqual([
      'execute 1',
      `error ${errorValue(1, 'incomplete input').toString('hex')}`,
      'execute 19',
      'execute 0',
      `error ${errorValue(19, 'UNIQUE constraint failed: t.a').toString('hex')}`,
    ]);
  });

  test('end execute at the statement that fails; those before are done', async () => {
    const body = `${OPEN} ${execute('CREATE TABLE a (x); CREATE TABEL b; CREATE TABLE c (x)')}
      ${execute('SELECT * FROM a')} ${execute('SELECT * FROM c')}`;
    expect(await lines(body)).toEqual(['execute 1', 'execute 0', 'execute 1']);
  });

  test.each([
    ['SQL that is none', prepare('SELEC'), /syntax error \(result code 1\)/],
    ['a table that is none', prepare('SELECT * FROM nowhere'), /no such table: nowhere/],
    ['no statement at all', prepare(' -- nothing'), /SQLite: .*no statements/],
    ['a NUL in the SQL', prepare('SELECT 1\\00'), /has a NUL at character 8/],
    [
      'a constraint, when stepped',
      `${execute('CREATE TABLE t (a CHECK (a < 1))')} ${prepare('INSERT INTO t VALUES (1)')} ${STEP}`,
      /CHECK constraint failed.* \(result code 19\)/,
    ],
    [
      'a column that there is not',
      `${prepare('SELECT 1')} ${STEP} (call $column (i64.const 0) (i32.const 1))`,
      /there is no column 1, the statement has 1/,
    ],
    [
      'column -1',
      `${prepare('SELECT 1')} ${STEP} (call $column (i64.const 0) (i32.const -1))`,
      /there is no column 4294967295/,
    ],
    [
      'the name of a column that there is not',
      `${prepare('SELECT 1')} (call $name (i64.const 0) (i32.const 1))`,
      /there is no column 1/,
    ],
    ['the last error, where there was none', '(call $error)', /nothing has failed on SQLite connection 0/],
    ['SQL that is not UTF-8', prepare('SELECT \\ff'), /the SQL of 8 bytes .* is not UTF-8/],
    [
      'SQL outside of memory',
      '(drop (call $sqlite.execute (i64.const 0) (i32.const 0) (i32.const -1)))',
      /out of bounds/,
    ],
  ])('of %s trap', async (_, body, message) => {
    expect(await trap(`${OPEN} ${body}`)).toMatch(message);
  });

  test.each([
    ['connection', '(drop (call $sqlite.execute (i64.const 7) (text "SELECT 1")))'],
    ['connection', '(drop (call $sqlite.query_prepare (i64.const 7) (text "SELECT 1")))'],
    ['connection', '(drop (call $sqlite.sqlite3_changes (i64.const 7)))'],
    ['connection', '(drop (call $sqlite.last_error (i64.const 7) (i32.const 0)))'],
    ['statement', '(call $sqlite.bind_value (i64.const 7) (i32.const 0) (i32.const 8))'],
    ['statement', '(drop (call $sqlite.sqlite3_step (i64.const 7)))'],
    ['statement', '(call $sqlite.statement_reset (i64.const 7))'],
    ['statement', '(call $sqlite.sqlite3_finalize (i64.const 7))'],
    ['statement', '(drop (call $sqlite.column_count (i64.const 7)))'],
    ['statement', '(drop (call $sqlite.column_names (i64.const 7) (i32.const 0)))'],
    ['statement', '(drop (call $sqlite.column_name (i64.const 7) (i32.const 0) (i32.const 0)))'],
    ['statement', '(drop (call $sqlite.read_row (i64.const 7) (i32.const 0)))'],
    ['statement', '(drop (call $sqlite.read_column (i64.const 7) (i32.const 0) (i32.const 0)))'],
  ])('an unknown %s traps: %s', async (kind, body) => {
    expect(await trap(body)).toMatch(new RegExp(`unknown SQLite ${kind} id 7`));
  });

  test('a finalized statement is unknown', async () => {
    const finalize = '(call $sqlite.sqlite3_finalize (i64.const 0))';
    expect(await trap(`${OPEN} ${prepare('SELECT 1')} ${finalize} ${finalize}`)).toMatch(
      /unknown SQLite statement id 0/,
    );
  });

  test('a step that failed is told once more by reset; then the statement can run again', async () => {
    const functions = `(func (export "_lunatic_catch_trap") (param $what i32) (param i32) (result i32)
      (if (local.get $what) (then (drop (call $sqlite.sqlite3_step (i64.const 0)))) (else ${RESET}))
      (i32.const 1))
      (func $try (param $what i32) (call $show32 (text "went well") (call $trap.catch (local.get $what) (i32.const 0))))`;
    const tryStep = '(call $try (i32.const 1))';
    const tryReset = '(call $try (i32.const 0))';
    const body = `${OPEN} ${execute('CREATE TABLE t (a PRIMARY KEY)')} ${prepare('INSERT INTO t VALUES (1)')}
      ${STEP} ${RESET} ${tryStep} (call $error) ${tryReset} ${tryReset} ${execute('DELETE FROM t')} ${STEP}`;
    expect(await lines(body, { functions })).toEqual([
      'execute 0',
      'step 101',
      'went well 0',
      `error ${errorValue(19, 'UNIQUE constraint failed: t.a').toString('hex')}`,
      'went well 0',
      'went well 1',
      'execute 0',
      'step 101',
    ]);
  });
});

describe('the guest allocator', () => {
  const READ = `${OPEN} ${prepare("SELECT 'text'")} ${STEP} ${ROW}`;
  const LENGTH_OF_ROW = vector(text('text')).length;

  test.each([
    ['is missing', '', /exports no function "lunatic_alloc"/],
    [
      'is no function',
      '(global (export "lunatic_alloc") i32 (i32.const 0))',
      /exports no function "lunatic_alloc"/,
    ],
    [
      'takes something else',
      '(func (export "lunatic_alloc") (param i64) (result i32) (i32.const 0))',
      /must take an i32/,
    ],
    [
      'returns something else',
      '(func (export "lunatic_alloc") (param i32) (result i64) (i64.const 0))',
      /must take an i32/,
    ],
    [
      'returns a range outside of memory',
      '(func (export "lunatic_alloc") (param i32) (result i32) (i32.const 0x3ffff0))',
      /out of bounds/,
    ],
    [
      'returns a negative address',
      '(func (export "lunatic_alloc") (param i32) (result i32) (i32.const -8))',
      /out of bounds/,
    ],
    ['traps', '(func (export "lunatic_alloc") (param i32) (result i32) unreachable)', /unreachable/],
    [
      'traps in a host function',
      '(func (export "lunatic_alloc") (param i32) (result i32) (call $error.drop (i64.const 9)) (i32.const 0))',
      /unknown error id 9/,
    ],
    [
      'reads rows itself, and so for ever',
      `(func (export "lunatic_alloc") (param i32) (result i32)
       (call $sqlite.read_row (i64.const 0) (i32.const 0)))`,
      /"lunatic_alloc" is nested 16 times/,
    ],
  ])('that %s is a trap', async (_, allocator, message) => {
    expect(await trap(READ, { allocator })).toMatch(message);
  });

  test('may wait, grow the memory, and change what it likes', async () => {
    const allocator = `(func (export "lunatic_alloc") (param $length i32) (result i32)
      (call $show32 (text "alloc") (local.get $length))
      (call $process.sleep_ms (i64.const 1))
      (i32.mul (memory.grow (i32.const 1)) (i32.const 0x10000)))`;
    expect(await lines(READ, { allocator })).toEqual([
      'step 100',
      `alloc ${LENGTH_OF_ROW}`,
      row(text('text')),
    ]);
  });

  test('is called for an empty result too', async () => {
    const allocator = `(func (export "lunatic_alloc") (param $length i32) (result i32)
      (call $show32 (text "alloc") (local.get $length)) (i32.const 0x30000))`;
    const body = `${OPEN} ${prepare('SELECT 1 AS []')} (call $name (i64.const 0) (i32.const 0))`;
    expect(await lines(body, { allocator })).toEqual(['alloc 0', 'name ']);
  });

  test('runs on the fuel of the process', async () => {
    const config = folder.config;
    config.maxFuel = 2;
    const allocator =
      '(func (export "lunatic_alloc") (param i32) (result i32) (loop $l (br $l)) (i32.const 0))';
    expect(await trapOf(sqliteGuest(READ, { allocator }), { config })).toMatch(/fuel/);
  });

  test('that loops for ever does not keep others from running, and can be killed', async () => {
    const allocator = `(func (export "lunatic_alloc") (param i32) (result i32) (loop $l (br $l)) (i32.const 0))
      (func (export "reader") ${READ})`;
    const body = `(call $process.monitor (call $spawn (i64.const 0) (text "reader")))
      (call $process.sleep_ms (i64.const 5)) (call $process.kill (i64.const 2)) (call $show_received (call $receive))`;
    expect((await lines(body, { allocator })).at(-1)).toBe('process 2');
  });

  test('gets the length as 4 bytes, whatever follows them', async () => {
    const body = `(i64.store (i32.const 0xfe00) (i64.const -1)) ${READ}
      (call $show (text "cell") (i64.load (i32.const 0xfe00)))`;
    const [, , cell] = await lines(body);
    expect(BigInt.asUintN(64, BigInt(cell?.slice(5) ?? '0'))).toBe(
      (0xffff_ffffn << 32n) | BigInt(LENGTH_OF_ROW),
    );
  });

  test('and then a length cell outside of memory is a trap', async () => {
    const body = `${OPEN} ${prepare('SELECT 1')} (drop (call $sqlite.read_row (i64.const 0) (i32.const -3)))`;
    expect(await trap(body)).toMatch(/out of bounds/);
  });
});

describe('databases', () => {
  const open = (path: string) => `(call $open (text "${path}"))`;

  test('are files that last', async () => {
    const path = join(folder.path, 'last.db');
    const create = `${open(path)} ${execute("CREATE TABLE t (a); INSERT INTO t VALUES ('there')")}`;
    expect(await lines(create)).toEqual(['execute 0']);
    expect(await lines(`${open(path)} ${prepare('SELECT a FROM t')} ${STEP} ${ROW}`)).toEqual([
      'step 100',
      row(text('there')),
    ]);
  });

  test.each(['', ':memory:'])('"%s" is one of its own, and no file', async (path) => {
    const before = readdirSync('.');
    const body = `${open(path)} ${open(path)} ${execute('CREATE TABLE t (a)')}
      (call $show32 (text "other") (call $sqlite.execute (i64.const 1) (text "SELECT * FROM t")))`;
    expect(await lines(body)).toEqual(['connection 1', 'execute 0', 'other 1']);
    expect(readdirSync('.')).toEqual(before);
  });

  test('are seen by several processes, one connection each', async () => {
    const path = join(folder.path, 'shared.db');
    const functions = `(func (export "writer") ${open(path)} ${execute('INSERT INTO t VALUES (1)')})`;
    const body = `${open(path)} ${execute('CREATE TABLE t (a)')} (call $run (text "writer")) (call $run (text "writer"))
      ${prepare('SELECT count(*) FROM t')} ${STEP} ${ROW}`;
    expect((await lines(body, { functions })).slice(-2)).toEqual(['step 100', row(integer(2n))]);
  });

  test('locked by another process are busy', async () => {
    const path = join(folder.path, 'busy.db');
    const functions = `(func (export "other") ${open(path)} ${execute('INSERT INTO t VALUES (1)')} (call $error))`;
    const body = `${open(path)} ${execute('CREATE TABLE t (a); BEGIN IMMEDIATE')} (call $run (text "other"))`;
    expect(await lines(body, { functions })).toEqual([
      'execute 0',
      'execute 5',
      `error ${errorValue(5, 'database is locked').toString('hex')}`,
    ]);
  });

  test.each([
    ['returned', ''],
    ['trapped', 'unreachable'],
    ['killed', '(call $forever)'],
  ])('are closed when their process has %s: what was not committed is undone', async (kind, end) => {
    const path = join(folder.path, `${kind}.db`);
    const body = `${open(path)} ${execute('CREATE TABLE t (a); BEGIN; INSERT INTO t VALUES (1)')}
      ${prepare('SELECT * FROM t')} ${STEP} ${end}`;
    const program = await start(sqliteGuest(body), { config });
    while (!program.stdout.text.includes('step')) await new Promise((turn) => setImmediate(turn));
    program.root.stop();
    expect((await program.root.ended).kind).toBe(kind);
    expect(existsSync(`${path}-journal`)).toBe(false);
    const database = new DatabaseSync(path);
    expect(database.prepare('SELECT count(*) AS n FROM t').get()).toEqual({ n: 0 });
    database.exec('DROP TABLE t');
    database.close();
  });

  test('that are not databases are errors when they are used', async () => {
    const path = join(folder.path, 'text.db');
    writeFileSync(
      path,
      'This is not a database, but long enough to be looked at as if it were one. '.repeat(20),
    );
    expect(await lines(`${open(path)} ${execute('SELECT * FROM sqlite_schema')}`)).toEqual(['execute 26']);
  });

  test('that cannot be opened are errors', async () => {
    expect(await lines(open(join(folder.path, 'no/such/folder.db')))).toEqual([
      'unable to open database file',
    ]);
    expect(await lines(open(folder.path))).toEqual(['unable to open database file']);
  });

  test('a path that is not UTF-8 or outside of memory is a trap, and so is a cell for the id', async () => {
    expect(await trap(open('\\ff'))).toMatch(/not UTF-8/);
    expect(await trap('(drop (call $sqlite.open (i32.const -1) (i32.const 2) (i32.const 0)))')).toMatch(
      /out of bounds/,
    );
    expect(await trap('(drop (call $sqlite.open (text ":memory:") (i32.const -4)))')).toMatch(
      /out of bounds/,
    );
  });

  test('a process without directories has none', async () => {
    const source = sqliteGuest(`${OPEN} ${open('')} ${open(join(folder.path, 'x.db'))}`);
    const { stdout } = await run(source, { config: ProcessConfig.forRoot() });
    expect(stdout.lines).toEqual([
      "Failed to access ':memory:'",
      "Failed to access ''",
      `Failed to access '${join(folder.path, 'x.db')}'`,
    ]);
  });

  test('id 0 and address 0 are like any other', async () => {
    const body = `(i64.store (i32.const 0) (i64.const -1))
      (call $show (text "open") (call $sqlite.open (text ":memory:") (i32.const 0)))
      (call $show (text "id") (i64.load (i32.const 0)))`;
    expect(await lines(body)).toEqual(['open 0', 'id 0']);
  });
});
