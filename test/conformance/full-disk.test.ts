/** What a program sees where the disk is full: an error, and nothing that was there is lost. The disk is a file system of 2 MiB in memory. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { canMountSmallDisk, runOnSmallDisk } from '../../scripts/small-disk.mjs';
import { launcher } from '../support/command.ts';
import { assemble } from '../support/program.ts';
import { sqliteGuest } from '../support/sqlite-guest.ts';

let folder = '';
beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'lunatic-full-')));
  mkdirSync(join(folder, 'disk'));
  mkdirSync(join(folder, 'kept'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs a module with a small disk at `disk`, whose files are in `kept` afterwards. */
async function runModule(source: string) {
  const module = join(folder, 'program.wasm');
  writeFileSync(module, await assemble(source));
  const disk = join(folder, 'disk');
  const command = [process.execPath, launcher, 'run', '--dir', disk, module];
  const { stdout, stderr, status } = runOnSmallDisk(disk, join(folder, 'kept'), command);
  return { lines: stdout.trimEnd().split('\n'), stderr, status };
}

const FILL =
  'WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000) INSERT INTO t SELECT i, randomblob(1000) FROM n';

describe.runIf(canMountSmallDisk())('a database on a full disk', () => {
  test.each([['DELETE'], ['WAL']])(
    'with the journal %s keeps what was committed, and can be used on',
    async (journal) => {
      rmSync(join(folder, 'kept'), { recursive: true });
      mkdirSync(join(folder, 'kept'));
      const statements = [
        `PRAGMA journal_mode = ${journal}`,
        'CREATE TABLE t (a, b)',
        "INSERT INTO t VALUES ('before', randomblob(200000))",
        // In a helper and then in a thread, and here.
        FILL,
        'INSERT INTO t VALUES (1, randomblob(3000000))',
        'BEGIN',
        "INSERT INTO t VALUES ('within', 1)",
        'INSERT INTO t VALUES (2, randomblob(3000000))',
        'COMMIT',
        'ROLLBACK',
        "INSERT INTO t VALUES ('after', 1)",
        'CREATE INDEX i ON t (a)',
      ];
      const body = statements.map((sql) => `(call $execute (text "${sql}"))`).join('\n');
      const { lines, stderr, status } = await runModule(
        sqliteGuest(`(call $open (text "${join(folder, 'disk', 'd.db')}")) ${body}`),
      );
      expect(stderr).toBe('');
      expect(status).toBe(0);
      const full = 'execute 13';
      const ok = 'execute 0';
      // SQLite may have rolled back by itself: then there is no transaction any more.
      lines.splice(10, 1);
      expect(lines).toEqual(['connection 0', ok, ok, ok, full, full, ok, ok, ok, full, ok, ok]);
      const database = new DatabaseSync(join(folder, 'kept', 'd.db'));
      expect(database.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' });
      expect(database.prepare('SELECT a FROM t ORDER BY rowid').all()).toEqual([
        { a: 'before' },
        { a: 'after' },
      ]);
      database.close();
    },
  );
});
