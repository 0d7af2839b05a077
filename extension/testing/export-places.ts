/** A part of one line. Lines and columns count from 0. */
export interface TextPlace {
  readonly line: number;
  readonly column: number;
  readonly length: number;
}

/** The tokens that may contain anything: comments, whose blocks nest, and strings. */
const TOKEN = /;;.*|\(;|"[^"\\]*(?:\\[\s\S][^"\\]*)*"/g;
const BLOCK_END = /\(;|;\)/g;

/** Finds the names of exports in the text of a module. Returns their places by name. */
export function exportPlaces(text: string): Map<string, TextPlace> {
  const places = new Map<string, TextPlace>();
  const lines = new LineCounter(text);
  TOKEN.lastIndex = 0;
  for (let match = TOKEN.exec(text); match !== null; match = TOKEN.exec(text)) {
    const [token] = match;
    if (token === '(;') TOKEN.lastIndex = blockEnd(text, TOKEN.lastIndex);
    if (
      !token.startsWith('"') ||
      !/\(\s*export\s*$/.test(text.slice(Math.max(0, match.index - 40), match.index))
    )
      continue;
    const { line, column } = lines.at(match.index);
    places.set(unescaped(token.slice(1, -1)), { line, column, length: token.length });
  }
  return places;
}

function blockEnd(text: string, start: number): number {
  BLOCK_END.lastIndex = start;
  for (let depth = 1; depth > 0; ) {
    const match = BLOCK_END.exec(text);
    if (match === null) return text.length;
    depth += match[0] === '(;' ? 1 : -1;
  }
  return BLOCK_END.lastIndex;
}

const ESCAPES: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r' };

/** Decodes a string of the text format as UTF-8. */
function unescaped(token: string): string {
  if (!token.includes('\\')) return token;
  const parts: Buffer[] = [];
  for (const [, plain, unicode, byte, letter] of token.matchAll(
    /([^\\]+)|\\u\{([0-9a-f_]+)\}|\\([0-9a-f]{2})|\\([\s\S])/gi,
  )) {
    if (byte !== undefined) parts.push(Buffer.from(byte, 'hex'));
    else if (unicode !== undefined) parts.push(Buffer.from(character(unicode)));
    else parts.push(Buffer.from(plain ?? ESCAPES[letter ?? ''] ?? letter ?? ''));
  }
  return Buffer.concat(parts).toString();
}

function character(digits: string): string {
  const code = Number.parseInt(digits.replaceAll('_', ''), 16);
  return code <= 0x10ffff ? String.fromCodePoint(code) : '\ufffd';
}

/** Converts offsets, which must be given in ascending order, to lines and columns. */
class LineCounter {
  readonly #text: string;
  #line = 0;
  #start = 0;

  constructor(text: string) {
    this.#text = text;
  }

  at(offset: number): { line: number; column: number } {
    for (;;) {
      const end = this.#text.indexOf('\n', this.#start);
      if (end === -1 || end >= offset) break;
      this.#line++;
      this.#start = end + 1;
    }
    return { line: this.#line, column: offset - this.#start };
  }
}
