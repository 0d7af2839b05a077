import type { ModuleCover } from '../kernel/coverage.ts';
import type { Symbols } from '../symbols/symbols.ts';
import { displayName } from '../text/display-name.ts';
import type { SourceRuns } from './source-runs.ts';

/** Runs whose functions are looked up. */
const MOST_LOOK_UPS = 400_000;

/** Receives what is found in a module. Files are named as the compiler did. */
export interface CoverageSink {
  /** @param tests places in the list of tests of those that have executed it */
  line(file: string, line: number, tests: Iterable<number>): void;
  /** @param symbol the same for all that is executed of one function, and for no other function */
  function(file: string, symbol: string, name: string, line: number, tests: Iterable<number>): void;
  branch(file: string, line: number, column: number, ways: readonly Iterable<number>[]): void;
}

/** A module whose coverage is noted: what its flags mean in its sources, and which tests have set them. */
export class CoveredModule {
  readonly #symbols: Symbols;
  readonly #runs: SourceRuns;
  readonly #includes: (file: string) => boolean;
  readonly #cover: ModuleCover;
  readonly #file: string | undefined;
  /** By flag: the tests that have set it, in the order in which they were added. */
  readonly #tests: (number[] | undefined)[] = [];

  /**
   * @param includes whether a source is of interest
   * @param file the module itself, if nothing is known of its sources: then its functions count, by their names
   */
  constructor(
    symbols: Symbols,
    runs: SourceRuns,
    cover: ModuleCover,
    includes: (file: string) => boolean,
    file?: string,
  ) {
    this.#symbols = symbols;
    this.#includes = includes;
    this.#runs = runs;
    this.#cover = cover;
    this.#file = file;
  }

  /** Adds the flags that the processes of an environment have set. */
  add(environment: object, test: number): void {
    const flags = this.#cover.flagsOf(environment);
    if (flags === null) return;
    for (let flag = flags.indexOf(1); flag >= 0; flag = flags.indexOf(1, flag + 1)) {
      const tests = this.#tests[flag];
      if (tests === undefined) this.#tests[flag] = [test];
      else if (tests.at(-1) !== test) tests.push(test);
    }
  }

  /** Forgets an environment whose processes have all ended. */
  release(environment: object): void {
    this.#cover.release(environment);
  }

  tell(sink: CoverageSink): void {
    if (this.#file !== undefined) {
      this.#tellFunctions(sink, this.#file);
      return;
    }
    const { offsets } = this.#runs;
    let lookUps = 0;
    for (let run = 0; run < offsets.length; run++) {
      const place = this.#runs.lineOf(run);
      if (place === undefined) continue;
      const offset = offsets[run] ?? 0;
      const tests = this.#testsAt(offset);
      sink.line(place.file, place.line, tests);
      if (lookUps++ > MOST_LOOK_UPS) continue;
      for (const { functionName, linkageName, place: at } of this.#symbols.framesAt(offset)) {
        // The author's own closures are inlined into libraries.
        if (at === null || at.line === 0 || !this.#includes(at.file)) continue;
        // A line that calls what was inlined is executed with that.
        sink.line(at.file, at.line, tests);
        if (functionName === null) continue;
        const symbol = `${functionName} ${linkageName}`;
        sink.function(at.file, symbol, displayName(functionName), at.line, tests);
      }
    }
    for (const { offset, flag, ways } of this.#cover.map.branches) {
      const run = this.#runs.at(offset);
      const place = this.#runs.lineOf(run);
      if (place === undefined) continue;
      const taken = Array.from({ length: ways }, (_, way) => this.#tests[flag + way] ?? []);
      sink.branch(place.file, place.line, this.#runs.columns[run] ?? 0, taken);
    }
  }

  #tellFunctions(sink: CoverageSink, file: string): void {
    const { offsets, lines } = this.#runs;
    const known = new Set<string>();
    for (const [run, number] of lines.entries()) {
      if (number === 0) continue;
      const offset = offsets[run] ?? 0;
      const [frame] = this.#symbols.framesAt(offset);
      const name = displayName(frame?.functionName ?? 'function');
      // Functions of one name, such as static ones of several files, are several.
      const own = known.has(name) || frame?.functionName == null ? `${name} at ${offset}` : name;
      known.add(name);
      sink.function(file, `${number}`, own, 0, this.#testsAt(offset));
    }
  }

  #testsAt(offset: number): readonly number[] {
    return this.#tests[this.#cover.map.flagAt(offset)] ?? [];
  }
}
