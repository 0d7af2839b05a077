import { DatabaseSync } from 'node:sqlite';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { Connection } from '../../../runtime/host/sqlite/connection.ts';
import { Account, TotalAccount } from '../../../runtime/kernel/account.ts';

afterEach(() => vi.restoreAllMocks());

function open(): { connection: Connection; account: Account } {
  const total = new TotalAccount(() => true);
  total.limit = Number.POSITIVE_INFINITY;
  const account = new Account(Number.POSITIVE_INFINITY, total);
  const directories = [{ guestPath: '.', hostPath: process.cwd() }];
  return { connection: new Connection({ account, overdraw: () => {} }, directories, ':memory:'), account };
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
  expect(found).toEqual(['others run', 'others run', 'statement']);
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
