import type { LineStart, SymbolFrame, Symbols } from '../symbols/symbols.ts';
import type { WasmModule } from '../wasm/module.ts';
import { Op } from '../wasm/opcodes.ts';
import { LineStarts } from './line-starts.ts';
import { TextPlaces } from './text-places.ts';

/** Symbols of a module that was assembled from a text: its instructions stand at lines of that. */
export class TextSymbols implements Symbols {
  readonly source = 'text';
  readonly variables = null;
  readonly #module: WasmModule;
  readonly #path: string;
  readonly #text: string;
  readonly #names: Symbols;
  readonly #places: TextPlaces;
  readonly #lines: LineStarts;
  /** By line from 1: where it begins to be executed. */
  #starts: ReadonlyMap<number, LineStart> | null = null;

  /**
   * @param path of the text
   * @param names the symbols of the module without its text
   */
  constructor(module: WasmModule, path: string, text: string, names: Symbols) {
    this.#module = module;
    this.#path = path;
    this.#text = text;
    this.#names = names;
    this.#places = new TextPlaces(module, text);
    this.#lines = new LineStarts(text);
  }

  framesAt(offset: number): readonly SymbolFrame[] {
    const [named] = this.#names.framesAt(offset);
    const place = this.#places.at(offset);
    if (place === undefined) return named === undefined ? [] : [named];
    const { line, column } = this.#lines.positionAt(place.start);
    return [
      {
        functionName: named?.functionName ?? null,
        linkageName: named?.linkageName ?? null,
        place: { file: this.#path, line: line + 1, column: column + 1 },
        isInlined: false,
      },
    ];
  }

  files(): readonly string[] {
    return this.#places.count === 0 ? [] : [this.#path];
  }

  linesOf(file: string): readonly number[] {
    return file === this.#path ? [...this.#lineStarts.keys()].sort((a, b) => a - b) : [];
  }

  startsOf(file: string, line: number): readonly LineStart[] {
    const start = file === this.#path ? this.#lineStarts.get(line) : undefined;
    return start === undefined ? [] : [start];
  }

  forEachRow(visit: (offset: number, file: string, line: number, column: number) => void): void {
    for (const { offset, line, column } of this.#lineStarts.values()) {
      const opcode = this.#module.bytes[offset] ?? 0;
      // These do nothing: they belong to what stands before.
      if (opcode !== Op.end && opcode !== Op.else) visit(offset, this.#path, line, column);
    }
  }

  startsAround(offset: number): readonly number[] {
    const { bodyStart, bodyEnd } = this.#module.code;
    const defined = bodyStart.findIndex((start, i) => offset >= start && offset < (bodyEnd[i] ?? 0));
    const start = bodyStart[defined] ?? 0;
    const end = bodyEnd[defined] ?? 0;
    return [...this.#places.lineOffsets()].filter((at) => at >= start && at < end);
  }

  contentOf(file: string): string | null {
    return file === this.#path ? this.#text : null;
  }

  get #lineStarts(): ReadonlyMap<number, LineStart> {
    this.#starts ??= new Map(
      Array.from(this.#places.lineOffsets(), (offset) => {
        const { line, column } = this.#lines.positionAt(this.#places.at(offset)?.start ?? 0);
        return [line + 1, { offset, line: line + 1, column: column + 1 }];
      }),
    );
    return this.#starts;
  }
}
