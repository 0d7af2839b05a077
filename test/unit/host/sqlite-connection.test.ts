import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { Connection } from '../../../runtime/host/sqlite/connection.ts';
import { Account, TotalAccount } from '../../../runtime/kernel/account.ts';

afterEach(() => vi.restoreAllMocks());

function open(path = ':memory:'): { connection: Connection; account: Account } {
  const total = new TotalAccount(() => true);
  total.limit = Number.POSITIVE_INFINITY;
  const account = new Account(Number.POSITIVE_INFINITY, total);
  const directories = ['.', dirname(path)].map((folder) => ({
    guestPath: folder,
    hostPath: resolve(folder),
  }));
  return { connection: new Connection({ account, overdraw: () => {} }, directories, path), account };
}

describe('a database in memory that was looked at just before counts', () => {
  test.each([
    [
      'the second of two statements',
      (connection: Connection) => {
        const sql = 'INSERT INTO t VALUES (zeroblob(1000000)); INSERT INTO t VALUES (NULL)';
        for (const statement of connection.statements(sql))
          if (statement !== null && 'step' in statement) statement.step();
      },
    ],
    [
      'a step',
      (connection: Connection) =>
        connection.prepare('INSERT OR FAIL INTO t VALUES (zeroblob(1000000)), (NULL)').step(),
    ],
  ])('after %s that fail', (_, run) => {
    const { connection, account } = open();
    vi.spyOn(performance, 'now').mockReturnValue(1000);
    connection.executeAtOnce('CREATE TABLE t (a NOT NULL)');
    const before = account.bytes;
    expect(() => run(connection)).toThrow('NOT NULL');
    expect(account.bytes - before).toBeGreaterThan(1_000_000);
    connection.close();
    expect(account.bytes).toBe(0);
  });
});

test('a megabyte of rows is compiled once, and others run before and after', () => {
  const { connection } = open();
  connection.executeAtOnce('CREATE TABLE t (a, b)');
  const sql = `INSERT INTO t VALUES (0, 0)${',(12345,-7)'.repeat(80_000)}`;
  const prepare = vi.spyOn(DatabaseSync.prototype, 'prepare');
  const found = [];
  for (const part of connection.statements(sql)) {
    found.push(part === null ? 'others run' : 'compile' in part ? 'helper' : 'statement');
    if (part !== null && 'compile' in part) connection.keepTime(part, 1);
  }
  expect(found).toEqual(['others run', 'others run', 'others run', 'statement']);
  expect(prepare.mock.calls.filter(([text]) => text.length > 1000)).toHaveLength(1);
  connection.close();
});

test('views and triggers that are looked at, and rows of helpers, count for the process', () => {
  const { connection, account } = open();
  for (let i = 0; i < 20; i++)
    connection.prepare(`CREATE VIEW v${i} AS SELECT '${'x'.repeat(10_000)}' AS a`).step();
  connection.prepare('SELECT a FROM v1');
  const looked = account.bytes;
  for (let i = 0; i < 20; i++) connection.prepare(`DROP VIEW v${i}`).step();
  const other = connection.prepare('SELECT 1');
  expect(looked - account.bytes).toBeGreaterThan(2 * 20 * 10_000);
  const held = account.bytes;
  expect(other.stepWith({ rows: [['x'], ['y']], bytes: 1000, columns: ['a'], took: 1 })).toBe(100);
  expect(account.bytes - held).toBe(1000);
  while (!other.finish());
  expect(account.bytes).toBe(held);
  connection.close();
  expect(account.bytes).toBe(0);
});

test('a statement that was tried on a copy is tried again if others have changed the database meanwhile', async () => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'lunatic-sqlite-')));
  const [one, other] = [1, 2].map(() => open(join(folder, 'shared.db')).connection);
  if (one === undefined || other === undefined) throw new Error('two connections are needed');
  one.executeAtOnce('CREATE TABLE t (a)');
  const count = 'WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3)';
  const statement = one.prepare(`${count} INSERT INTO t SELECT count(*) FROM n, t`);
  const tried = (): number | null => statement.stepWith({ rows: [], bytes: 0, columns: [], took: 1 });
  await statement.job().images();
  other.executeAtOnce('INSERT INTO t VALUES (1)');
  expect(tried()).toBe(null);
  // It has an end, so that a thread may run it.
  expect(statement.place).toBe('thread');
  statement.threadJob();
  await statement.job().images();
  expect(tried()).toBe(101);
  // Nothing that others do keeps a thread from it.
  expect(statement.place).toBe('helper');
  one.executeAtOnce('CREATE TEMP TABLE own (a)');
  statement.renew();
  for (let i = 0; i < 5; i++) {
    await statement.job().images();
    other.executeAtOnce('INSERT INTO t VALUES (1)');
    if (i < 4) expect(tried()).toBe(null);
    else expect(tried).toThrow('others change the database again and again');
  }
  one.close();
  other.close();
  rmSync(folder, { recursive: true });
});

test('a long text of short statements is not encoded anew for each', () => {
  const { connection } = open();
  const encode = vi.spyOn(TextEncoder.prototype, 'encodeInto');
  const sql = 'SELECT 1;'.repeat(120_000);
  const statements = connection.statements(sql);
  for (let count = 0; count < 100; count++) statements.next().value?.finalize();
  const encoded = encode.mock.results.reduce((sum, { value }) => sum + value.written, 0);
  expect(encoded).toBeLessThan(sql.length);
  connection.close();
});
