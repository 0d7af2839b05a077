/** The lexical level of v0 mangling: tags, numbers and identifiers. */

/**
 * Thrown anywhere below the entry point, which takes it to mean "not a v0 symbol". Exceptions keep the grammar readable:
 * otherwise every production would have to check every other one.
 */
export class MalformedSymbol extends Error {}

/**
 * Characters that may be read in total, repeated reads included. Back references can make a short symbol expand
 * exponentially, and with empty names without ever reaching the limit on output, so reading has a limit of its own.
 */
const READ_BUDGET = 1 << 16;

/** An identifier as the symbol has it, not decoded yet. */
export interface RawIdentifier {
  readonly text: string;
  readonly isPunycode: boolean;
  /** Tells identifiers with the same text apart. Only small values are exact. */
  readonly disambiguator: number;
}

/** Reads the part of a symbol that follows `_R`. Back references count from there too. */
export class SymbolReader {
  readonly #text: string;
  #at = 0;
  #budget = READ_BUDGET;

  constructor(text: string) {
    this.#text = text;
  }

  get position(): number {
    return this.#at;
  }

  /** The part that has not been read yet. */
  get rest(): string {
    return this.#text.slice(this.#at);
  }

  /** Returns the next character without reading it; an empty text at the end. */
  peek(): string {
    return this.#text[this.#at] ?? '';
  }

  next(): string {
    const char = this.#text[this.#at];
    if (char === undefined) throw new MalformedSymbol();
    this.#advance(1);
    return char;
  }

  /** Reads `char` if it is next, and returns whether it was. */
  eat(char: string): boolean {
    if (this.#text[this.#at] !== char) return false;
    this.#advance(1);
    return true;
  }

  /** Runs `read` at an earlier position and returns to the present one. */
  jump(position: number, read: () => void): void {
    const back = this.#at;
    this.#at = position;
    read();
    this.#at = back;
  }

  /** Reads a base-62 number with its closing underscore. `_` alone is 0, so all others are one more. */
  base62(): number {
    if (this.eat('_')) return 0;
    let value = 0;
    // Eleven digits hold the 64 bits of a crate's hash, which is the largest number.
    for (let digits = 0; digits < 11; digits++) {
      value = value * 62 + base62Digit(this.next());
      if (this.eat('_')) return value + 1;
    }
    throw new MalformedSymbol();
  }

  /** Returns 0 if `tag` is not next, otherwise one more than the number after it. */
  optionalBase62(tag: string): number {
    return this.eat(tag) ? this.base62() + 1 : 0;
  }

  /** Reads lowercase hexadecimal digits, perhaps none, and returns them without their closing underscore. */
  hexDigits(): string {
    const from = this.#at;
    while (!this.eat('_')) {
      if (!isHexDigit(this.next())) throw new MalformedSymbol();
    }
    return this.#text.slice(from, this.#at - 1);
  }

  identifier(): RawIdentifier {
    const disambiguator = this.optionalBase62('s');
    return { ...this.plainIdentifier(), disambiguator };
  }

  /** Reads an identifier that nothing else can share its name with. */
  plainIdentifier(): RawIdentifier {
    const isPunycode = this.eat('u');
    const length = this.#decimal();
    // It separates the length from a name that begins with a digit or an underscore.
    this.eat('_');
    return { text: this.#utf8(length), isPunycode, disambiguator: 0 };
  }

  #decimal(): number {
    let value = decimalDigit(this.next());
    if (value === 0) return 0;
    while (isDecimalDigit(this.peek())) {
      value = value * 10 + decimalDigit(this.next());
      // Keeps it exact. The end of the symbol comes first in any case.
      if (value > this.#text.length * 3) throw new MalformedSymbol();
    }
    return value;
  }

  /** Reads text of `bytes` bytes in UTF-8: targets that allow it have names as they are. */
  #utf8(bytes: number): string {
    const from = this.#at;
    let left = bytes;
    while (left > 0) {
      const code = this.#text.codePointAt(this.#at);
      if (code === undefined) throw new MalformedSymbol();
      left -= code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
      this.#advance(code < 0x10000 ? 1 : 2);
    }
    if (left < 0) throw new MalformedSymbol();
    return this.#text.slice(from, this.#at);
  }

  #advance(count: number): void {
    this.#at += count;
    this.#budget -= count;
    if (this.#budget < 0) throw new MalformedSymbol();
  }
}

function isDecimalDigit(char: string): boolean {
  return char >= '0' && char <= '9';
}

function isHexDigit(char: string): boolean {
  return isDecimalDigit(char) || (char >= 'a' && char <= 'f');
}

function decimalDigit(char: string): number {
  if (!isDecimalDigit(char)) throw new MalformedSymbol();
  return char.charCodeAt(0) - 0x30;
}

/** Returns the value of a digit: `0`-`9`, then `a`-`z`, then `A`-`Z`. */
function base62Digit(char: string): number {
  if (isDecimalDigit(char)) return char.charCodeAt(0) - 0x30;
  if (char >= 'a' && char <= 'z') return char.charCodeAt(0) - 0x61 + 10;
  if (char >= 'A' && char <= 'Z') return char.charCodeAt(0) - 0x41 + 36;
  throw new MalformedSymbol();
}
