import { randomUUID } from 'node:crypto';
import { statSync } from 'node:fs';
import { platform } from 'node:process';
import type { DatabaseSyncOptions } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { sharedDatabases } from '../../permissions/shared-databases.ts';
import { MAX_STATEMENT } from './compile-check.ts';

/** Bytes of the longest value or row, which SQLite copies several times. */
const MAX_VALUE = 16 * 2 ** 20;

/** How all databases of guests are opened. */
export const OPTIONS: DatabaseSyncOptions = {
  allowExtension: false,
  defensive: true,
  readBigInts: true,
  returnArrays: true,
  allowBareNamedParameters: false,
  // These are the defaults of SQLite, and so of upstream.
  enableForeignKeyConstraints: false,
  enableDoubleQuotedStringLiterals: true,
  timeout: 0,
  limits: { length: MAX_VALUE, sqlLength: MAX_STATEMENT, likePatternLength: 1000 },
};

/**
 * The VFS for databases that only this OS process uses. With a write-ahead log, SQLite would map a file beside the database into
 * memory, and a process that shortens this file would end the whole runtime. With this VFS it keeps the contents in memory of its own,
 * and locks the database for this runtime alone. Only on Unix can such a file be shortened. What several OS processes use has locks of
 * its own, and guests cannot touch the file: see `SharedDatabases`.
 */
function vfs(): string {
  return platform === 'win32' || sharedDatabases.isShared ? '' : 'vfs=unix-excl';
}

/** Returns the URI of a database. Attached databases are opened like the main one. */
export function uriOf(path: string): string {
  if (platform === 'win32') return path;
  return `${pathToFileURL(path).href}?${vfs()}`;
}

/** Returns the URI of a database whose file is there. Should its path have become a link to nothing, no file is made where it leads. */
export function existingUriOf(path: string): string {
  return `${pathToFileURL(path).href}?mode=rw&${vfs()}`;
}

/** Returns the URI of a new database in memory, which threads of this OS process can open as well. */
export function uriInMemory(): string {
  return `file:lunatic-${randomUUID()}?mode=memory&cache=shared&${vfs()}`;
}

/** Returns what tells a file from all others. */
export function idOf(path: string): string {
  const { dev, ino } = statSync(path, { bigint: true });
  return `${dev}:${ino}`;
}
