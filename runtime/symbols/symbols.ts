import type { VariableReader } from './variables/variable-reader.ts';

/** A place in a source file. */
export interface SourcePlace {
  /** The path as the compiler knew it. It is whatever the module says: neither fit for a terminal, nor a file that must exist. */
  readonly file: string;
  /** Counts from 1. */
  readonly line: number;
  /** Counts from 1; 0 where it is not known. */
  readonly column: number;
}

/** A function that was being executed at an offset. */
export interface SymbolFrame {
  /** Readable, with the namespaces or types around it; null if it is not known. */
  readonly functionName: string | null;
  /** The function's symbol as the linker knows it; null if there is none. */
  readonly linkageName: string | null;
  readonly place: SourcePlace | null;
  /** Whether the compiler has put its code into that of the next frame. */
  readonly isInlined: boolean;
}

/** A place in the code at which a line begins. */
export interface LineStart {
  /** In the module. */
  readonly offset: number;
  /** The line that the code there belongs to: for the line of a function's head, where that has its parameters. */
  readonly line: number;
  readonly column: number;
}

/** Where symbols come from. */
export type SymbolSource = 'dwarf' | 'source map' | 'text' | 'names';

/**
 * What is known of the code of a module in words of its source. Offsets count bytes from the start of the module as its author
 * built it. No method throws because of what the module says: it knows less then.
 */
export interface Symbols {
  readonly source: SymbolSource;
  /** The frames at an offset: calls that were inlined there, innermost first, then the function itself. Empty if nothing is known. */
  framesAt(offset: number): readonly SymbolFrame[];
  /** The source files that have code, as frames name them. */
  files(): readonly string[];
  /** The lines of a file at which statements begin, in order. */
  linesOf(file: string): readonly number[];
  /** Where the statements of a line begin: one for each run of code that the compiler made of it. */
  startsOf(file: string, line: number): readonly LineStart[];
  /** Where the lines of all files begin, in any order. Missing where that is found line by line alone. */
  allStarts?(): Iterable<number>;
  /**
   * Calls `visit` for each place in the code from which on it belongs to another place in the sources, in any order. What begins with
   * line 0 belongs to no line. Missing where nothing but names is known.
   */
  forEachRow?(visit: (offset: number, file: string, line: number, column: number) => void): void;
  /** Where lines begin in the function that an offset is in, whatever their files; ascending. */
  startsAround(offset: number): readonly number[];
  /**
   * Where the function that an offset is in has put its parameters and locals where debug information says that they are: behind its
   * prologue. Every call comes there, and once. Missing or null where no prologue is known.
   */
  prologueEnd?(offset: number): number | null;
  /**
   * Where the functions begin that are meant by a name (see `nameTest`) and that the module itself does not name. Missing where nothing
   * else names functions.
   */
  functionsNamed?(name: string): readonly number[];
  /**
   * Where processes first come to a line in each call of a function of this name that the compiler has inlined. Missing where nothing
   * is known of such calls.
   */
  inlinedCallsOf?(name: string): readonly number[];
  /** What is known of variables; null if nothing is. */
  readonly variables: VariableReader | null;
  /** The text of a source file, if the module brings it along; null if it has to be looked for. */
  contentOf(file: string): string | null;
}
