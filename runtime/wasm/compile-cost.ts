import { InstructionReader } from './instruction-reader.ts';
import type { WasmModule } from './module.ts';
import { Op, Shape } from './opcodes.ts';
import { stackEffect } from './stack-effect.ts';
import type { FuncType } from './type-definition.ts';

/** Calls that cost an engine as much as one state that it copies. */
const CALLS_PER_COPY = 16;

/** An engine writes code for each field of an object that it makes by default, which takes as long as so many copies. */
const COPIES_PER_FIELD = 64;

/** Copies, and bytes of a body, from which on compiling a function may take longer than others should wait: some 10 ms. */
const SLOW_COPIES = 4e5;
const SLOW_BYTES = 150_000;

/** Bytes of a module from which on compiling all of it before it runs takes too long, whatever its functions are. */
export const LARGEST_AHEAD = 2 ** 23;

/** Values that a handler may find on the stack. */
const CAUGHT = 16;

/**
 * How many values an engine copies when it compiles a function: at each place where control splits or joins, it keeps where all locals and
 * all values on the stack are, and gives none of it back before it has ended. So a function of some kilobytes can take gigabytes, when
 * it is first called. V8 takes some 12 bytes and 10 ns for each value. Fields of objects that are made by default are counted as well.
 *
 * Only what may be more than a limit is counted.
 * @returns the first function that is beyond the limit, by its index in the module; null if none is
 */
export function costlyFunction(module: WasmModule, limit: number): { index: number; copies: number } | null {
  const { code, importedFunctions } = module;
  const mostResults = module.types.reduce((most, { results }) => Math.max(most, results.length), 1);
  for (let i = 0; i < code.functionCount; i++) {
    const locals = localsOf(module, i);
    const bytes = (code.bodyEnd[i] ?? 0) - (code.codeStart[i] ?? 0);
    const calls = (code.firstCall[i + 1] ?? 0) - (code.firstCall[i] ?? 0);
    const states = (code.states[i] ?? 0) + calls / CALLS_PER_COPY;
    const ofFields = (code.defaultFields[i] ?? 0) * COPIES_PER_FIELD;
    // Two bytes may push as many values as a call has results.
    if (ofFields + states * (locals + (bytes / 2 + 1) * mostResults) <= limit) continue;
    const copies = ofFields + new Walk(module, i, locals).copies();
    if (copies > limit) return { index: importedFunctions + i, copies };
  }
  return null;
}

/**
 * Whether a function of a module takes so long to be compiled that this should not happen when it is first called.
 * @param largest bytes of a module for which nobody asks, since it is too large to be compiled ahead
 */
export function isSlowToCompile(module: WasmModule, largest = LARGEST_AHEAD): boolean {
  if (module.bytes.length > largest) return false;
  const { bodyStart, bodyEnd, functionCount } = module.code;
  for (let i = 0; i < functionCount; i++)
    if ((bodyEnd[i] ?? 0) - (bodyStart[i] ?? 0) > SLOW_BYTES) return true;
  return costlyFunction(module, SLOW_COPIES) !== null;
}

function localsOf({ code, functions, types }: WasmModule, i: number): number {
  return (code.localCount[i] ?? 0) + (types[functions[i] ?? -1]?.params.length ?? 0);
}

/** A walk through a function that follows the height of the stack. */
class Walk {
  readonly #module: WasmModule;
  readonly #reader: InstructionReader;
  readonly #locals: number;
  /** By open block: the height below it, its parameters and results. */
  readonly #bases: number[] = [];
  readonly #params: number[] = [];
  readonly #results: number[] = [];
  #height = 0;
  #copies = 0;

  constructor(module: WasmModule, i: number, locals: number) {
    const { code, bytes } = module;
    this.#module = module;
    this.#locals = locals;
    this.#reader = new InstructionReader(bytes, code.codeStart[i] ?? 0, code.bodyEnd[i] ?? 0, 'code section');
  }

  copies(): number {
    const reader = this.#reader;
    this.#open(0, 0);
    while (this.#bases.length > 0 && reader.position < reader.end) {
      reader.next();
      this.#height += stackEffect(reader.opcode);
      this.#follow(reader);
      this.#height = Math.max(this.#height, this.#bases.at(-1) ?? 0);
    }
    return Math.round(this.#copies);
  }

  #follow(reader: InstructionReader): void {
    const { opcode } = reader;
    switch (reader.shape) {
      case Shape.none:
        this.#bare(opcode);
        return;
      case Shape.function:
        if (opcode !== Op.refFunc) this.#call(this.#module.functionType(reader.index));
        return;
      case Shape.twoIndices:
        if (opcode === Op.callIndirect || opcode === Op.returnCallIndirect) this.#callIndirect(reader.index);
        return;
      case Shape.index:
        if (opcode === Op.callRef || opcode === Op.returnCallRef) this.#callIndirect(reader.index);
        else if (opcode === Op.catch) this.#catch();
        return;
      case Shape.blockType:
      case Shape.tryTable: {
        if (reader.shape === Shape.tryTable) this.#copy(reader.labelCount);
        const type = this.#module.types[reader.blockType];
        const isEmpty = reader.bytes[reader.blockTypeEnd - 1] === 0x40;
        this.#open(type?.params.length ?? 0, type?.results.length ?? (isEmpty ? 0 : 1));
        // The state before the other branch of an `if` is kept as well.
        if (opcode !== Op.block) this.#copy(opcode === Op.if ? 2 : 1);
        return;
      }
      case Shape.label:
        if (opcode === Op.delegate) this.#close();
        else this.#copy(1);
        return;
      case Shape.labelTable:
      case Shape.castLabel:
        this.#copy(reader.labelCount);
    }
  }

  #bare(opcode: number): void {
    if (opcode === Op.end) this.#close();
    else if (opcode === Op.else) this.#height = (this.#bases.at(-1) ?? 0) + (this.#params.at(-1) ?? 0);
    else if (opcode === Op.catchAll) this.#catch();
  }

  #copy(states: number): void {
    this.#copies += states * (this.#locals + this.#height);
  }

  #open(params: number, results: number): void {
    this.#bases.push(Math.max(0, this.#height - params));
    this.#params.push(params);
    this.#results.push(results);
  }

  #close(): void {
    this.#params.pop();
    this.#height = (this.#bases.pop() ?? 0) + (this.#results.pop() ?? 0);
  }

  #catch(): void {
    this.#height = (this.#bases.at(-1) ?? 0) + CAUGHT;
    this.#copy(1);
  }

  #callIndirect(type: number): void {
    this.#height--;
    this.#call(this.#module.types[type]);
  }

  #call(type: FuncType | undefined): void {
    if (type !== undefined) this.#height += type.results.length - type.params.length;
    this.#copy(1 / CALLS_PER_COPY);
  }
}
