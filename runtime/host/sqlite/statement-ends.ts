/** What a text of SQL may have that changes what a semicolon means, with what ends it. */
const CLOSING: ReadonlyMap<string, string> = new Map([
  ["'", "'"],
  ['"', '"'],
  ['`', '`'],
  ['[', ']'],
  ['--', '\n'],
  ['/*', '*/'],
]);

/**
 * Finds where the first statement of a text may end: behind the semicolons that are neither in quotes nor in comments. Triggers
 * have some within them, and so may names of parameters such as `$a(;)`, so SQLite has the last word.
 */
export class StatementEnds {
  readonly #sql: string;
  readonly #mark = /[;'"`[]|--|\/\*/g;
  /** Where what is no comment begins, and whether there was anything in it. */
  #since = 0;
  #hasBegun = false;

  constructor(sql: string) {
    this.#sql = sql;
  }

  /** Returns the next end that is at least so many characters from the beginning, or that of the text. */
  next(least = 0): number {
    const sql = this.#sql;
    const mark = this.#mark;
    for (let found = mark.exec(sql); found !== null; found = mark.exec(sql)) {
      const [sign] = found;
      this.#hasBegun ||= sql.slice(this.#since, found.index).trim() !== '';
      this.#since = mark.lastIndex;
      if (sign === ';') {
        // Before the statement there may be others that do nothing.
        if (this.#hasBegun && mark.lastIndex >= least) return mark.lastIndex;
        continue;
      }
      const close = CLOSING.get(sign) ?? '';
      const end = sql.indexOf(close, mark.lastIndex);
      if (end < 0) break;
      // A doubled quote closes and opens.
      mark.lastIndex = this.#since = end + close.length;
      this.#hasBegun ||= close.length === 1 && close !== '\n';
    }
    mark.lastIndex = sql.length;
    return sql.length;
  }
}
