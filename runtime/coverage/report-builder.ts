import type { CoverageSink } from './covered-module.ts';
import type { CoveredBranch, CoveredFile, CoveredFunction } from './report.ts';

/** Finds a source that a compiler has named; null if it is not on this machine. */
export type ResolveSource = (file: string) => string | null;

type Tests = Set<number>;

interface BranchNotes {
  readonly line: number;
  readonly column: number;
  readonly ways: readonly Tests[];
}

interface FunctionNotes {
  readonly name: string;
  line: number;
  readonly tests: Tests;
}

interface FileNotes {
  readonly path: string;
  readonly exists: boolean;
  readonly lines: Map<number, Tests>;
  readonly functions: Map<string, FunctionNotes>;
  readonly branches: Map<string, BranchNotes>;
}

/** Puts together what all modules tell of the same sources. */
export class ReportBuilder implements CoverageSink {
  readonly #resolve: ResolveSource;
  /** By name that a compiler has given, and by path. */
  readonly #named = new Map<string, FileNotes>();
  readonly #files = new Map<string, FileNotes>();

  constructor(resolve: ResolveSource) {
    this.#resolve = resolve;
  }

  line(file: string, line: number, tests: Iterable<number>): void {
    const { lines } = this.#file(file);
    let known = lines.get(line);
    if (known === undefined) {
      known = new Set();
      lines.set(line, known);
    }
    for (const test of tests) known.add(test);
  }

  function(file: string, symbol: string, name: string, line: number, tests: Iterable<number>): void {
    const { functions } = this.#file(file);
    let known = functions.get(symbol);
    if (known === undefined) {
      known = { name: withoutArguments(name), line, tests: new Set() };
      functions.set(symbol, known);
    }
    known.line = Math.min(known.line, line);
    for (const test of tests) known.tests.add(test);
  }

  branch(file: string, line: number, column: number, ways: readonly Iterable<number>[]): void {
    const { branches } = this.#file(file);
    const key = `${line}:${column}:${ways.length}`;
    let known = branches.get(key);
    if (known === undefined) {
      known = { line, column, ways: ways.map(() => new Set<number>()) };
      branches.set(key, known);
    }
    for (const [way, tests] of ways.entries()) for (const test of tests) known.ways[way]?.add(test);
  }

  /** @param perTest whether to tell which tests have executed which lines */
  files(perTest: boolean): CoveredFile[] {
    return [...this.#files.values()]
      .filter(({ lines, functions }) => lines.size > 0 || functions.size > 0)
      .sort((a, b) => (a.path < b.path ? -1 : 1))
      .map((notes) => fileOf(notes, perTest));
  }

  #file(file: string): FileNotes {
    let notes = this.#named.get(file);
    if (notes === undefined) {
      const found = this.#resolve(file);
      const path = found ?? file;
      notes = this.#files.get(path);
      if (notes === undefined) {
        notes = { path, exists: found !== null, lines: new Map(), functions: new Map(), branches: new Map() };
        this.#files.set(path, notes);
      }
      this.#named.set(file, notes);
    }
    return notes;
  }
}

function fileOf({ path, exists, lines, functions, branches }: FileNotes, perTest: boolean): CoveredFile {
  const ascending = [...lines].sort(([a], [b]) => a - b);
  const byTest = new Map<number, number[]>();
  if (perTest) {
    for (const [line, tests] of ascending) {
      for (const test of tests) {
        const own = byTest.get(test);
        if (own === undefined) byTest.set(test, [line]);
        else own.push(line);
      }
    }
  }
  return {
    path,
    exists,
    lines: ascending.map(([line, tests]) => [line, tests.size]),
    functions: merged(functions.values())
      .map(({ name, line, tests }): CoveredFunction => ({ name, line, hits: tests.size }))
      .sort((a, b) => a.line - b.line || (a.name < b.name ? -1 : 1)),
    branches: [...branches.values()]
      .map(({ line, column, ways }): CoveredBranch => ({ line, column, ways: ways.map(({ size }) => size) }))
      .sort((a, b) => a.line - b.line || a.column - b.column),
    tests: [...byTest].sort(([a], [b]) => a - b),
  };
}

/** Functions by name and line: those of one line are instances of a generic one. */
function merged(functions: Iterable<FunctionNotes>): FunctionNotes[] {
  const found = new Map<string, FunctionNotes>();
  for (const notes of functions) {
    const key = `${notes.line} ${notes.name}`;
    const known = found.get(key);
    if (known === undefined) found.set(key, { ...notes, tests: new Set(notes.tests) });
    else for (const test of notes.tests) known.tests.add(test);
  }
  return [...found.values()];
}

/** The name of a generic function without the types of an instance: `map<T>` of `map<i32>` is `map`. */
function withoutArguments(name: string): string {
  // Rust names an implementation by its type in brackets, which stay: `<Cart as Display>::fmt`.
  let text = name;
  for (;;) {
    const cut = text.replace(/(?<=[^:\s<(&])(?:::)?<[^<>]*>/g, '');
    if (cut === text || cut === '') return text;
    text = cut;
  }
}
