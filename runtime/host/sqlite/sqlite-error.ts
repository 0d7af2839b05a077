/** The result codes of SQLite that are needed here. */
export const SQLITE_ERROR = 1;
export const SQLITE_BUSY = 5;
export const SQLITE_INTERRUPT = 9;
export const SQLITE_IOERR = 10;
export const SQLITE_FULL = 13;
export const SQLITE_SCHEMA = 17;
export const SQLITE_MISUSE = 21;
export const SQLITE_RANGE = 25;
export const SQLITE_TOOBIG = 18;

/** The bits of an extended result code that are the primary one. */
const PRIMARY = 0xff;

/** SQLite refused something, or the sandbox around it did. */
export class SqliteError extends Error {
  override readonly name = 'SqliteError';
  readonly code = 'LUNATIC_SQLITE';
  /** SQLite's primary result code. */
  readonly result: number;

  constructor(result: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.result = result;
  }
}

/** An error of SQLite, as threads and helpers tell it. */
export interface Failure {
  readonly error: { readonly result: number; readonly message: string };
}

/** Refuses a statement for which others would wait too long, or which would not end. */
export function tooLong(message: string): SqliteError {
  return new SqliteError(
    SQLITE_INTERRUPT,
    `${message}; the permission can_run_long_sql (--allow-long-sql) lets it run`,
  );
}

/**
 * Converts what `node:sqlite` threw.
 * @param refusal the reason if the sandbox refused it
 */
export function toSqliteError(error: unknown, refusal: string | null = null): SqliteError {
  if (error instanceof SqliteError) return error;
  if (!(error instanceof Error)) return new SqliteError(SQLITE_ERROR, String(error), { cause: error });
  const code = 'errcode' in error && typeof error.errcode === 'number' ? error.errcode : SQLITE_ERROR;
  const message = refusal === null ? error.message : `${error.message}: ${refusal}`;
  return new SqliteError(code & PRIMARY, message, { cause: error });
}
