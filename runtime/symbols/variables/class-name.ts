/**
 * A class as the name in its run-time type information has it. Source: Itanium C++ ABI, 5.1, of which names and arguments of templates
 * are read.
 */
export interface ClassName {
  /** Of namespaces and classes around it, outermost first; null for a class of a function. */
  readonly scope: readonly string[] | null;
  readonly name: string;
  /** Those of its template, each as it is written. */
  readonly arguments: readonly string[];
}

const ANONYMOUS = '_GLOBAL__N_1';

/** Reads `N4shop5AppleE`. Returns null for what is no name, or has parts that are not read. */
export function readClassName(text: string): ClassName | null {
  const mangled = text.replace(/^\*/, '');
  // Of a class in a function, what stands before it is the function, and behind it may be a number.
  const local = mangled.startsWith('Z')
    ? /^.*E(\d+[A-Za-z_].*?)(?:_\d+|__\d+_)?$/.exec(mangled)?.[1]
    : undefined;
  if (mangled.startsWith('Z') && local === undefined) return null;
  const isNested = mangled.startsWith('N');
  const reader = new NameReader(local ?? (isNested ? mangled.slice(1) : mangled));
  const names = reader.names();
  const last = names?.pop();
  if (names === null || last === undefined || reader.rest !== (isNested ? 'E' : '')) return null;
  return { ...last, scope: local === undefined ? names.map(({ name }) => name) : null };
}

class NameReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  get rest(): string {
    return this.#text.slice(this.#at);
  }

  /** Names that stand one behind the other, each with its arguments. */
  names(): { name: string; arguments: readonly string[] }[] | null {
    const found: { name: string; arguments: readonly string[] }[] = [];
    if (this.#take('St')) found.push({ name: 'std', arguments: [] });
    while (/\d/.test(this.#text[this.#at] ?? '')) {
      const name = this.#name();
      if (name === null) return null;
      const own = this.#take('I') ? this.#arguments() : [];
      if (own === null) return null;
      found.push({ name: name === ANONYMOUS ? '(anonymous namespace)' : name, arguments: own });
    }
    return found;
  }

  /** Up to an `E`. */
  #arguments(): string[] | null {
    const found: string[] = [];
    while (!this.#take('E')) {
      const start = this.#at;
      if (!this.#skip()) return null;
      found.push(this.#text.slice(start, this.#at));
    }
    return found;
  }

  /** A number, and so many characters. */
  #name(): string | null {
    const digits = /^\d{1,5}/.exec(this.rest)?.[0] ?? '';
    const start = this.#at + digits.length;
    this.#at = start + Number(digits);
    return this.#at > this.#text.length || digits === '' ? null : this.#text.slice(start, this.#at);
  }

  #take(sign: string): boolean {
    if (!this.#text.startsWith(sign, this.#at)) return false;
    this.#at += sign.length;
    return true;
  }

  /** Moves behind a type, an argument, or what ends with an `E`. Returns whether that was understood. */
  #skip(): boolean {
    const sign = this.#text[this.#at] ?? '';
    if (/\d/.test(sign)) return this.#name() !== null && (this.#text[this.#at] !== 'I' || this.#skip());
    if (sign === 'S')
      return this.#match(/^S(?:[0-9A-Z]*_|[a-z])/) && (this.#text[this.#at] !== 'I' || this.#skip());
    if (sign === 'D') return this.#match(/^D[a-z]/);
    if (sign === 'A') return this.#match(/^A\d*_/);
    // Literals: a type, and a number.
    if (sign === 'L') return this.#match(/^L/) && this.#skip() && this.#match(/^n?\d*E/);
    if (/[KOPRV]/.test(sign)) {
      this.#at++;
      return this.#skip();
    }
    if (!/[INJF]/.test(sign)) return this.#match(/^[a-z]/);
    this.#at++;
    return this.#arguments() !== null;
  }

  #match(pattern: RegExp): boolean {
    const found = pattern.exec(this.rest)?.[0];
    this.#at += found?.length ?? 0;
    return found !== undefined;
  }
}

/** The last name in the name of a type, without what its template is given; null if an abbreviation stands for it. */
export function lastNameIn(text: string): string | null {
  let last: string | null = null;
  for (let at = 0; at < text.length; ) {
    const digits = /^\d{1,5}/.exec(text.slice(at, at + 5))?.[0];
    if (digits === undefined) {
      if (text[at] === 'I' && last !== null) return last;
      // Abbreviations have numbers in them.
      at += /^S[0-9A-Z]*_/.exec(text.slice(at, at + 8))?.[0].length ?? 1;
      continue;
    }
    const start = at + digits.length;
    at = start + Number(digits);
    last = text.slice(start, at);
  }
  return last;
}
