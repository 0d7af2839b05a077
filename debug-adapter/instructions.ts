import { disassembleFunction, type WasmModule } from '../runtime/internal.ts';

/** An instruction of a module, as text. */
export interface Instruction {
  /** In the module. */
  readonly offset: number;
  readonly text: string;
  /** As hexadecimal digits, two for each byte. */
  readonly bytes: string;
  readonly functionIndex: number;
  readonly isFirst: boolean;
}

/** Instructions that follow each other, and where they begin. */
export interface Instructions {
  /** How many places before the first one there is none. */
  readonly missing: number;
  readonly instructions: readonly Instruction[];
}

/** Bytes of an instruction that are shown: one with a table of branches may have megabytes. */
const MAX_BYTES = 16;
/** Functions that are looked at for one answer. Long ones without instructions in between would take very long. */
const MAX_FUNCTIONS = 1000;

/**
 * The instructions around one, across the borders of functions.
 * @param offset of an instruction, or of any byte within it
 * @param first how many instructions from that one the first of them is; negative if it is before
 */
export function instructionsAround(
  module: WasmModule,
  offset: number,
  first: number,
  count: number,
): Instructions {
  const functions = module.code.bodyStart;
  const middle = lastAtOrBefore(functions, offset);
  if (middle < 0) return { missing: count, instructions: [] };
  const own = instructionsOf(module, middle);
  // By function: one may have hundreds of thousands.
  const before: Instruction[][] = [];
  const after: Instruction[][] = [];
  let length = own.length;
  let position = lastAtOrBefore(
    own.map((instruction) => instruction.offset),
    offset,
  );
  for (let i = middle - 1; i >= 0 && middle - i < MAX_FUNCTIONS && position + first < 0; i--) {
    const instructions = instructionsOf(module, i);
    before.push(instructions);
    position += instructions.length;
    length += instructions.length;
  }
  for (let i = middle + 1; i < functions.length && i - middle < MAX_FUNCTIONS; i++) {
    if (length >= position + first + count) break;
    const instructions = instructionsOf(module, i);
    after.push(instructions);
    length += instructions.length;
  }
  const found = [...before.toReversed(), own, ...after].flat();
  const start = position + first;
  const missing = Math.min(count, Math.max(0, -start));
  return { missing, instructions: found.slice(Math.max(0, start), Math.max(0, start + count)) };
}

/** @param i index among the functions that the module defines */
function instructionsOf(module: WasmModule, i: number): Instruction[] {
  const functionIndex = module.importedFunctions + i;
  const { text, offsets } = disassembleFunction(module, functionIndex);
  const lines = text.split('\n');
  const end = module.code.bodyEnd[i] ?? 0;
  const starts = offsets.flatMap((offset, line) => (offset < 0 ? [] : [{ offset, line }]));
  return starts.map(({ offset, line }, k) => {
    const next = starts[k + 1]?.offset ?? end;
    const bytes = Buffer.from(module.bytes.subarray(offset, Math.min(next, offset + MAX_BYTES)));
    const isLast = k === starts.length - 1;
    return {
      offset,
      text: isLast ? 'end' : (lines[line]?.trim() ?? ''),
      bytes: bytes.toString('hex'),
      functionIndex,
      isFirst: k === 0,
    };
  });
}

/** The index of the last of ascending numbers that is no larger; -1 if there is none. */
function lastAtOrBefore(ascending: ArrayLike<number>, wanted: number): number {
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ascending[middle] ?? 0) <= wanted) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
