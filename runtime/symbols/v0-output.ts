/** What all productions of v0 mangling share: output within limits, back references, lifetimes. */

import { decodePunycode } from './punycode.ts';
import { MalformedSymbol, type RawIdentifier, SymbolReader } from './v0-reader.ts';

/** How deep paths, types and constants may be nested. Symbols can nest without limit, the stack cannot. */
const MAX_DEPTH = 128;

/** Collects the readable form while a symbol is read, in one pass: back references point to text, not to a tree. */
export class SymbolOutput {
  readonly reader: SymbolReader;
  readonly #maxLength: number;
  #text = '';
  #depth = 0;
  /** While positive, the symbol is checked but not printed, and back references are not followed. */
  #silent = 0;
  /** The number of lifetimes that the enclosing `for<…>` introduce. */
  #boundLifetimes = 0;

  constructor(symbol: string, maxLength: number) {
    this.reader = new SymbolReader(symbol);
    this.#maxLength = maxLength;
  }

  get text(): string {
    return this.#text;
  }

  print(text: string): void {
    if (this.#silent > 0) return;
    if (this.#text.length + text.length > this.#maxLength) throw new MalformedSymbol();
    this.#text += text;
  }

  silently(production: () => void): void {
    this.#silent++;
    production();
    this.#silent--;
  }

  nested(production: () => void): void {
    if (++this.#depth > MAX_DEPTH) throw new MalformedSymbol();
    production();
    this.#depth--;
  }

  /** Prints items up to the closing `E`, and returns their number. */
  list(separator: string, item: () => void): number {
    let count = 0;
    while (!this.reader.eat('E')) {
      if (count++ > 0) this.print(separator);
      item();
    }
    return count;
  }

  /** Prints a tuple. If it has only one element, a comma after it makes it one. */
  tuple(element: () => void): void {
    this.print('(');
    const count = this.list(', ', element);
    this.print(count === 1 ? ',)' : ')');
  }

  /** Reads `production` at the position that the `B` just read refers to. */
  backReference(production: () => void): void {
    const here = this.reader.position - 1;
    const target = this.reader.base62();
    // The compiler can only repeat what it has written before. Loops are still possible, and run into the limits.
    if (target >= here) throw new MalformedSymbol();
    if (this.#silent === 0) this.nested(() => this.reader.jump(target, production));
  }

  identifier(raw: RawIdentifier): void {
    if (this.#silent > 0) return;
    const text = raw.isPunycode ? decodePunycode(raw.text, this.#maxLength) : raw.text;
    if (text === undefined) throw new MalformedSymbol();
    this.print(text);
  }

  /** Prints a lifetime. @param index a De Bruijn index: 1 is the innermost bound lifetime, 0 one that is not known any more */
  lifetime(index: number): void {
    const level = this.#boundLifetimes - index;
    if (level < 0) throw new MalformedSymbol();
    if (index === 0) this.print("'_");
    else this.print(level < 26 ? `'${String.fromCharCode(0x61 + level)}` : `'_${level}`);
  }

  /** Prints `for<'a, 'b> ` if there is one. It applies to `production`. */
  binder(production: () => void): void {
    const count = this.reader.optionalBase62('G');
    const outer = this.#boundLifetimes;
    this.#boundLifetimes += count;
    // The count can be any number. If it is printed, the limit on output ends the loop.
    if (count > 0 && this.#silent === 0) {
      this.print('for<');
      for (let index = count; index > 0; index--) {
        if (index < count) this.print(', ');
        this.lifetime(index);
      }
      this.print('> ');
    }
    production();
    this.#boundLifetimes = outer;
  }
}
