import { ANY_CALL, type ModuleKey } from '../runtime/inspect/protocol.ts';
import type { ModuleSymbols } from '../runtime/internal.ts';
import type { Disassemblies } from './disassembly.ts';
import type { SourceRef } from './ids.ts';
import type { ModuleSources } from './module-sources.ts';
import type { Progress } from './progress.ts';
import type { SourceFiles } from './source-files.ts';

/** The most places of one line at which processes stop: generic functions have some hundred. */
const MOST_PLACES = 10_000;

/** What a breakpoint is set on. Lines and columns count from 1. */
export type BreakpointTarget =
  | { readonly kind: 'line'; readonly path: string; readonly line: number; readonly column?: number }
  /** In a text that the adapter has. */
  | { readonly kind: 'text'; readonly source: SourceRef; readonly line: number; readonly column?: number }
  | { readonly kind: 'function'; readonly name: string }
  | { readonly kind: 'instruction'; readonly module: ModuleKey; readonly offset: number };

/** A call that may be one of a host function. */
export interface HostCall {
  readonly offset: number;
  /** Index of the import. */
  readonly imported: number;
}

/** Where a breakpoint is in a module. */
export interface FoundTarget {
  readonly offsets: readonly number[];
  /** Calls of an import through tables and references. `ANY_CALL` stands for those that are not known. */
  readonly calls?: readonly HostCall[];
  /** The line, from 1, that has the code. */
  readonly line?: number;
}

/** Why there is nothing in a module. One without sources has no debug information, or at most names. */
export type NotFound = 'no sources' | 'no file' | 'no code' | 'no function' | 'other module';

/** Finds in modules what breakpoints are set on. */
export class BreakpointFinder {
  readonly #sources: ModuleSources;
  readonly #files: SourceFiles;
  readonly #disassemblies: Disassemblies;
  readonly #progress: Progress;

  constructor(sources: ModuleSources, files: SourceFiles, disassemblies: Disassemblies, progress: Progress) {
    this.#progress = progress;
    this.#sources = sources;
    this.#files = files;
    this.#disassemblies = disassemblies;
  }

  async find(target: BreakpointTarget, module: ModuleKey): Promise<FoundTarget | NotFound> {
    switch (target.kind) {
      case 'line':
        return await this.#findLine(module, await this.filesOf(module, target.path), target);
      case 'text':
        if (target.source.module !== module) return 'other module';
        if ('file' in target.source) return await this.#findLine(module, [target.source.file], target);
        return await this.#findInstruction(target.source, target.line);
      case 'function': {
        const symbols = this.#sources.of(module);
        let starts = await this.#disassemblies.functionsNamed(module, target.name);
        // Modules whose names were taken out may have debug information, in themselves or beside them.
        if (starts.length === 0) starts = await symbols.functionsNamed(target.name);
        const ends = await symbols.prologueEnds(starts);
        const offsets = starts.map((start, i) => ends[i] ?? start);
        const inlined = await this.#progress.during(
          'Reading debug information',
          symbols.inlinedCallsOf(target.name),
        );
        offsets.push(...inlined.slice(0, MOST_PLACES));
        if (!target.name.includes('::')) return offsets.length === 0 ? 'no function' : { offsets };
        const { lines, calls } = await this.#callsOf(module, target.name);
        offsets.push(...lines);
        return offsets.length + calls.length === 0 ? 'no function' : { offsets, calls };
      }
      case 'instruction':
        return target.module === module ? { offsets: [target.offset] } : 'other module';
    }
  }

  /** The names that a module has for a file. */
  async filesOf(module: ModuleKey, path: string): Promise<string[]> {
    const reading = this.#sources.of(module).files();
    const files = await this.#progress.during('Reading debug information', reading);
    const same = await Promise.all(files.map((file) => this.#files.isSame(file, path)));
    return files.filter((_, i) => same[i]);
  }

  /** The lines of a file, from the first one up to the last one, at which processes can be stopped, and their columns. */
  async lines(
    module: ModuleKey,
    files: readonly string[],
    first: number,
    last: number,
  ): Promise<{ line: number; column: number }[]> {
    const symbols = this.#sources.of(module);
    const found: { line: number; column: number }[] = [];
    for (const file of files) {
      const lines = await symbols.linesOf(file);
      for (const line of lines.filter((line) => line >= first && line <= last)) {
        for (const start of await symbols.startsOf(file, line))
          found.push({ line, column: columnIn(line, start) });
      }
    }
    return found;
  }

  async #findLine(
    module: ModuleKey,
    files: readonly string[],
    target: { readonly line: number; readonly column?: number },
  ): Promise<FoundTarget | NotFound> {
    const symbols = this.#sources.of(module);
    if (files.length === 0) return (await symbols.source()) === 'names' ? 'no sources' : 'no file';
    const nearest = await Promise.all(files.map((file) => lineFrom(symbols, file, target.line)));
    const line = Math.min(...nearest);
    if (line === Number.POSITIVE_INFINITY) return 'no code';
    const starts = (await Promise.all(files.map((file) => symbols.startsOf(file, line)))).flat();
    const inColumn =
      line === target.line ? starts.filter((start) => columnIn(line, start) === target.column) : [];
    const places = (inColumn.length > 0 ? inColumn : starts).slice(0, MOST_PLACES);
    // That of the head of a function is where its body begins.
    return { offsets: places.map(({ offset }) => offset), line: Math.min(...places.map(({ line }) => line)) };
  }

  /** Where the lines begin that call a host function, and the calls through tables and references that may do so. */
  async #callsOf(module: ModuleKey, name: string): Promise<{ lines: number[]; calls: HostCall[] }> {
    const symbols = this.#sources.of(module);
    const { direct, dynamic } = await this.#disassemblies.callsOf(module, name);
    const places = new Set<number>();
    for (const call of direct.slice(0, MOST_PLACES)) {
      const starts = await symbols.startsAround(call);
      places.add(starts.findLast((start) => start <= call) ?? call);
    }
    const calls = dynamic.flatMap(({ imported, offsets }) =>
      [ANY_CALL, ...offsets.slice(0, MOST_PLACES)].map((offset) => ({ offset, imported })),
    );
    return { lines: [...places], calls };
  }

  async #findInstruction(
    { module, functionIndex }: { readonly module: ModuleKey; readonly functionIndex: number },
    line: number,
  ): Promise<FoundTarget | NotFound> {
    const { offsets } = await this.#disassemblies.disassembly(module, functionIndex);
    const at = offsets.findIndex((offset, i) => i >= line - 1 && offset >= 0);
    const offset = offsets[at];
    return offset === undefined ? 'no code' : { offsets: [offset], line: at + 1 };
  }
}

/** The column that a place of a line has there. The head of a function stands for the place where its body begins, in a line behind it. */
function columnIn(line: number, start: { readonly line: number; readonly column: number }): number {
  return start.line === line ? start.column : 1;
}

/** The first line from there on that has code; infinity if there is none. */
async function lineFrom(symbols: ModuleSymbols, file: string, line: number): Promise<number> {
  const lines = await symbols.linesOf(file);
  return lines.find((candidate) => candidate >= line) ?? Number.POSITIVE_INFINITY;
}
