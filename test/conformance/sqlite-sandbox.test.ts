import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { linesOf, nudge, start, trapOf } from '../support/program.ts';
import { DatabaseFolder, integer, sqliteGuest } from '../support/sqlite-guest.ts';

/** Where the guests may go, and where they may not. */
const folder = new DatabaseFolder();
const outside = realpathSync(mkdtempSync(join(tmpdir(), 'lunatic-outside-')));
const secret = join(outside, 'secret.db');
const inside = (name: string) => join(folder.path, name);
const { config } = folder;

beforeEach(() => {
  for (const directory of [folder.path, outside]) {
    for (const name of readdirSync(directory)) rmSync(join(directory, name), { recursive: true });
  }
  for (const path of [secret, inside('other.db')]) {
    const database = new DatabaseSync(path);
    database.exec("CREATE TABLE secrets (a); INSERT INTO secrets VALUES ('secret')");
    database.close();
  }
});
afterAll(() => {
  folder.remove();
  rmSync(outside, { recursive: true });
});

/** What each of the statements answers, one after the other, in a database in a file. */
async function codes(...statements: string[]): Promise<number[]> {
  const body = statements.map((sql) => `(call $execute (text "${sql}"))`).join('\n');
  const printed = await linesOf(sqliteGuest(`(call $open (text "${inside('main.db')}")) ${body}`), {
    config,
  });
  return printed.slice(1).map((line) => Number(line.replace('execute ', '')));
}

/** The same, with the message of the last error. */
async function messageOf(sql: string, path = inside('main.db')): Promise<string> {
  const body = `(call $open (text "${path}")) (call $execute (text "${sql}")) (call $error)`;
  const printed = await linesOf(sqliteGuest(body), { config });
  return Buffer.from(printed.at(-1)?.replace('error ', '') ?? '', 'hex')
    .subarray(14)
    .toString();
}

const NOT_AUTHORIZED = 23;

describe('a path to open', () => {
  beforeEach(() => {
    symlinkSync(outside, inside('link'));
    symlinkSync(secret, inside('link.db'));
    symlinkSync(join(outside, 'new.db'), inside('dangling.db'));
    mkdirSync(inside('deep'));
  });

  test.each([
    ['elsewhere', () => secret],
    ['that is new elsewhere', () => join(outside, 'new.db')],
    ['with dots', () => `${folder.path}/../${relative(join(folder.path, '..'), secret)}`],
    ['relative, with dots', () => relative('.', secret)],
    ['through a link to a directory', () => inside('link/secret.db')],
    ['that is a link', () => inside('link.db')],
    ['that is a link without a target', () => inside('dangling.db')],
    ['as a URI', () => `file:${secret}`],
    ['as a URI that hides itself', () => `file://${secret}?vfs=unix-none`],
    ['of a device', () => '/dev/zero'],
    ['of /proc', () => '/proc/self/mem'],
    ['with a NUL', () => `${inside('x.db')}\\00${secret}`],
    ['next to the directory', () => `${folder.path}x.db`],
  ])('%s is refused', async (_, path) => {
    const guest = sqliteGuest(`(call $open (text "${path()}"))`);
    const [line = ''] = await linesOf(guest, { config });
    expect(line.startsWith('Failed to access ') || line === 'unable to open database file', line).toBe(true);
    expect(existsSync(join(outside, 'new.db'))).toBe(false);
    expect(readdirSync('.').filter((name) => name.startsWith('file:'))).toEqual([]);
  });

  test('inside is opened, also deeper and with dots', async () => {
    for (const path of [inside('deep/a.db'), `${folder.path}/deep/../b.db`, inside('other.db')]) {
      expect(await linesOf(sqliteGuest(`(call $open (text "${path}"))`), { config })).toEqual([
        'connection 0',
      ]);
    }
  });
});

describe('ATTACH', () => {
  test.each([
    ['elsewhere', () => `ATTACH '${secret}' AS x`],
    ['new, elsewhere', () => `ATTACH '${join(outside, 'new.db')}' AS x`],
    ['as a URI', () => `ATTACH 'file:${secret}' AS x`],
    ['as a URI, in capitals', () => `ATTACH 'FILE:${secret}' AS x`],
    ['as a URI of memory', () => `ATTACH 'file:x?mode=memory' AS x`],
    ['in memory, without a bound', () => "ATTACH ':memory:' AS x"],
    ['by an expression', () => `ATTACH '${outside}' || '/secret.db' AS x`],
    ['by a parameter', () => 'ATTACH ? AS x'],
    ['by a subquery', () => `ATTACH (SELECT '${secret}') AS x`],
    ['as a double-quoted name', () => `ATTACH [${secret}] AS x`],
    ['through a link', () => `ATTACH '${inside('link.db')}' AS x`],
  ])('of a database %s is refused', async (_, sql) => {
    symlinkSync(secret, inside('link.db'));
    expect(await codes(sql(), 'SELECT * FROM x.secrets')).toEqual([NOT_AUTHORIZED, 1]);
    expect(existsSync(join(outside, 'new.db'))).toBe(false);
  });

  test('of a database inside works', async () => {
    const path = inside('other.db');
    expect(await codes(`ATTACH '${path}' AS x`, 'SELECT * FROM x.secrets', 'DETACH x')).toEqual([0, 0, 0]);
  });

  test('that was prepared for a path that became a link since is refused', async () => {
    const path = inside('deep');
    const guest = sqliteGuest(`(call $open (text "${inside('main.db')}"))
      (call $prepare (text "ATTACH '${path}/secret.db' AS x"))
      (call $print (text "prepared"))
      (call $process.sleep_ms (i64.const 1))
      (call $step (i64.const 0))`);
    mkdirSync(path);
    const program = await start(guest, { config });
    while (!program.stdout.text.includes('prepared')) await new Promise((turn) => setImmediate(turn));
    rmSync(path, { recursive: true });
    symlinkSync(outside, path);
    expect(await program.root.ended).toMatchObject({
      kind: 'trapped',
      message: `SQLite: Failed to access '${path}/secret.db' (result code 1)`,
    });
  });

  test('tells why it is refused', async () => {
    expect(await messageOf(`ATTACH '${secret}' AS x`)).toBe(`not authorized: Failed to access '${secret}'`);
  });
});

describe('VACUUM', () => {
  test('works', async () => {
    expect(await codes('CREATE TABLE t (a)', 'VACUUM')).toEqual([0, 0]);
    expect((await messageOf('SELECT no_such', ':memory:')).length).toBeGreaterThan(0);
  });

  test('INTO a file inside works', async () => {
    expect(await codes(`VACUUM INTO '${inside('copy.db')}'`)).toEqual([0]);
    expect(existsSync(inside('copy.db'))).toBe(true);
  });

  test.each([
    [500_000, 0],
    [5_000_000, 9],
  ])('INTO a file, of %d bytes, answers %d', async (size, code) => {
    const fill = ['CREATE TABLE t (a)', `INSERT INTO t VALUES (zeroblob(${size}))`];
    const into = `VACUUM INTO '${inside('copy.db')}'`;
    expect(await codes(...fill, into, 'SELECT 1')).toEqual([0, 0, code, 0]);
    expect(existsSync(inside('copy.db'))).toBe(code === 0);
    if (code !== 0) expect(await messageOf(into)).toContain('the database is too large for VACUUM INTO');
  });

  test.each([
    ['elsewhere', () => `'${join(outside, 'copy.db')}'`],
    ['by an expression', () => `'${outside}' || '/copy.db'`],
    ['as a URI', () => `'file:${join(outside, 'copy.db')}'`],
    ['through a link', () => `'${inside('link/copy.db')}'`],
  ])('INTO a file %s is refused', async (_, target) => {
    symlinkSync(outside, inside('link'));
    expect((await codes(`VACUUM INTO ${target()}`))[0]).not.toBe(0);
    expect(readdirSync(outside)).toEqual(['secret.db']);
  });
});

test.each([
  ['ATTACH', () => `ATTACH '${inside('cut.db')}' AS x\\00y`],
  ['VACUUM', () => `VACUUM INTO '${inside('cut.db')}'\\00 || '.txt'`],
  ['CREATE TABLE', () => 'CREATE TABLE cut (a)\\00off'],
  ['PRAGMA', () => 'PRAGMA user_version\\00 = 1'],
])('%s with a NUL, which would be right up to there, is refused', async (_, sql) => {
  expect(await codes(sql(), 'SELECT * FROM cut')).toEqual([1, 1]);
  expect(await messageOf(sql())).toMatch(/the SQL has a NUL at character \d+/);
  expect(existsSync(inside('cut.db'))).toBe(false);
});

describe('functions and settings that reach out of the database', () => {
  test.each([
    "SELECT load_extension('/tmp/x.so')",
    "SELECT fts3_tokenizer('simple')",
    "SELECT fts3_tokenizer('simple', x'0000000000000000')",
    "SELECT sqlite_log(1, 'x')",
    "PRAGMA temp_store_directory = '/'",
    "PRAGMA data_store_directory = '/'",
    "PRAGMA lock_proxy_file = '/tmp/x'",
    'PRAGMA writable_schema = 1',
    'PRAGMA hard_heap_limit = 1',
    'PRAGMA soft_heap_limit = 1',
    'PRAGMA threads = 8',
    'PRAGMA temp_store = 2',
    'PRAGMA temp_store = MEMORY',
    'PRAGMA cache_size = -1000000',
    'PRAGMA cache_size = 100000',
    'PRAGMA main.cache_size = 1000000000',
    'PRAGMA schema_version = 7',
    "PRAGMA activate_extensions = 'see'",
    'SELECT * FROM pragma_hard_heap_limit(1)',
    'SELECT * FROM pragma_temp_store_directory',
  ])('%s is refused', async (sql) => {
    expect((await codes(sql))[0]).not.toBe(0);
  });

  test.each(["readfile('/etc/passwd')", "writefile('x', 'y')", "edit('x')", "zipfile('x')", "fsdir('/')"])(
    '%s does not exist',
    async (call) => {
      expect(await messageOf(`SELECT ${call}`)).toMatch(/no such function/);
    },
  );

  test.each(['csv(filename=x)', 'fsdir', 'zipfile(x)', 'sqlite_dbpage', 'bytecode'])(
    'the virtual table %s does not exist',
    async (module) => {
      expect(await messageOf(`CREATE VIRTUAL TABLE v USING ${module}`)).toMatch(
        /no such module|prohibited|defensive/i,
      );
    },
  );

  test('PRAGMA wal_autocheckpoint lets no log become large', async () => {
    const values = [0, -1, 1_000_000, 500];
    const body = values.map(
      (value, i) => `(call $execute (text "PRAGMA wal_autocheckpoint = ${value}"))
        (call $prepare (text "PRAGMA wal_autocheckpoint")) (call $step (i64.const ${i})) (call $column (i64.const ${i}) (i32.const 0))`,
    );
    const lines = await linesOf(sqliteGuest(`(call $open (text ":memory:")) ${body.join(' ')}`), { config });
    expect(lines.filter((line) => line.startsWith('column'))).toEqual(
      [1000n, 1000n, 1000n, 500n].map((value) => `column ${integer(value).toString('hex')}`),
    );
  });

  test('PRAGMA mmap_size and busy_timeout do nothing', async () => {
    const guest = sqliteGuest(`(call $open (text "${inside('main.db')}"))
      (call $execute (text "PRAGMA mmap_size = 1000000; PRAGMA busy_timeout = 60000"))
      (call $execute (text "/* a check */ PRAGMA busy_timeout = 60000; PRAGMA busy_timeout = 60000 -- optimize"))
      (call $prepare (text "PRAGMA busy_timeout")) (call $step (i64.const 0)) (call $column (i64.const 0) (i32.const 0))`);
    expect((await linesOf(guest, { config })).at(-1)).toBe('column 040000000000000000000000');
  });

  test.each([
    'PRAGMA foreign_keys = ON',
    'PRAGMA journal_mode = WAL',
    'PRAGMA synchronous = NORMAL',
    'PRAGMA cache_size = -8000',
    'PRAGMA user_version = 7',
    'PRAGMA table_info(t)',
    'SELECT * FROM pragma_table_info(1)',
    'CREATE VIRTUAL TABLE v USING fts5(a)',
    'CREATE VIRTUAL TABLE r USING rtree(id, a, b)',
    "SELECT json_extract('[1]', '$[0]')",
    'CREATE TEMP TABLE t (a)',
  ])('%s works', async (sql) => {
    expect(await codes(sql)).toEqual([0]);
  });

  test('a view or a trigger of the database does not help', async () => {
    const database = new DatabaseSync(inside('main.db'));
    database.exec(
      "CREATE VIEW v AS SELECT load_extension('x'); CREATE VIEW p AS SELECT * FROM pragma_hard_heap_limit(1)",
    );
    database.close();
    expect(await codes('SELECT * FROM v', 'SELECT * FROM p')).not.toContain(0);
  });
});

describe('a write-ahead log', () => {
  test.each(['main', 'attached'])(
    'has no file that ends the runtime when it is made shorter: %s',
    async (which) => {
      const path = inside('wal.db');
      const open = which === 'main' ? path : ':memory:';
      const attach = which === 'main' ? '' : `ATTACH '${path}' AS w; `;
      const name = which === 'main' ? 'main' : 'w';
      const guest = sqliteGuest(`(call $open (text "${open}"))
      (call $execute (text "${attach}PRAGMA ${name}.journal_mode = WAL; CREATE TABLE ${name}.t (a); INSERT INTO ${name}.t VALUES (1)"))
      (drop (call $receive))
      (call $execute (text "INSERT INTO ${name}.t VALUES (2)"))`);
      const program = await start(guest, { config });
      while (!program.stdout.text.includes('execute')) await new Promise((turn) => setImmediate(turn));
      expect(
        readdirSync(folder.path)
          .filter((file) => file.startsWith('wal'))
          .sort(),
      ).toEqual(['wal.db', 'wal.db-wal']);
      nudge(program);
      await program.root.ended;
      expect(program.stdout.lines).toEqual(['connection 0', 'execute 0', 'execute 0']);
    },
  );

  test('is shared by the processes of a runtime, whatever the name of its file', async () => {
    const path = inside('a b?vfs=unix#%41ä.db');
    const functions = `(func (export "writer") (call $open (text "${path}")) (call $execute (text "INSERT INTO t VALUES (1)")))`;
    const guest = sqliteGuest(
      `(call $open (text "${path}")) (call $execute (text "PRAGMA journal_mode = WAL; CREATE TABLE t (a)"))
       (call $run (text "writer")) (call $run (text "writer"))
       (call $prepare (text "SELECT count(*) FROM t")) (call $step (i64.const 0)) (call $row (i64.const 0))`,
      { functions },
    );
    expect((await linesOf(guest, { config })).at(-1)).toBe('row 0100000000000000040000000200000000000000');
    expect(existsSync(path)).toBe(true);
  });
});

describe('a journal that somebody has put beside a database', () => {
  const path = inside('main.db');
  beforeEach(() => {
    const database = new DatabaseSync(path);
    database.exec('CREATE TABLE t (a); INSERT INTO t VALUES (1)');
    database.close();
  });

  test.each(['-journal', '-wal', '-shm'])('%s, and is a link, is not followed', async (end) => {
    const before = readFileSync(secret);
    symlinkSync(secret, path + end);
    const statements = [
      'SELECT * FROM t',
      'INSERT INTO t VALUES (2)',
      'PRAGMA journal_mode = WAL',
      'INSERT INTO t VALUES (3)',
    ];
    await codes(...statements);
    expect(readFileSync(secret).equals(before)).toBe(true);
  });

  test('and belongs to a transaction of several files removes none of them elsewhere', async () => {
    const before = readFileSync(secret);
    const page = readFileSync(path).subarray(4096, 8192);
    const word = (value: number): Buffer => {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32BE(value >>> 0);
      return bytes;
    };
    const magic = Buffer.from('d9d505f920a163d7', 'hex');
    // One record, and the first random number of its check sums, pages of the file, bytes of a sector and of a page.
    const header = Buffer.concat([magic, ...[1, 1, 2, 512, 4096].map(word), Buffer.alloc(484)]);
    let sum = 1;
    for (let at = 4096 - 200; at > 0; at -= 200) sum += page[at] ?? 0;
    const name = Buffer.from(secret);
    const nameSum = name.reduce((total, byte) => total + byte, 0);
    const last = [word(2 ** 30 / 4096 + 1), name, word(name.length), word(nameSum), magic];
    writeFileSync(`${path}-journal`, Buffer.concat([header, word(2), page, word(sum), ...last]));
    expect(await codes('SELECT * FROM t')).toEqual([0]);
    expect(existsSync(`${path}-journal`)).toBe(false);
    expect(readFileSync(secret).equals(before)).toBe(true);
  });
});

describe('memory', () => {
  test('of a database in memory has a bound, which the guest cannot move', async () => {
    const pragmas = ['PRAGMA max_page_count = 4294967294', 'PRAGMA page_size = 65536'];
    for (const sql of pragmas) expect(await messageOf(sql, ':memory:')).toMatch(/^not authorized/);
  });

  test('of one value has one too', async () => {
    expect(await messageOf('SELECT zeroblob(1000000000)')).toBe('string or blob too big');
  });

  test('of bound values has one for all statements of a connection', async () => {
    const functions = `(func $fill (param $statement i64)
      (i64.store (i32.const 0x20000) (i64.const 1)) (i32.store (i32.const 0x20008) (i32.const 0))
      (i32.store (i32.const 0x2000c) (i32.const 1)) (i64.store (i32.const 0x20010) (i64.const 3000000))
      (call $sqlite.bind_value (local.get $statement) (i32.const 0x20000) (i32.const 3000024)))`;
    const many = `(call $open (text ":memory:")) (local.set $left (i32.const 1000))
      (loop $more
        (call $fill (call $sqlite.query_prepare (i64.const 0) (text "SELECT ?")))
        (br_if $more (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))`;
    const message = await trapOf(sqliteGuest(`(local $left i32) ${many}`, { functions }), { config });
    expect(message).toMatch(/more than 134217728 bytes are bound/);
    const again = `(local $left i32) (call $open (text ":memory:")) (local.set $left (i32.const 100))
      (loop $more
        (call $fill (call $sqlite.query_prepare (i64.const 0) (text "SELECT ?")))
        (call $fill (i64.extend_i32_u (i32.sub (i32.const 100) (local.get $left))))
        (call $sqlite.sqlite3_finalize (i64.extend_i32_u (i32.sub (i32.const 100) (local.get $left))))
        (br_if $more (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))`;
    expect(await linesOf(sqliteGuest(again, { functions }), { config })).toEqual(['connection 0']);
  });

  test('of statements and connections has one', async () => {
    const statements = `(call $open (text ":memory:"))
      (loop $more (drop (call $sqlite.query_prepare (i64.const 0) (text "SELECT 1"))) (br $more))`;
    expect(await trapOf(sqliteGuest(statements), { config })).toMatch(/has 10000 SQLite statements/);
    const connections = `(loop $more
      (br_if $more (i64.eqz (call $sqlite.open (text ":memory:") (i32.const 0)))))
      (call $print_error (i64.load (i32.const 0)))`;
    expect((await linesOf(sqliteGuest(connections), { config }))[0]).toMatch(/has 256 SQLite connections/);
  });
});

test('what is outside is as it was', () => {
  const database = new DatabaseSync(secret);
  expect(database.prepare('SELECT a FROM secrets').get()).toEqual({ a: 'secret' });
  database.close();
  expect(readFileSync(secret).length).toBeGreaterThan(0);
});
