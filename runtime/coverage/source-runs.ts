import type { SymbolFrame, Symbols } from '../symbols/symbols.ts';
import { type CoverPlaces, firstFrom, type WasmModule } from '../wasm/index.ts';

/** Runs that are kept of a module. Programs of some megabytes have half a million. */
const MOST_RUNS = 4_000_000;

/** Characters of names of files that are kept. */
const MOST_CHARACTERS = 2 ** 24;

/** Runs of code in libraries that are looked up for calls in the author's own code: those that were inlined there. */
const MOST_LOOK_UPS = 50_000;

/** A line in one of the sources. */
export interface SourceLineId {
  readonly file: string;
  readonly line: number;
}

/** The runs of a module's code that stand for lines of its author's sources, or of all sources. */
export class SourceRuns implements CoverPlaces {
  readonly offsets: Uint32Array;
  readonly lines: Uint32Array;
  readonly columns: Uint32Array;
  /** By number of a line, from 1. */
  readonly #ids: readonly (SourceLineId | undefined)[];

  private constructor(
    offsets: Uint32Array,
    lines: Uint32Array,
    columns: Uint32Array,
    ids: readonly (SourceLineId | undefined)[],
  ) {
    this.offsets = offsets;
    this.lines = lines;
    this.columns = columns;
    this.#ids = ids;
  }

  /** @param includes whether a source is of interest */
  static of(module: WasmModule, symbols: Symbols, includes: (file: string) => boolean): SourceRuns {
    const rows = new Rows(includes);
    const { bodyStart, codeStart, bodyEnd, functionCount } = module.code;
    symbols.forEachRow?.((offset, file, line, column) => rows.add(offset, file, line, column));
    const order = rows.order();
    const offsets = order.map((row) => rows.offsets[row] ?? 0);
    const lines = order.map((row) => rows.lines[row] ?? 0);
    const columns = order.map((row) => rows.columns[row] ?? 0);
    let run = 0;
    for (let i = 0; i < functionCount; i++) {
      const start = codeStart[i] ?? 0;
      const end = bodyEnd[i] ?? 0;
      while ((offsets[run] ?? end) < (bodyStart[i] ?? 0)) run++;
      const first = run;
      let isOwn = false;
      for (; (offsets[run] ?? end) < end; run++) {
        // What stands before the first instruction means that instruction.
        if ((offsets[run] ?? 0) < start) offsets[run] = start;
        isOwn ||= lines[run] !== 0;
      }
      // Of code that was inlined from a library, the line of the author's that calls it counts.
      if (!isOwn) continue;
      for (let at = first; at < run; at++) {
        if (lines[at] !== 0 || !rows.takeLookUp()) continue;
        const caller = symbols.framesAt(offsets[at] ?? 0).find((frame) => isIncluded(frame, includes));
        if (caller?.place) lines[at] = rows.idOf(caller.place.file, caller.place.line);
      }
    }
    return new SourceRuns(offsets, lines, columns, rows.ids);
  }

  /** Runs of a module of whose sources nothing is known: the first instruction of each function, whose number is that of its line. */
  static ofFunctions(module: WasmModule): SourceRuns {
    const { codeStart, functionCount } = module.code;
    const offsets = new Uint32Array(2 * functionCount);
    const lines = new Uint32Array(2 * functionCount);
    for (let i = 0; i < functionCount; i++) {
      const start = codeStart[i] ?? 0;
      offsets.set([start, start + 1], 2 * i);
      lines[2 * i] = i + 1;
    }
    return new SourceRuns(offsets, lines, new Uint32Array(offsets.length), []);
  }

  /** The number of the run that an offset is in; -1 if there is none. */
  at(offset: number): number {
    return firstFrom(this.offsets, offset + 1) - 1;
  }

  /** The line of a run; undefined if nobody wants it. */
  lineOf(run: number): SourceLineId | undefined {
    return this.#ids[this.lines[run] ?? 0];
  }
}

function isIncluded({ place }: SymbolFrame, includes: (file: string) => boolean): boolean {
  return place !== null && place.line > 0 && includes(place.file);
}

class Rows {
  offsets = new Uint32Array(1024);
  lines = new Uint32Array(1024);
  columns = new Uint32Array(1024);
  count = 0;
  readonly ids: (SourceLineId | undefined)[] = [undefined];
  readonly #includes: (file: string) => boolean;
  /** By file: its lines, or null if nobody wants them. */
  readonly #files = new Map<string, Map<number, number> | null>();
  #characters = 0;
  #lookUps = 0;

  constructor(includes: (file: string) => boolean) {
    this.#includes = includes;
  }

  /** Whether one more run may be looked up. Counts it. */
  takeLookUp(): boolean {
    return this.#lookUps++ < MOST_LOOK_UPS;
  }

  add(offset: number, file: string, line: number, column: number): void {
    if (this.count === MOST_RUNS || !(offset < 2 ** 32)) return;
    if (this.count === this.offsets.length) this.#grow();
    this.offsets[this.count] = offset;
    this.lines[this.count] = this.idOf(file, line);
    this.columns[this.count] = column;
    this.count++;
  }

  /** The number of a line; 0 if nobody wants it. */
  idOf(file: string, line: number): number {
    if (!(line > 0 && line < 2 ** 31)) return 0;
    let lines = this.#files.get(file);
    if (lines === undefined) {
      this.#characters += file.length;
      if (this.#characters > MOST_CHARACTERS) return 0;
      lines = file !== '' && this.#includes(file) ? new Map() : null;
      this.#files.set(file, lines);
    }
    if (lines === null) return 0;
    let id = lines.get(line);
    if (id === undefined) {
      id = this.ids.push({ file, line }) - 1;
      lines.set(line, id);
    }
    return id;
  }

  /** The rows in the order of their offsets; of the same offset, in the order in which they were told. */
  order(): Uint32Array {
    const order = new Uint32Array(this.count);
    for (let i = 0; i < order.length; i++) order[i] = i;
    return order.sort((a, b) => (this.offsets[a] ?? 0) - (this.offsets[b] ?? 0) || a - b);
  }

  #grow(): void {
    const grown = (list: Uint32Array<ArrayBuffer>) => {
      const longer = new Uint32Array(2 * list.length);
      longer.set(list);
      return longer;
    };
    this.offsets = grown(this.offsets);
    this.lines = grown(this.lines);
    this.columns = grown(this.columns);
  }
}
