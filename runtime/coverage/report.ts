/**
 * Coverage as plain data: what `--coverage=json` writes, and what editors read. docs/testing.md tells the same in words.
 *
 * A *hit* is a test that has executed the code. Without tests, the program is the only one.
 */

/** The version that this runtime writes. */
export const COVERAGE_VERSION = 1;

export interface CoverageReport {
  readonly version: typeof COVERAGE_VERSION;
  /** The tests that have run, in the order of their ends. Empty if a program has run. */
  readonly tests: readonly CoveredTest[];
  /** The sources that have code, in the order of their paths. */
  readonly files: readonly CoveredFile[];
  /** Modules of which no lines are known, since they have no debug information. Each is a file with functions, and without lines. */
  readonly unknown: readonly string[];
}

export interface CoveredTest {
  /** The module's file, as the command names it. */
  readonly file: string;
  readonly name: string;
  readonly export: string;
}

export interface CoveredFile {
  /** An absolute path if the file is on this machine; else what the compiler has noted. */
  readonly path: string;
  /** Whether the file is on this machine. */
  readonly exists: boolean;
  /** Lines that have code, ascending, with their hits. */
  readonly lines: readonly (readonly [line: number, hits: number])[];
  readonly functions: readonly CoveredFunction[];
  readonly branches: readonly CoveredBranch[];
  /** Of each test that has reached the file: its place in the list of tests, and the lines that it has executed, ascending. */
  readonly tests: readonly (readonly [test: number, lines: readonly number[]])[];
}

export interface CoveredFunction {
  /** Demangled. Instances of a generic function are one. */
  readonly name: string;
  /** The first line of it that has code; 0 in a module of which no lines are known. */
  readonly line: number;
  readonly hits: number;
}

export interface CoveredBranch {
  readonly line: number;
  /** Counts from 1; 0 where it is not known. */
  readonly column: number;
  /** Hits of each way that control can take from here: of two ways, first that of the condition that holds in the code. */
  readonly ways: readonly number[];
}

/** The names of functions that were not executed. */
export function functionsNotExecuted({ functions }: CoveredFile): string[] {
  return functions.filter(({ hits }) => hits === 0).map(({ name }) => name);
}

/** How much of something has been executed. */
export interface CoveredShare {
  readonly covered: number;
  readonly total: number;
}

export interface CoverageTotals {
  readonly lines: CoveredShare;
  readonly functions: CoveredShare;
  readonly branches: CoveredShare;
}

export function totalsOf(files: readonly CoveredFile[]): CoverageTotals {
  return {
    lines: shareOf(files.flatMap(({ lines }) => lines.map(([, hits]) => hits))),
    functions: shareOf(files.flatMap(({ functions }) => functions.map(({ hits }) => hits))),
    branches: shareOf(files.flatMap(({ branches }) => branches.flatMap(({ ways }) => ways))),
  };
}

function shareOf(hits: readonly number[]): CoveredShare {
  return { covered: hits.filter((count) => count > 0).length, total: hits.length };
}

/** `66.7%`; a dash where there is nothing to execute. All is 100 % only if nothing is left. */
export function percent({ covered, total }: CoveredShare): string {
  if (total === 0) return '-';
  return `${(Math.floor((1000 * covered) / total) / 10).toFixed(1)}%`;
}
