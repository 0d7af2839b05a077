import { isDigit, isName } from './characters.ts';
import { plainRows } from './plain-rows.ts';

/** Kinds of tokens. A text is a literal in single quotes; other literals are numbers, blobs and parameters. */
export const END = 0;
export const WORD = 1;
export const TEXT = 2;
export const LITERAL = 3;
export const SIGN = 4;

/**
 * Reads the tokens of a statement of SQL: blanks and comments are left out, and names in quotes are words. It ends at the first
 * semicolon, unless it makes a trigger, which has some within it. What SQLite refuses gives any tokens.
 */
export class Tokens {
  /** The kind of the token; `END` also before the first. */
  kind = END;
  /** The code of its first character. */
  code = 0;
  readonly #sql: string;
  readonly #isTrigger: boolean;
  #start = 0;
  #at = 0;

  constructor(sql: string) {
    this.#sql = sql;
    this.#isTrigger = /\bcreate\b[^;]{0,200}\btrigger\b/i.test(sql.slice(0, 1000));
  }

  /** Whether it is in quotes, so that it is no keyword. */
  get isQuoted(): boolean {
    return !isName(this.code);
  }

  /** Its characters. */
  get length(): number {
    return this.#at - this.#start;
  }

  /** A word, or a literal text, in small letters and without quotes. SQLite takes such texts for names. */
  get text(): string {
    const text = this.#sql.slice(this.#start, this.#at);
    if (!this.isQuoted) return text.toLowerCase();
    const quote = text.charAt(0);
    if (quote === '[') return text.slice(1, -1).toLowerCase();
    return text
      .slice(1, -1)
      .replaceAll(quote + quote, quote)
      .toLowerCase();
  }

  /** Goes past rows of values that come next. Returns how many tokens they have, 0 if they are no plain ones. */
  skipRows(): number {
    const rows = plainRows(this.#sql, this.#at);
    if (rows === null) return 0;
    this.#at = rows.end;
    return rows.tokens;
  }

  /** Goes on to the next token, and returns its kind. */
  next(): number {
    this.kind = this.#next();
    return this.kind;
  }

  #next(): number {
    const sql = this.#sql;
    while (this.#at < sql.length) {
      const start = this.#at++;
      this.#start = start;
      const code = sql.charCodeAt(start);
      this.code = code;
      if (code <= 32) continue;
      if (isName(code)) {
        this.#skipName();
        const isBlob = this.#at === start + 1 && (code | 32) === 0x78 && sql.charCodeAt(this.#at) === 0x27;
        if (isBlob) this.#skipPast("'", this.#at + 1);
        return isBlob || isDigit(code) || code === 0x24 ? LITERAL : WORD;
      }
      switch (code) {
        case 0x3f: // ?
        case 0x3a: // :
        case 0x40: // @
          this.#skipName();
          return LITERAL;
        case 0x27: // '
          this.#skipQuoted("'");
          return TEXT;
        case 0x22: // "
        case 0x60: // `
          this.#skipQuoted(sql.charAt(start));
          return WORD;
        case 0x5b: // [
          this.#skipPast(']', this.#at);
          return WORD;
        case 0x2d: // -
          if (sql.charCodeAt(this.#at) !== 0x2d) return SIGN;
          this.#skipPast('\n', this.#at);
          continue;
        case 0x2f: // /
          if (sql.charCodeAt(this.#at) !== 0x2a) return SIGN;
          this.#skipPast('*/', this.#at + 1);
          continue;
        case 0x3b: // ;
          if (this.#isTrigger) continue;
          this.#at = sql.length;
          return END;
        default:
          return SIGN;
      }
    }
    return END;
  }

  #skipName(): void {
    const sql = this.#sql;
    while (this.#at < sql.length && isName(sql.charCodeAt(this.#at))) this.#at++;
  }

  /** A doubled quote is one within the text. */
  #skipQuoted(quote: string): void {
    do this.#skipPast(quote, this.#at);
    while (this.#sql[this.#at] === quote && this.#at++ > 0);
  }

  #skipPast(end: string, from: number): void {
    const found = this.#sql.indexOf(end, from);
    this.#at = found < 0 ? this.#sql.length : found + end.length;
  }
}
