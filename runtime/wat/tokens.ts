import { isUtf8 } from './literals.ts';

/**
 * The tokens of the text format.
 * Source: core specification, 6.3 "Lexical Format" and 6.3.6 "Annotations".
 */

/** What a token is. `open` may begin an annotation, as in `(@name`; the name then belongs to the token. */
export const TokenKind = {
  open: 0,
  close: 1,
  keyword: 2,
  identifier: 3,
  string: 4,
  number: 5,
  /** What has the form of no other token, as `0x` or `a"b"`. */
  reserved: 6,
  annotation: 7,
  lineComment: 8,
  blockComment: 9,
} as const;

/** A part of the text that is wrong. Offsets count UTF-16 code units. */
export interface TextFault {
  readonly start: number;
  readonly end: number;
  readonly message: string;
}

const CharClass = {
  other: 0,
  blank: 1,
  idChar: 2,
  quote: 3,
  semicolon: 4,
  open: 5,
  close: 6,
  separator: 7,
} as const;

const CLASSES = new Uint8Array(128);
for (const char of ' \t\r\n') CLASSES[char.charCodeAt(0)] = CharClass.blank;
for (const char of "!#$%&'*+-./:<=>?@\\^_`|~") CLASSES[char.charCodeAt(0)] = CharClass.idChar;
for (const [first, last] of ['09', 'AZ', 'az']) {
  if (first === undefined || last === undefined) continue;
  CLASSES.fill(CharClass.idChar, first.charCodeAt(0), last.charCodeAt(0) + 1);
}
for (const char of ',[]{}') CLASSES[char.charCodeAt(0)] = CharClass.separator;
CLASSES[0x22] = CharClass.quote;
CLASSES[0x3b] = CharClass.semicolon;
CLASSES[0x28] = CharClass.open;
CLASSES[0x29] = CharClass.close;

const HEX = String.raw`[\da-fA-F]+(?:_[\da-fA-F]+)*`;
const DECIMAL = String.raw`\d+(?:_\d+)*`;
const NUMBER = new RegExp(
  `^[+-]?(?:0x${HEX}(?:\\.(?:${HEX})?)?(?:[pP][+-]?${DECIMAL})?|${DECIMAL}(?:\\.(?:${DECIMAL})?)?(?:[eE][+-]?${DECIMAL})?|inf|nan(?::(?:0x${HEX}|canonical|arithmetic))?)$`,
);

/**
 * Reads the tokens of a text one at a time. Never fails: what is wrong is told in `faults`, and reading goes on behind it.
 * After `next()` the fields describe the token in `start..end`.
 */
export class TokenReader {
  readonly source: string;
  readonly faults: TextFault[] = [];
  /** A `TokenKind`. */
  kind = 0;
  start = 0;
  end = 0;

  /** @param from where reading begins: between two tokens */
  constructor(source: string, from = 0) {
    this.source = source;
    this.end = from;
  }

  /** Reads the next token; false at the end of the text. */
  next(): boolean {
    const { source } = this;
    for (let at = this.end; at < source.length; ) {
      const code = source.charCodeAt(at);
      switch (code < 128 ? CLASSES[code] : CharClass.other) {
        case CharClass.blank:
          at++;
          break;
        case CharClass.open:
          this.#open(at);
          return true;
        case CharClass.close:
          return this.#token(TokenKind.close, at, at + 1);
        case CharClass.semicolon:
          if (source.charCodeAt(at + 1) !== 0x3b) return this.#word(at);
          return this.#token(TokenKind.lineComment, at, lineEnd(source, at));
        case CharClass.other: {
          const end = at + (code >= 0xd800 && code < 0xdc00 ? 2 : 1);
          this.#fault(at, end, 'this character may stand only in strings and comments');
          at = end;
          break;
        }
        default:
          return this.#word(at);
      }
      this.end = at;
    }
    return false;
  }

  #token(kind: number, start: number, end: number): true {
    this.kind = kind;
    this.start = start;
    this.end = end;
    return true;
  }

  #fault(start: number, end: number, message: string): void {
    this.faults.push({ start, end, message });
  }

  #open(at: number): void {
    const after = this.source.charCodeAt(at + 1);
    if (after === 0x3b) {
      this.#token(TokenKind.blockComment, at, this.#blockEnd(at));
    } else if (after === 0x40) {
      this.#token(TokenKind.annotation, at, this.#wordEnd(at + 2));
      this.#checkName(at + 2, this.end);
    } else {
      this.#token(TokenKind.open, at, at + 1);
    }
  }

  /** Where the block comment that begins at `start` ends; they nest. */
  #blockEnd(start: number): number {
    const { source } = this;
    const mark = /\(;|;\)/g;
    mark.lastIndex = start + 2;
    for (let depth = 1; depth > 0; ) {
      const found = mark.exec(source);
      if (found === null) {
        this.#fault(start, start + 2, 'this comment has no end');
        return source.length;
      }
      depth += found[0] === '(;' ? 1 : -1;
    }
    return mark.lastIndex;
  }

  #word(start: number): true {
    const { source } = this;
    const first = source.charCodeAt(start);
    if (first === 0x22) {
      const end = this.#stringEnd(start);
      const last = this.#wordEnd(end);
      return last === end
        ? this.#token(TokenKind.string, start, end)
        : this.#token(TokenKind.reserved, start, last);
    }
    const end = this.#wordEnd(start);
    if (first === 0x24) this.#checkName(start + 1, end);
    return this.#token(wordKind(source.slice(start, end)), start, end);
  }

  /** Checks a name in quotes, which is text and not any bytes. */
  #checkName(start: number, end: number): void {
    if (this.source.charCodeAt(start) !== 0x22) return;
    const name = this.source.slice(start, end);
    if (!isUtf8(name)) this.#fault(start, end, 'the bytes of a name are UTF-8');
  }

  /** Where a run of identifier characters, strings and separators ends. */
  #wordEnd(start: number): number {
    const { source } = this;
    for (let at = start; ; ) {
      const code = source.charCodeAt(at);
      const kind = code < 128 ? CLASSES[code] : CharClass.other;
      if (kind === CharClass.idChar || kind === CharClass.separator) at++;
      else if (kind === CharClass.semicolon && source.charCodeAt(at + 1) !== 0x3b) at++;
      else if (kind === CharClass.quote) at = this.#stringEnd(at);
      else return at;
    }
  }

  /** Where the string that begins at `start` ends. One that is not closed ends with its line. */
  #stringEnd(start: number): number {
    const { source } = this;
    for (let at = start + 1; at < source.length; at++) {
      const code = source.charCodeAt(at);
      if (code === 0x22) return at + 1;
      if (code === 0x0a || code === 0x0d) break;
      if (code === 0x5c) at = this.#escape(at);
      else if (code < 0x20 || code === 0x7f)
        this.#fault(at, at + 1, 'strings have control characters as escapes alone');
    }
    const end = lineEnd(source, start);
    this.#fault(start, end, 'this string has no end');
    return end;
  }

  /** Checks the escape at a backslash. Returns the offset of its last character. */
  #escape(at: number): number {
    const { source } = this;
    ESCAPE.lastIndex = at;
    const [text = '\\', digits] = ESCAPE.exec(source) ?? [];
    if (text.length === 1) this.#fault(at, at + 2, 'strings have no such escape');
    else if (digits !== undefined && !isScalar(Number.parseInt(digits.replaceAll('_', ''), 16)))
      this.#fault(at, at + text.length, 'there is no such character');
    return at + text.length - 1;
  }
}

/** An escape, from its backslash on. Source: core specification, 6.3.3. */
const ESCAPE = new RegExp(String.raw`\\(?:u\{(${HEX})\}|[\da-fA-F]{2}|[tnr"'\\])`, 'y');

function isScalar(code: number): boolean {
  return code < 0xd800 || (code > 0xdfff && code <= 0x10ffff);
}

function wordKind(word: string): number {
  const first = word.charCodeAt(0);
  if (first === 0x24) return isIdentifier(word) ? TokenKind.identifier : TokenKind.reserved;
  const isLetter = first >= 0x61 && first <= 0x7a;
  // Most words are the names of instructions, of which none need be looked at as a number.
  const mayBeNumber = !isLetter || word === 'inf' || word.startsWith('nan');
  if (mayBeNumber && NUMBER.test(word)) return TokenKind.number;
  return isLetter && !/[",;[\]{}]/.test(word) ? TokenKind.keyword : TokenKind.reserved;
}

/** `$name` or `$"any name"`. */
function isIdentifier(word: string): boolean {
  return /^\$(?:[^",;[\]{}]+|"(?:[^"\\]|\\.)+")$/s.test(word);
}

function lineEnd(source: string, start: number): number {
  for (let at = start; at < source.length; at++) {
    const code = source.charCodeAt(at);
    if (code === 0x0a || code === 0x0d) return at;
  }
  return source.length;
}
