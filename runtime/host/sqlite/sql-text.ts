import { plainRows } from './plain-rows.ts';
import { SQLITE_ERROR, SqliteError } from './sqlite-error.ts';

/** A statement without these words has no query, except those of views and triggers. */
const QUERY = /\b(?:select|with|values)\b/i;

/** A statement that inserts values without a query. */
const PLAIN_INSERT = /\binsert\s+into\s+[\w."]+\s*(?:\([^()]*\)\s*)?values\b/gi;

/** What stands before the rows of one at the beginning of a text. */
const INSERT_HEAD = new RegExp(`^\\s*${PLAIN_INSERT.source}`, 'i');

/** Statements that take no longer than their text is. Those of a text begin behind semicolons, some of which are within names. */
const HARMLESS =
  /^\s*(?:(?:begin|commit|end|rollback|savepoint|release|create\s+(?:temp\s+|temporary\s+)?table)\b|$)/i;

/** Statements that take no longer than the operating system does, and pragmas other than those that go through a database. */
const BRIEF =
  /^\s*(?:(?:attach|begin|commit|detach|end|release|rollback|savepoint)\b|pragma\b(?!.*(?:check|incremental_vacuum|optimize)))/is;
const CHECK = /^\s*pragma\b.*\b(?:integrity|quick)_check\b/is;

/** Returns whether a text has a query of its own. Those of views and triggers may not recurse then. */
export function mayQuery(sql: string): boolean {
  return QUERY.test(sql.replace(PLAIN_INSERT, ''));
}

/** Returns whether all statements of a text take no longer than it is. */
export function isHarmless(sql: string): boolean {
  return sql.split(';').every((part) => HARMLESS.test(part));
}

/** Returns whether a statement takes no longer than the operating system does. */
export function isBrief(sql: string): boolean {
  return BRIEF.test(sql);
}

/** Returns whether a statement checks a whole database. */
export function isCheck(sql: string): boolean {
  return CHECK.test(sql);
}

/** Returns whether a text only inserts rows of literals. */
export function insertsPlainRows(sql: string): boolean {
  const head = INSERT_HEAD.exec(sql);
  const rows = head === null ? null : plainRows(sql, head[0].length);
  return rows !== null && /^\s*;?\s*$/.test(sql.slice(rows.end));
}

/** Returns whether a text has more than so many bytes. */
export function isLongerThan(text: string, bytes: number): boolean {
  if (3 * text.length <= bytes) return false;
  return text.length > bytes || Buffer.byteLength(text) > bytes;
}

/** Refuses SQL with a NUL, which SQLite takes for the end of a text. */
export function checkText(sql: string): void {
  const at = sql.indexOf('\0');
  if (at >= 0) throw new SqliteError(SQLITE_ERROR, `the SQL has a NUL at character ${at}`);
}
