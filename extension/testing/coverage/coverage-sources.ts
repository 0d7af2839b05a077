import type { CoverageReport } from '../../../runtime/internal.ts';

/** What is known of a source, from all modules that were made of it. `Test` stands for a test. */
export interface CoveredSource<Test> {
  /** By line: the tests that have executed it. */
  readonly lines: Map<number, Set<Test>>;
  /** By line and name. */
  readonly functions: Map<string, CoveredFunction>;
  /** By line, column and number of ways. */
  readonly branches: Map<string, CoveredBranch>;
}

interface CoveredFunction {
  readonly name: string;
  readonly line: number;
  hits: number;
}

interface CoveredBranch {
  readonly line: number;
  readonly column: number;
  /** By way: its hits. */
  readonly ways: number[];
}

/** Puts together the coverage of several commands, by paths of sources. */
export class CoveredSources<Test> {
  readonly files = new Map<string, CoveredSource<Test>>();

  /**
   * @param find finds a source on this machine that a compiler has named
   * @param testOf the test of an export; undefined for one that is not known
   */
  add(
    report: CoverageReport,
    find: (path: string) => string | undefined,
    testOf: (exportName: string) => Test | undefined,
  ): void {
    const tests = report.tests.map((test) => testOf(test.export));
    for (const file of report.files) {
      const path = file.exists ? file.path : find(file.path);
      if (path === undefined) continue;
      const source = this.#source(path);
      for (const [line] of file.lines) if (!source.lines.has(line)) source.lines.set(line, new Set());
      for (const [number, lines] of file.tests) {
        const test = tests[number];
        if (test !== undefined) for (const line of lines) source.lines.get(line)?.add(test);
      }
      for (const { name, line, hits } of file.functions) {
        const key = `${line} ${name}`;
        const known = source.functions.get(key);
        if (known === undefined) source.functions.set(key, { name, line, hits });
        else known.hits += hits;
      }
      for (const { line, column, ways } of file.branches) {
        const key = `${line}:${column}:${ways.length}`;
        const known = source.branches.get(key);
        if (known === undefined) source.branches.set(key, { line, column, ways: [...ways] });
        else for (const [way, hits] of ways.entries()) known.ways[way] = (known.ways[way] ?? 0) + hits;
      }
    }
  }

  #source(path: string): CoveredSource<Test> {
    let source = this.files.get(path);
    if (source === undefined) {
      source = { lines: new Map(), functions: new Map(), branches: new Map() };
      this.files.set(path, source);
    }
    return source;
  }
}
