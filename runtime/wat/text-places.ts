import { InstructionReader } from '../wasm/instruction-reader.ts';
import type { WasmModule } from '../wasm/module.ts';
import { readValueType } from '../wasm/value-type.ts';
import { type Declarations, readDeclarations } from './declarations.ts';
import { instructionsOf, type PlacedInstruction } from './instruction-order.ts';
import { LineStarts } from './line-starts.ts';
import { mnemonic } from './mnemonics.ts';
import { readSyntax, type Syntax } from './syntax.ts';

/** Where an instruction stands in a text, in UTF-16 code units. */
export interface InstructionPlace {
  readonly start: number;
  readonly end: number;
}

/**
 * Where the instructions of a module stand in the text that it was assembled from. The assembler does not tell, so the
 * instructions of each function are counted in both. A function in which they differ has no places.
 */
export class TextPlaces {
  readonly syntax: Syntax;
  readonly declarations: Declarations;
  /** Offsets in the module, ascending, and what belongs to each. */
  readonly #offsets: Float64Array;
  readonly #starts: Float64Array;
  readonly #ends: Float64Array;
  /** The instructions that end a function. */
  readonly #ending = new Set<number>();
  /** By text: the numbers of the instructions, by their start. */
  #byStart: Uint32Array | undefined;

  constructor(module: WasmModule, source: string) {
    this.syntax = readSyntax(source);
    this.declarations = readDeclarations(this.syntax);
    const offsets: number[] = [];
    const places: PlacedInstruction[] = [];
    const { bodies } = this.declarations;
    if (bodies.length === module.functions.length) {
      for (const [i, { list }] of bodies.entries()) {
        const inText = instructionsOf(this.syntax, list);
        const inBinary = offsetsOf(module, i, inText);
        if (inBinary === undefined) continue;
        for (const [n, offset] of inBinary.entries()) {
          const place = inText[n];
          if (place === undefined) continue;
          offsets.push(offset);
          places.push(place);
        }
        this.#ending.add(places.length - 1);
      }
    }
    this.#offsets = Float64Array.from(offsets);
    this.#starts = Float64Array.from(places, ({ start }) => start);
    this.#ends = Float64Array.from(places, ({ end }) => end);
  }

  /** How many instructions have a place. */
  get count(): number {
    return this.#offsets.length;
  }

  /**
   * Where the instruction stands that covers an offset.
   * @param offset in the module
   */
  at(offset: number): InstructionPlace | undefined {
    const i = firstAbove(this.#offsets, offset) - 1;
    const start = this.#starts[i];
    const end = this.#ends[i];
    return start === undefined || end === undefined ? undefined : { start, end };
  }

  /** Where the lines of the text begin to be executed: by line the first of its instructions. Ascending. */
  lineOffsets(): Uint32Array {
    const lines = new LineStarts(this.syntax.source);
    const first = new Map<number, number>();
    for (const [i, offset] of this.#offsets.entries()) {
      const { line } = lines.positionAt(this.#starts[i] ?? 0);
      // The end of a block is no place of its own, but that of a function is.
      if (this.#isClosing(i) && !this.#ending.has(i)) continue;
      if (!first.has(line)) first.set(line, offset);
    }
    return Uint32Array.from(first.values()).sort();
  }

  /** Whether an instruction is an `end` that has only a parenthesis in the text. */
  #isClosing(i: number): boolean {
    return this.#ends[i] === (this.#starts[i] ?? 0) + 1 && this.syntax.source[this.#starts[i] ?? 0] === ')';
  }

  /**
   * The offset in the module of the first instruction, in the order of the text, that begins in `start..end`.
   */
  offsetIn(start: number, end: number): number | undefined {
    this.#byStart ??= Uint32Array.from(this.#starts.keys()).sort(
      (a, b) => (this.#starts[a] ?? 0) - (this.#starts[b] ?? 0),
    );
    const order = this.#byStart;
    let low = 0;
    let high = order.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#starts[order[middle] ?? 0] ?? 0) < start) low = middle + 1;
      else high = middle;
    }
    const found = order[low];
    if (found === undefined || (this.#starts[found] ?? end) >= end) return undefined;
    return this.#offsets[found];
  }
}

/** The offsets of a body's instructions; undefined if they are not those of the text. */
function offsetsOf(
  module: WasmModule,
  defined: number,
  text: readonly PlacedInstruction[],
): number[] | undefined {
  const { code } = module;
  const end = code.bodyEnd[defined] ?? 0;
  const reader = new InstructionReader(module.bytes, code.bodyStart[defined] ?? 0, end, 'a function');
  for (let groups = reader.u32('groups of locals'); groups > 0; groups--) {
    reader.u32('a number of locals');
    readValueType(reader);
  }
  const offsets: number[] = [];
  while (reader.position < end) {
    reader.next();
    if (mnemonic(reader.opcode) !== text[offsets.length]?.mnemonic) return undefined;
    offsets.push(reader.start);
  }
  return offsets.length === text.length ? offsets : undefined;
}

/** The index of the first number that is above a limit. */
function firstAbove(ascending: Float64Array, limit: number): number {
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ascending[middle] ?? 0) <= limit) low = middle + 1;
    else high = middle;
  }
  return low;
}
