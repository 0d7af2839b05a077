const BLANK = 32;
/** SQLite takes it for a blank, too. */
const BYTE_ORDER_MARK = 0xfeff;
const QUOTE = 0x27;
const DOUBLE_QUOTE = 0x22;
const BACKTICK = 0x60;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const SEMICOLON = 0x3b;
const DASH = 0x2d;
const SLASH = 0x2f;
const STAR = 0x2a;

/**
 * Finds where the first statement of a text may end: behind the semicolons that are neither in quotes nor in comments. Triggers
 * have some within them, and so may names of parameters such as `$a(;)`, so SQLite has the last word.
 */
export class StatementEnds {
  readonly #sql: string;
  #at = 0;
  /** Whether there was anything but blanks, comments and semicolons. */
  #hasBegun = false;

  constructor(sql: string) {
    this.#sql = sql;
  }

  /** Returns the next end that is at least so many characters from the beginning, or that of the text. */
  next(least = 0): number {
    const sql = this.#sql;
    const { length } = sql;
    let at = this.#at;
    let hasBegun = this.#hasBegun;
    // Character by character: a search for what is next takes long for each that it finds.
    while (at < length) {
      const code = sql.charCodeAt(at++);
      if (code <= BLANK || code === BYTE_ORDER_MARK) continue;
      if (code === SEMICOLON) {
        // Before the statement there may be others that do nothing.
        if (hasBegun && at >= least) break;
        continue;
      }
      if (code === DASH && sql.charCodeAt(at) === DASH) {
        while (at < length && sql.charCodeAt(at) !== 0x0a) at++;
        continue;
      }
      if (code === SLASH && sql.charCodeAt(at) === STAR) {
        at += 2;
        while (at < length && (sql.charCodeAt(at) !== SLASH || sql.charCodeAt(at - 1) !== STAR)) at++;
        at++;
        continue;
      }
      hasBegun = true;
      if (code !== QUOTE && code !== DOUBLE_QUOTE && code !== BACKTICK && code !== OPEN_BRACKET) continue;
      const close = code === OPEN_BRACKET ? CLOSE_BRACKET : code;
      // A doubled quote closes and opens.
      while (at < length && sql.charCodeAt(at) !== close) at++;
      at++;
    }
    this.#hasBegun = hasBegun;
    this.#at = Math.min(at, length);
    return this.#at;
  }
}
