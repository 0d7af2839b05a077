import { decodedMappings, TraceMap } from '@jridgewell/trace-mapping';
import { lastAtMost } from './dwarf/range-map.ts';
import { FileLines, LineStartList } from './file-lines.ts';
import type { ModuleParts } from './module-parts.ts';
import type { NameSymbols } from './name-symbols.ts';
import type { LineStart, SourcePlace, SymbolFrame, Symbols } from './symbols.ts';

/** The prefix of AssemblyScript's library, whose sources are in no folder. */
const LIBRARY = '~lib/';

/** A mapping without a source says that what follows comes from none. */
const NO_SOURCE = -1;

/** Files whose lines are kept. */
const MAX_FILES = 64;

/**
 * Symbols from a source map. Its generated line is the module, its columns are offsets in that; the functions' names come from
 * the module. Source: ECMA-426; WebAssembly's tool conventions, "Debugging".
 */
export class SourceMapSymbols implements Symbols {
  readonly source = 'source map';
  readonly variables = null;
  readonly #parts: ModuleParts;
  readonly #names: NameSymbols;
  readonly #sources: readonly string[];
  readonly #contents: readonly (string | null)[];
  /** By mapping, in the order of offsets. */
  readonly #offsets: Int32Array;
  readonly #files: Int32Array;
  readonly #lines: Int32Array;
  readonly #columns: Int32Array;
  readonly #known = new Map<string, FileLines>();

  /**
   * @param json the source map
   * @param url where it comes from, from which the paths of sources count; null if it is in the module
   * @throws Error if it is not a source map
   */
  constructor(json: string, url: string | null, parts: ModuleParts, names: NameSymbols) {
    this.#parts = parts;
    this.#names = names;
    const map = new TraceMap(json, url);
    this.#sources = sourcesOf(map);
    this.#contents = this.#sources.map((_, index) => {
      const content: unknown = map.sourcesContent?.[index];
      return typeof content === 'string' ? content : null;
    });
    const segments = decodedMappings(map)[0] ?? [];
    this.#offsets = new Int32Array(segments.length);
    this.#files = new Int32Array(segments.length).fill(NO_SOURCE);
    this.#lines = new Int32Array(segments.length);
    this.#columns = new Int32Array(segments.length);
    for (const [i, [offset, file, line = 0, column = 0]] of segments.entries()) {
      this.#offsets[i] = offset;
      if (file === undefined || file < 0 || file >= this.#sources.length) continue;
      this.#files[i] = file;
      this.#lines[i] = line + 1;
      this.#columns[i] = column + 1;
    }
  }

  framesAt(offset: number): readonly SymbolFrame[] {
    const functionIndex = this.#parts.functionAt(offset);
    if (functionIndex < 0) return [];
    const place = this.#placeAt(offset, this.#parts.bodyOf(functionIndex).start);
    const [named] = this.#names.framesAt(offset);
    if (named !== undefined) return [{ ...named, place }];
    return place === null ? [] : [{ functionName: null, linkageName: null, place, isInlined: false }];
  }

  files(): readonly string[] {
    return [...new Set(this.#sources)];
  }

  linesOf(file: string): readonly number[] {
    return this.#linesOf(file).lines();
  }

  startsOf(file: string, line: number): readonly LineStart[] {
    return this.#linesOf(file).startsOf(line);
  }

  forEachRow(visit: (offset: number, file: string, line: number, column: number) => void): void {
    for (let i = 0; i < this.#offsets.length; i++) {
      const file = this.#sources[this.#files[i] ?? NO_SOURCE];
      // What has no source belongs to what stands before.
      if (file !== undefined) visit(this.#offsets[i] ?? 0, file, this.#lines[i] ?? 0, this.#columns[i] ?? 0);
    }
  }

  startsAround(offset: number): readonly number[] {
    const functionIndex = this.#parts.functionAt(offset);
    if (functionIndex < 0) return [];
    const { start, end } = this.#parts.bodyOf(functionIndex);
    const starts: number[] = [];
    let last = '';
    for (
      let i = lastAtMost(this.#offsets, this.#offsets.length, start - 1) + 1;
      (this.#offsets[i] ?? end) < end;
      i++
    ) {
      if (this.#files[i] === NO_SOURCE) continue;
      const line = `${this.#files[i]} ${this.#lines[i]}`;
      if (line !== last) starts.push(this.#offsets[i] ?? 0);
      last = line;
    }
    return starts;
  }

  contentOf(file: string): string | null {
    return this.#contents[this.#sources.indexOf(file)] ?? null;
  }

  /**
   * The place of the last mapping before an offset, if it belongs to the same function. Compilers give no source to many
   * instructions in the midst of a statement, even to calls: these belong to what stands before.
   */
  #placeAt(offset: number, functionStart: number): SourcePlace | null {
    let index = lastAtMost(this.#offsets, this.#offsets.length, offset);
    while (this.#files[index] === NO_SOURCE && (this.#offsets[index] ?? 0) >= functionStart) index--;
    if (index < 0 || (this.#offsets[index] ?? 0) < functionStart) return null;
    const file = this.#sources[this.#files[index] ?? NO_SOURCE];
    if (file === undefined) return null;
    return { file, line: this.#lines[index] ?? 0, column: this.#columns[index] ?? 0 };
  }

  #linesOf(file: string): FileLines {
    const known = this.#known.get(file);
    if (known !== undefined) return known;
    if (this.#known.size === MAX_FILES) this.#known.clear();
    const starts = new LineStartList();
    let lastLine = 0;
    let lastFunction = -1;
    for (let i = 0; i < this.#offsets.length; i++) {
      // It belongs to what stands before.
      if (this.#files[i] === NO_SOURCE) continue;
      const offset = this.#offsets[i] ?? 0;
      const source = this.#sources[this.#files[i] ?? NO_SOURCE];
      const line = source === file ? (this.#lines[i] ?? 0) : 0;
      const inFunction = this.#parts.functionAt(offset);
      const isNew = line !== lastLine || inFunction !== lastFunction;
      if (isNew && line > 0) starts.add(line, this.#columns[i] ?? 0, offset);
      lastLine = line;
      lastFunction = inFunction;
    }
    const lines = new FileLines(starts);
    this.#known.set(file, lines);
    return lines;
  }
}

/**
 * The paths of sources. Those of AssemblyScript count from where the compiler ran, and not from the source map; the root that it
 * names is the module's name, and no folder.
 */
function sourcesOf({ sources, resolvedSources }: TraceMap): string[] {
  const isAssemblyScript = sources.some((source) => typeof source === 'string' && source.startsWith(LIBRARY));
  return (isAssemblyScript ? sources : resolvedSources).map((source) => String(source).replace(/^\.\//, ''));
}
