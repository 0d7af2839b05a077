import { WasmFormatError } from '../wasm/format-error.ts';
import { InstructionReader } from '../wasm/instruction-reader.ts';
import { Op, Shape } from '../wasm/opcodes.ts';
import { readValueType } from '../wasm/value-type.ts';

/** Instructions that are looked at: a prologue has some ten, and three more for each parameter. */
const MOST_INSTRUCTIONS = 4096;

/** Instructions before this one are about control. */
const FIRST_PLAIN = Op.drop;
const FIRST_STORE = 0x36;
const LAST_STORE = 0x3e;

/** What is done from the beginning of a function up to another place in it. */
export interface WayIn {
  /** Where its first instruction is. */
  readonly first: number;
  /** Whether something is written into memory. */
  readonly stores: boolean;
}

/**
 * The way from the beginning of a function to an instruction, if every call of it comes there, and once: nothing on it calls,
 * branches, or begins a loop. Null if that is not so.
 * @param code of all functions
 * @param start where the body of the function begins, which are its locals
 */
export function straightWay(code: Uint8Array, start: number, target: number): WayIn | null {
  return unlessMalformed(() => {
    const reader = new InstructionReader(code, start, code.length, 'a function');
    for (let groups = reader.u32('groups of locals'); groups > 0 && reader.position < target; groups--) {
      reader.u32('a number of locals');
      readValueType(reader);
    }
    const first = reader.position;
    let stores = false;
    for (let i = 0; reader.position < target; i++) {
      reader.next();
      if (i === MOST_INSTRUCTIONS || !isStraight(reader)) return null;
      stores ||= reader.opcode >= FIRST_STORE && reader.opcode <= LAST_STORE;
    }
    return reader.position === target ? { first, stores } : null;
  });
}

/** The first instruction in the loops that begin with the one at an offset; null if none begins there. */
export function insideLoop(code: Uint8Array, at: number): number | null {
  if (code[at] !== Op.loop && code[at] !== Op.block) return null;
  return unlessMalformed(() => {
    const reader = new InstructionReader(code, at, code.length, 'a function');
    let loops = 0;
    for (let i = 0; i < MOST_INSTRUCTIONS; i++) {
      reader.next();
      if (reader.opcode === Op.loop) loops++;
      else if (reader.opcode !== Op.block) return loops > 0 ? reader.start : null;
    }
    return null;
  });
}

function isStraight({ opcode, shape }: InstructionReader): boolean {
  if (opcode < FIRST_PLAIN) return opcode === Op.nop || opcode === Op.block;
  return opcode !== Op.tryTable && shape !== Shape.label && shape !== Shape.castLabel;
}

function unlessMalformed<Found>(read: () => Found | null): Found | null {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof WasmFormatError)) throw error;
    return null;
  }
}
