/** Longer names are not read: programs have them in their memory. */
const MAX_NAME = 2000;

/**
 * The last name of a class, of the name in its run-time type information: `Apple` of `N4shop5AppleE`. Returns null for what is
 * no such name, or has parts that are not read. Source: Itanium C++ ABI, 5.1.
 */
export function lastNameOf(mangled: string): string | null {
  if (mangled.length > MAX_NAME) return null;
  return mangled.startsWith('Z') ? localName(mangled) : new NameReader(mangled).last();
}

/**
 * The name of a class in a function: it stands behind the `E` that ends the function. If the function has several classes of a name,
 * all but the first have a number behind it, and debug information does not tell which is which.
 */
function localName(mangled: string): string | null {
  for (const { index, 1: digits = '' } of mangled.matchAll(/E([1-9]\d{0,3})/g)) {
    const start = index + 1 + digits.length;
    if (start + Number(digits) === mangled.length) return mangled.slice(start);
  }
  return null;
}

class NameReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** The last one of names that stand one behind the other, each with the arguments of its template. */
  last(): string | null {
    const isNested = this.#take('N');
    this.#take('St');
    let last: string | null = null;
    while (/\d/.test(this.#text[this.#at] ?? '')) {
      last = this.#name();
      if (last === null || (this.#take('I') && !this.#skipToEnd())) return null;
    }
    return this.#text.slice(this.#at) === (isNested ? 'E' : '') ? last : null;
  }

  /** A number, and so many characters. */
  #name(): string | null {
    const digits = /^\d{1,4}/.exec(this.#text.slice(this.#at, this.#at + 4))?.[0] ?? '';
    const start = this.#at + digits.length;
    this.#at = start + Number(digits);
    return this.#at > this.#text.length || digits === '' ? null : this.#text.slice(start, this.#at);
  }

  #take(sign: string): boolean {
    if (!this.#text.startsWith(sign, this.#at)) return false;
    this.#at += sign.length;
    return true;
  }

  /** Moves behind the `E` that ends arguments. Returns whether they were understood. */
  #skipToEnd(): boolean {
    while (!this.#take('E')) if (!this.#skip()) return false;
    return true;
  }

  /** Moves behind a type, an argument, or what ends with an `E`. Returns whether that was understood. */
  #skip(): boolean {
    const sign = this.#text[this.#at] ?? '';
    if (/\d/.test(sign)) return this.#name() !== null && (this.#text[this.#at] !== 'I' || this.#skip());
    if (sign === 'S')
      return this.#match(/S(?:[0-9A-Z]*_|[a-z])/y) && (this.#text[this.#at] !== 'I' || this.#skip());
    if (sign === 'D') return this.#match(/D[a-z]/y);
    if (sign === 'A') return this.#match(/A\d*_/y) && this.#skip();
    // Literals: a type, and a number.
    if (sign === 'L') return this.#match(/L/y) && this.#skip() && this.#match(/n?\d*E/y);
    if (/[KOPRV]/.test(sign)) {
      this.#at++;
      return this.#skip();
    }
    if (!/[INJF]/.test(sign)) return this.#match(/[a-z]/y);
    this.#at++;
    return this.#skipToEnd();
  }

  #match(pattern: RegExp): boolean {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    this.#at += found?.length ?? 0;
    return found !== undefined;
  }
}
