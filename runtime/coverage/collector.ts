import { resolve } from 'node:path';
import { Coverage, type ModuleCover } from '../kernel/coverage.ts';
import { isLibraryPath } from '../symbols/short-path.ts';
import type { Symbols } from '../symbols/symbols.ts';
import type { WasmModule } from '../wasm/index.ts';
import { CoveredModule } from './covered-module.ts';
import { COVERAGE_VERSION, type CoverageReport, type CoveredTest } from './report.ts';
import { ReportBuilder, type ResolveSource } from './report-builder.ts';
import { SourceRuns } from './source-runs.ts';

export interface CoverageOptions {
  /** Whether code of libraries counts as well. Default: only the author's own. */
  readonly all?: boolean;
  /** Opens the symbols of the module that is being loaded. */
  symbolsOf(module: WasmModule): Symbols;
  /** The file of that module; null if it has none. */
  pathOf(): string | null;
}

interface OpenedModule {
  readonly symbols: Symbols;
  readonly runs: SourceRuns;
  /** Whether a source is of interest. */
  readonly includes: (file: string) => boolean;
  /** The name of the module, if nothing is known of its sources. */
  readonly file?: string;
}

/** Collects which code has been executed, of all modules that a runtime loads and of all tests. */
export class CoverageCollector {
  /** What the runtime needs for it. */
  readonly coverage: Coverage;
  readonly #options: CoverageOptions;
  readonly #modules: CoveredModule[] = [];
  readonly #tests: CoveredTest[] = [];
  readonly #unknown = new Set<string>();
  /** By module that is about to be rewritten. */
  readonly #opened = new WeakMap<WasmModule, OpenedModule>();

  constructor(options: CoverageOptions) {
    this.#options = options;
    this.coverage = new Coverage(
      (module) => this.#placesOf(module),
      (module, cover) => this.#add(module, cover),
    );
  }

  #placesOf(module: WasmModule): SourceRuns {
    const { all, symbolsOf, pathOf } = this.#options;
    const symbols = symbolsOf(module);
    const path = pathOf();
    const program = path === null ? '' : resolve(path);
    const includes = all ? () => true : (file: string) => !isLibraryPath(file, program);
    const runs = SourceRuns.of(module, symbols, includes);
    if (runs.offsets.length > 0) {
      this.#opened.set(module, { symbols, runs, includes });
      return runs;
    }
    const file = path ?? 'a module';
    const functions = SourceRuns.ofFunctions(module);
    this.#unknown.add(file);
    this.#opened.set(module, { symbols, runs: functions, includes, file });
    return functions;
  }

  #add(module: WasmModule, cover: ModuleCover): void {
    const opened = this.#opened.get(module);
    if (opened === undefined) return;
    const { symbols, runs, includes, file } = opened;
    this.#modules.push(new CoveredModule(symbols, runs, cover, includes, file));
  }

  /** Adds what the processes of a test have executed. They have all ended. */
  addTest(test: CoveredTest, environment: object): void {
    const number = this.#tests.push(test) - 1;
    for (const module of this.#modules) {
      module.add(environment, number);
      module.release(environment);
    }
  }

  /** Adds what the processes of a program have executed so far. */
  addProgram(environment: object): void {
    for (const module of this.#modules) module.add(environment, 0);
  }

  /** @param resolve finds sources on this machine */
  report(resolve: ResolveSource): CoverageReport {
    const builder = new ReportBuilder(resolve);
    for (const module of this.#modules) module.tell(builder);
    return {
      version: COVERAGE_VERSION,
      tests: this.#tests,
      files: builder.files(this.#tests.length > 0),
      unknown: [...this.#unknown],
    };
  }
}
