import type { FrameLayout, KeptLocal } from './frame-layout.ts';
import { InstructionReader } from './instruction-reader.ts';
import type { WasmModule } from './module.ts';
import { Op } from './opcodes.ts';

const FIRST_NUMERIC = 0x45;
const LAST_NUMERIC = 0xc4;
/** Divisions, remainders, and conversions that trap. */
const TRAPPING: readonly (readonly [first: number, last: number])[] = [
  [0x6d, 0x70],
  [0x7f, 0x82],
  [0xa8, 0xab],
  [0xae, 0xb1],
];

/** Instructions that a function may begin with, and in which it cannot trap or go anywhere else. */
const HARMLESS = Uint8Array.from({ length: 0x100 }, (_, opcode) => {
  if (opcode === Op.drop || opcode === Op.select || opcode === Op.nop) return 1;
  if (opcode >= Op.localGet && opcode <= Op.globalSet) return 1;
  // With its `end`, a function that has nothing else needs no frame.
  if (opcode === Op.end || (opcode >= Op.i32Const && opcode < FIRST_NUMERIC)) return 1;
  if (opcode < FIRST_NUMERIC || opcode > LAST_NUMERIC) return 0;
  return TRAPPING.some(([first, last]) => opcode >= first && opcode <= last) ? 0 : 1;
});

/** Whether the beginning of a function goes on with an instruction; where it ends, `ProbeCode` keeps what is known by then. */
export function isHarmless(opcode: number): boolean {
  return HARMLESS[opcode] === 1;
}

/**
 * The locals of a frame that have kept the values which they had at the end of the function's beginning, wherever it is later:
 * parameters that are never set, and what is set once, in the beginning. In code that was not optimised, the address of all
 * variables in memory is among them.
 * @param defined number of the function, counted from the first defined one
 * @param offset where the function is
 */
export function settledLocals(
  module: WasmModule,
  defined: number,
  { locals }: FrameLayout,
  offset: number,
): KeptLocal[] {
  const { bytes, code } = module;
  const parameters = module.functionType(module.importedFunctions + defined)?.params.length ?? 0;
  const end = code.bodyEnd[defined] ?? 0;
  const reader = new InstructionReader(bytes, code.codeStart[defined] ?? 0, end, 'code section');
  let from = -1;
  /** Locals that are set: before the beginning is over, and in all. */
  const early = new Set<number>();
  const sets = new Map<number, number>();
  while (reader.position < end) {
    reader.next();
    if (from < 0 && !isHarmless(reader.opcode)) from = reader.start;
    if (reader.opcode !== Op.localSet && reader.opcode !== Op.localTee) continue;
    if (from < 0) early.add(reader.index);
    sets.set(reader.index, (sets.get(reader.index) ?? 0) + 1);
  }
  if (from < 0 || offset < from) return [];
  return locals.filter(({ index }) =>
    early.has(index) ? sets.get(index) === 1 : index < parameters && !sets.has(index),
  );
}
