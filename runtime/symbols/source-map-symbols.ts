import { decodedMappings, TraceMap } from '@jridgewell/trace-mapping';
import { arrivalsIn, straightWay } from './code-reading.ts';
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
    this.#leaveOutInlined();
  }

  /** What was inlined of a library, and the defaults of its parameters, belong to the line of the author's that calls it. */
  #leaveOutInlined(): void {
    let end = 0;
    let isLibrary = true;
    for (const [i, offset] of this.#offsets.entries()) {
      if (offset >= end) {
        const functionIndex = this.#parts.functionAt(offset);
        if (functionIndex < 0) continue;
        ({ end } = this.#parts.bodyOf(functionIndex));
        const name = this.#names.framesAt(offset)[0]?.functionName;
        isLibrary = name == null || name.startsWith(LIBRARY);
      }
      if (!isLibrary && this.#sources[this.#files[i] ?? NO_SOURCE]?.startsWith(LIBRARY) === true)
        this.#files[i] = NO_SOURCE;
    }
  }

  framesAt(offset: number): readonly SymbolFrame[] {
    const functionIndex = this.#parts.functionAt(offset);
    if (functionIndex < 0) return [];
    const place = this.#placeAt(offset, this.#parts.bodyOf(functionIndex));
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
    const { code, codeStart } = this.#parts;
    return this.#linesOf(file)
      .startsOf(line)
      .flatMap((start) => {
        const arrivals = arrivalsIn(code, start.offset - codeStart, this.#runEnd(start.offset) - codeStart);
        return arrivals.map((arrival) => ({ ...start, offset: codeStart + arrival }));
      });
  }

  /** With where functions begin, so that it can be told when one is called again. */
  allStarts(): Iterable<number> {
    const starts = new Set<number>();
    for (const file of this.files())
      for (const line of this.linesOf(file))
        for (const { offset } of this.startsOf(file, line)) {
          starts.add(offset);
          starts.add(this.#parts.bodyOf(this.#parts.functionAt(offset)).start);
        }
    return starts;
  }

  /** Compilers say nothing of where a function makes room on a stack in memory. */
  prologueEnd(offset: number): number | null {
    const { code, codeStart } = this.#parts;
    const functionIndex = this.#parts.functionAt(offset);
    if (functionIndex < 0) return null;
    const { start, end } = this.#parts.bodyOf(functionIndex);
    const first = this.#offsets[this.#firstFrom(start)] ?? end;
    if (first >= end) return null;
    return straightWay(code, start - codeStart, first - codeStart, true) === null ? null : first;
  }

  /** Where the code of the line ends that begins at an offset. */
  #runEnd(offset: number): number {
    const { end } = this.#parts.bodyOf(this.#parts.functionAt(offset));
    const first = lastAtMost(this.#offsets, this.#offsets.length, offset);
    for (let i = first + 1; (this.#offsets[i] ?? end) < end; i++) {
      if (this.#files[i] === NO_SOURCE) continue;
      if (this.#files[i] !== this.#files[first] || this.#lines[i] !== this.#lines[first])
        return this.#offsets[i] ?? end;
    }
    return end;
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
   * instructions in the midst of a statement, even to calls: these belong to what stands before; those at the beginning of a function
   * to what comes first.
   */
  #placeAt(
    offset: number,
    { start, end }: { readonly start: number; readonly end: number },
  ): SourcePlace | null {
    let index = lastAtMost(this.#offsets, this.#offsets.length, offset);
    while (this.#files[index] === NO_SOURCE && (this.#offsets[index] ?? 0) >= start) index--;
    if (index < 0 || (this.#offsets[index] ?? 0) < start) index = this.#firstFrom(start);
    const file = this.#sources[this.#files[index] ?? NO_SOURCE];
    if (file === undefined || (this.#offsets[index] ?? end) >= end) return null;
    return { file, line: this.#lines[index] ?? 0, column: this.#columns[index] ?? 0 };
  }

  /** The first mapping with a source from an offset on. */
  #firstFrom(offset: number): number {
    let index = lastAtMost(this.#offsets, this.#offsets.length, offset - 1) + 1;
    while (this.#files[index] === NO_SOURCE) index++;
    return index;
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
