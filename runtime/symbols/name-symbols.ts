import { demangle } from './demangle.ts';
import type { ModuleParts } from './module-parts.ts';
import type { SymbolFrame, Symbols } from './symbols.ts';

/** Symbols of a module that only names its functions. */
export class NameSymbols implements Symbols {
  readonly source = 'names';
  readonly variables = null;
  readonly #parts: ModuleParts;
  #names: Map<number, string> | null = null;

  constructor(parts: ModuleParts) {
    this.#parts = parts;
  }

  framesAt(offset: number): readonly SymbolFrame[] {
    const linkageName = this.linkageNameAt(offset);
    if (linkageName === null) return [];
    return [{ functionName: demangle(linkageName), linkageName, place: null, isInlined: false }];
  }

  /** The name of the function at an offset, as the name section has it. */
  linkageNameAt(offset: number): string | null {
    this.#names ??= this.#parts.functionNames();
    return this.#names.get(this.#parts.functionAt(offset)) ?? null;
  }

  files(): readonly string[] {
    return [];
  }

  linesOf(): readonly number[] {
    return [];
  }

  startsOf(): readonly [] {
    return [];
  }

  startsAround(): readonly number[] {
    return [];
  }

  contentOf(): null {
    return null;
  }
}
