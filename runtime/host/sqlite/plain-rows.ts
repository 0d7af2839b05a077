import { isDigit, isName } from './characters.ts';

/** Rows of values in a text. */
export interface PlainRows {
  /** Where they end. */
  readonly end: number;
  readonly tokens: number;
}

const BLANK = 32;
const QUOTE = 0x27;

/**
 * Finds rows such as `(1, 'a'), (-2.5, x'00'), (?, :name)`, with literals, parameters and single words alone.
 * @param at where the first one begins
 * @returns null if something else is among them
 */
export function plainRows(sql: string, at: number): PlainRows | null {
  let tokens = 0;
  const skipBlanks = (): number => {
    while (at < sql.length && sql.charCodeAt(at) <= BLANK) at++;
    return at < sql.length ? sql.charCodeAt(at) : 0;
  };
  for (;;) {
    if (skipBlanks() !== 0x28) return null;
    let code: number;
    do {
      at++;
      code = skipBlanks();
      // A sign.
      if (code === 0x2d || code === 0x2b) {
        at++;
        tokens++;
        code = skipBlanks();
      }
      const isBlob = (code | 32) === 0x78 && sql.charCodeAt(at + 1) === QUOTE;
      if (code === QUOTE || isBlob) {
        if (isBlob) at++;
        do at = sql.indexOf("'", at + 1) + 1;
        while (at > 0 && sql.charCodeAt(at) === QUOTE);
        if (at === 0) return null;
      } else {
        const start = at;
        // A parameter begins with one of these.
        if (code === 0x3f || code === 0x3a || code === 0x40) at++;
        while (isInValue(sql, start, at)) at++;
        if (at === start) return null;
      }
      tokens += 2;
      code = skipBlanks();
    } while (code === 0x2c);
    if (code !== 0x29) return null;
    at++;
    tokens += 2;
    const end = at;
    if (skipBlanks() !== 0x2c) return { end, tokens };
    at++;
  }
}

/** Returns whether a character goes on with a word or a number, such as `1.5e-7`. */
function isInValue(sql: string, start: number, at: number): boolean {
  if (at >= sql.length) return false;
  const code = sql.charCodeAt(at);
  if (isName(code) || code === 0x2e) return true;
  const isSign = code === 0x2d || code === 0x2b;
  const first = sql.charCodeAt(start);
  return isSign && (sql.charCodeAt(at - 1) | 32) === 0x65 && (first === 0x2e || isDigit(first));
}
