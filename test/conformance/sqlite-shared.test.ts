/** Databases in files that several OS processes use at once. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { lunatic } from '../support/command.ts';
import { assemble } from '../support/program.ts';
import { DatabaseFolder, nameVector, sqliteGuest } from '../support/sqlite-guest.ts';

const folder = new DatabaseFolder();
const path = (name: string) => join(folder.path, name);
const database = path('shared.db');
afterAll(() => folder.remove());

/** A guest in an OS process of its own. */
class Guest {
  static readonly all = new Set<Guest>();
  static #count = 0;

  readonly #child: ChildProcess;
  readonly ended: Promise<string[]>;
  #text = '';
  #look = (): void => {};

  private constructor(module: string) {
    const script = join(import.meta.dirname, '..', 'support', 'sqlite-process.ts');
    this.#child = spawn(process.execPath, [script, module, folder.path], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#child.stdin?.on('error', () => {});
    this.#child.stdout?.on('data', (chunk) => {
      this.#text += chunk;
      this.#look();
    });
    this.ended = new Promise((done) => this.#child.once('close', () => done(this.lines)));
    void this.ended.then(() => this.#look());
    Guest.all.add(this);
  }

  /** Starts one whose `_start` has this body, with a database open. */
  static async start(body: string, functions = ''): Promise<Guest> {
    const module = path(`guest-${++Guest.#count}.wasm`);
    const source = sqliteGuest(`(local $i i32) (call $open (text "${database}")) ${body}`, { functions });
    writeFileSync(module, await assemble(source));
    return new Guest(module);
  }

  /** What it has printed, without the number of its connection. */
  get lines(): string[] {
    return this.#text.split('\n').slice(1, -1);
  }

  /** Waits until it has printed a line. */
  printed(line: string): Promise<void> {
    return new Promise((done, failed) => {
      this.#look = () => {
        if (this.lines.includes(line)) done();
        else if (this.#child.exitCode !== null) failed(new Error(`it ended: ${this.#text}`));
      };
      this.#look();
    });
  }

  /** Lets it go on that waits in `PAUSE`. */
  goOn(): void {
    this.#child.stdin?.write('.');
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.ended;
  }
}

const execute = (sql: string) => `(call $execute (text "${sql}"))`;
const repeat = (count: number, body: string) =>
  `(local.set $i (i32.const ${count}))
  (loop $next ${body} (br_if $next (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))`;
/** Tells that it has come so far, and waits for a byte. */
const PAUSE = `(call $print (text "paused"))
  (i32.store (i32.const 0xff40) (i32.const 0xff60)) (i32.store (i32.const 0xff44) (i32.const 1))
  (drop (call $fd_read (i32.const 0) (i32.const 0xff40) (i32.const 1) (i32.const 0xff50)))`;
const prepared = (sql: string) => `(drop (call $sqlite.query_prepare (i64.const 0) (text "${sql}")))`;

/** What a query gives, seen by SQLite itself. */
function ask(sql: string): unknown {
  const own = new DatabaseSync(database);
  try {
    return Object.values(own.prepare(sql).get() ?? {})[0];
  } finally {
    own.close();
  }
}

describe.each(['delete', 'wal'])('with journal_mode %s, two OS processes', (mode) => {
  beforeEach(() => {
    for (const end of ['', '-wal', '-shm', '-journal']) rmSync(database + end, { force: true });
    const own = new DatabaseSync(database);
    own.exec(
      `PRAGMA journal_mode = ${mode}; CREATE TABLE t (a); CREATE TABLE u (v); INSERT INTO u VALUES (0)`,
    );
    own.close();
  });
  afterEach(async () => {
    for (const guest of Guest.all) await guest.kill();
    Guest.all.clear();
  });

  test('change it at the same time, and nothing fails or is lost', { timeout: 60_000 }, async () => {
    const change = `(call $expect (call $sqlite.execute (i64.const 0) (text "UPDATE u SET v = v + 1")) (i32.const 0))
      (call $expect (call $sqlite.execute (i64.const 0) (text "INSERT INTO t VALUES (1); INSERT INTO t VALUES (2)")) (i32.const 0))
      (call $expect (call $sqlite.sqlite3_step (i64.const 0)) (i32.const 101))`;
    const body = `${prepared('INSERT INTO t VALUES (3)')} ${PAUSE} ${repeat(100, change)}`;
    const guests = await Promise.all([Guest.start(body), Guest.start(body)]);
    await Promise.all(guests.map((guest) => guest.printed('paused')));
    for (const guest of guests) guest.goOn();
    expect(await Promise.all(guests.map(({ ended }) => ended))).toEqual([
      ['paused', 'returned'],
      ['paused', 'returned'],
    ]);
    expect([ask('SELECT v FROM u'), ask('SELECT count(*) FROM t'), ask('PRAGMA integrity_check')]).toEqual([
      200,
      600,
      'ok',
    ]);
  });

  test('wait for each other while one has a transaction open', async () => {
    const first = await Guest.start(
      `${execute('BEGIN IMMEDIATE; UPDATE u SET v = v + 1')} ${PAUSE} ${execute('UPDATE u SET v = v * 10; COMMIT')}`,
    );
    await first.printed('paused');
    const second = await Guest.start(`${PAUSE} ${execute('UPDATE u SET v = v + 5')}`);
    await second.printed('paused');
    second.goOn();
    // The second one has tried by now; if it has not, the test sees nothing, and fails neither.
    await new Promise((passed) => setTimeout(passed, 300));
    expect(second.lines).toEqual(['paused']);
    first.goOn();
    expect(await second.ended).toEqual(['paused', 'execute 0', 'returned']);
    expect(ask('SELECT v FROM u')).toBe(15);
  });

  test('find it busy in a transaction, and after some seconds without one', { timeout: 60_000 }, async () => {
    const first = await Guest.start(`${execute('BEGIN IMMEDIATE; UPDATE u SET v = v + 1')} ${PAUSE}`);
    await first.printed('paused');
    const second = await Guest.start(
      `${execute('BEGIN; SELECT * FROM u')} ${execute('UPDATE u SET v = 7')} ${execute('ROLLBACK')}
      ${execute('UPDATE u SET v = 7')}`,
    );
    expect(await second.ended).toEqual(['execute 0', 'execute 5', 'execute 0', 'execute 5', 'returned']);
    first.goOn();
    await first.ended;
  });

  test('go on where one was killed, without what it had not committed', async () => {
    const first = await Guest.start(
      `${execute('UPDATE u SET v = 1')} ${execute('BEGIN IMMEDIATE; UPDATE u SET v = 2; INSERT INTO t VALUES (1)')} ${PAUSE}`,
    );
    await first.printed('paused');
    await first.kill();
    const second = await Guest.start(execute('UPDATE u SET v = v + 10'));
    expect(await second.ended).toEqual(['execute 0', 'returned']);
    expect([ask('SELECT v FROM u'), ask('SELECT count(*) FROM t')]).toEqual([11, 0]);
  });

  test('see what the other one has made of the tables', async () => {
    const first = await Guest.start(
      `${prepared('SELECT * FROM t')} ${PAUSE} (call $step (i64.const 0)) (call $names (i64.const 0))`,
    );
    await first.printed('paused');
    const second = await Guest.start(execute('ALTER TABLE t ADD COLUMN bb; INSERT INTO t VALUES (1, 2)'));
    expect(await second.ended).toEqual(['execute 0', 'returned']);
    first.goOn();
    const names = `names ${nameVector('a', 'bb').toString('hex')}`;
    expect(await first.ended).toEqual(['paused', 'step 100', names, 'returned']);
  });

  test('do not run at once what the other one has made of a table', async () => {
    const first = await Guest.start(
      `${prepared('SELECT * FROM t')} ${PAUSE} (drop (call $spawn (i64.const 0) (text "bystander"))) (call $step (i64.const 0))`,
      '(func (export "bystander") (call $process.sleep_ms (i64.const 300)) (call $print (text "runs")))',
    );
    await first.printed('paused');
    const endless =
      'WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) AS a FROM n';
    const second = await Guest.start(execute(`DROP TABLE t; CREATE VIEW t AS ${endless}`));
    expect(await second.ended).toEqual(['execute 0', 'returned']);
    first.goOn();
    await first.printed('runs');
  });

  test('keep its locks when a guest closes a descriptor of the file', async () => {
    const open = `(call $expect (call $path_open (i32.const 3) (i32.const 0) (text "shared.db") (i32.const 0)
      (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 0xff58)) (i32.const 0))
      (call $expect (call $fd_close (i32.load (i32.const 0xff58))) (i32.const 0))`;
    const first = await Guest.start(
      `${execute('BEGIN IMMEDIATE; UPDATE u SET v = v + 1')} ${open} ${PAUSE} ${execute('COMMIT')}`,
    );
    await first.printed('paused');
    const second = await Guest.start(execute('BEGIN; UPDATE u SET v = v + 5'));
    expect(await second.ended).toEqual(['execute 5', 'returned']);
    first.goOn();
    expect(await first.ended).toEqual(['execute 0', 'paused', 'execute 0', 'returned']);
    expect(ask('SELECT v FROM u')).toBe(1);
  });
});

test('processes on different schedulers of a program change one file', { timeout: 60_000 }, async () => {
  for (const end of ['', '-wal', '-shm', '-journal']) rmSync(database + end, { force: true });
  const module = path('program.wasm');
  const open = `(call $expect (i32.wrap_i64 (call $sqlite.open (text "shared.db") (i32.const 0xfe10))) (i32.const 0))`;
  const change = (sql: string) =>
    `(call $expect (call $sqlite.execute (i64.const 0) (text "${sql}")) (i32.const 0))`;
  const functions = `(func (export "nothing"))
    ;; Tells its scheduler, which is in the ids of its children.
    (func $tell (export "scout")
      (call $send (i64.const 1) (i64.const 1) (i64.shr_u (call $spawn (i64.const 0) (text "nothing")) (i64.const 44))))
    (func (export "worker") (local $i i32) ${open} ${repeat(100, change('UPDATE t SET a = a + 1'))} (call $tell))`;
  // The others start when there is something for them, one after the other.
  const started = `(loop $more
      (drop (call $spawn (i64.const 0) (text "scout")))
      (call $process.sleep_ms (i64.const 20))
      (br_if $more (i64.ne (call $receive_value) (i64.const 2))))`;
  const body = `${open} ${change('CREATE TABLE t (a); INSERT INTO t VALUES (0)')} ${started}
    ${'(drop (call $spawn (i64.const 0) (text "worker")))'.repeat(3)}
    ${'(call $show (text "scheduler") (call $receive_value))'.repeat(3)}`;
  writeFileSync(module, await assemble(sqliteGuest(body, { functions })));
  const options = ['--schedulers', '3', '--place-children', 'apart'];
  const { stdout, stderr, exitCode } = await lunatic(['run', ...options, module], { cwd: folder.path });
  expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 });
  expect(new Set(stdout.trim().split('\n')).size).toBeGreaterThan(1);
  expect(ask('SELECT a FROM t')).toBe(300);
});

describe('the index of a write-ahead log', () => {
  const INDEX = 'shared.db-shm';
  const OTHER = 'other';
  /** WASI's number of `EBUSY`. */
  const BUSY = 10;
  const opened = (flags: number, rights: bigint, name = INDEX) =>
    `(call $path_open (i32.const 3) (i32.const 1) (text "${name}") (i32.const ${flags}) (i64.const ${rights}) (i64.const 0)
      (i32.const 0) (i32.const 0xff58))`;
  const renamed = (from: string, to: string) =>
    `(call $path_rename (i32.const 3) (text "${from}") (i32.const 3) (text "${to}"))`;
  const linked = (from: string, to: string) =>
    `(call $path_link (i32.const 3) (i32.const 0) (text "${from}") (i32.const 3) (text "${to}"))`;

  beforeEach(() => {
    for (const end of ['', '-wal', '-shm', '-journal']) rmSync(database + end, { force: true });
    writeFileSync(path(OTHER), 'other');
  });

  test.runIf(process.platform === 'linux')(
    'cannot be cut off by a guest, in whatever way, while another OS process has it mapped',
    async () => {
      const user = await Guest.start(
        `${execute('PRAGMA journal_mode = WAL')} ${execute('CREATE TABLE t (a)')} ${PAUSE} ${execute('INSERT INTO t VALUES (1)')}`,
      );
      await user.printed('paused');
      expect(statSync(path(INDEX)).size).toBeGreaterThan(0);
      const ways = [
        opened(8, 64n),
        opened(0, 64n),
        opened(0, 2n),
        opened(1, 64n),
        opened(8, 64n, 'link'),
        opened(1, 64n, 'another.db-SHM'),
        renamed(INDEX, 'moved'),
        renamed(OTHER, INDEX),
        linked(INDEX, 'linked'),
        linked(OTHER, 'another.db-shm'),
      ];
      const attacker = await Guest.start(
        `(drop (call $path_symlink (text "${INDEX}") (i32.const 3) (text "link")))
        ${ways.map((way) => `(call $show32 (text "errno") ${way})`).join(' ')}
        (call $open (text "${path(INDEX)}"))
        ${execute(`ATTACH '${path(INDEX)}' AS index_file`)}`,
      );
      const lines = await attacker.ended;
      expect(lines.slice(0, ways.length)).toEqual(ways.map(() => `errno ${BUSY}`));
      expect(lines.slice(ways.length)).toEqual([
        expect.stringMatching(/Failed to access/),
        'execute 23',
        'returned',
      ]);
      expect(readFileSync(path(OTHER), 'utf8')).toBe('other');
      user.goOn();
      expect((await user.ended).slice(-2)).toEqual(['execute 0', 'returned']);
    },
  );

  test('may be removed, and directories may have such names', async () => {
    const guest = await Guest.start(
      `(call $show32 (text "errno") (call $path_create_directory (i32.const 3) (text "folder-shm")))
      (call $show32 (text "errno") ${renamed('folder-shm', 'moved-shm')})
      (call $show32 (text "errno") (call $path_remove_directory (i32.const 3) (text "moved-shm")))
      ${execute('PRAGMA journal_mode = WAL')} ${execute('CREATE TABLE t (a)')}
      (call $show32 (text "errno") (call $path_unlink_file (i32.const 3) (text "${INDEX}")))
      ${execute('INSERT INTO t VALUES (1)')}`,
    );
    expect(await guest.ended).toEqual([
      ...['errno 0', 'errno 0', 'errno 0', 'execute 0', 'execute 0', 'errno 0', 'execute 0', 'returned'],
    ]);
    expect(existsSync(path(INDEX))).toBe(false);
  });
});
