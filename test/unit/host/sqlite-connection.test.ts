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
      'statements at once',
      (connection: Connection) =>
        connection.executeAtOnce('INSERT INTO t VALUES (zeroblob(1000000)); INSERT INTO t VALUES (NULL)'),
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
