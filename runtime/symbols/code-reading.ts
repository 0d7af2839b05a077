import { WasmFormatError } from '../wasm/format-error.ts';
import { InstructionReader } from '../wasm/instruction-reader.ts';
import { Op, Shape } from '../wasm/opcodes.ts';
import { readValueType } from '../wasm/value-type.ts';

/** Instructions that are looked at: a prologue has some ten, and three more for each parameter; a line has hundreds. */
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
 * The way from the beginning of a function to an instruction, if every call of it comes there, and once: nothing on it branches or
 * begins a loop. Null if that is not so.
 * @param code of all functions
 * @param start where the body of the function begins, which are its locals
 * @param mayCall whether something may be called on the way
 */
export function straightWay(code: Uint8Array, start: number, target: number, mayCall = false): WayIn | null {
  return unlessMalformed(() => {
    const reader = atInstructions(code, start, target);
    const first = reader.position;
    let stores = false;
    for (let i = 0; reader.position < target; i++) {
      reader.next();
      if (i === MOST_INSTRUCTIONS || !isStraight(reader, mayCall)) return null;
      stores ||= reader.opcode >= FIRST_STORE && reader.opcode <= LAST_STORE;
    }
    return reader.position === target ? { first, stores } : null;
  });
}

/**
 * Where processes come to a piece of code that a line has: to its first instruction that does something, and to that of each loop
 * in it, once a turn. Jumps go behind the instructions `loop` and `end`.
 */
export function arrivalsIn(code: Uint8Array, start: number, end: number): number[] {
  const arrivals: number[] = [];
  unlessMalformed(() => {
    const reader = new InstructionReader(code, start, code.length, 'a function');
    let isAtJump = true;
    for (let i = 0; reader.position < end && i < MOST_INSTRUCTIONS; i++) {
      reader.next();
      const { opcode } = reader;
      if (opcode === Op.loop) isAtJump = true;
      else if (isAtJump && opcode !== Op.block && opcode !== Op.end) {
        arrivals.push(reader.start);
        isAtJump = false;
      }
    }
    return null;
  });
  return arrivals.length > 0 ? arrivals : [start];
}

/** The functions that the first instructions of a function call. @param start where its body begins */
export function callsIn(code: Uint8Array, start: number, end: number): number[] {
  const called: number[] = [];
  unlessMalformed(() => {
    const reader = atInstructions(code, start, end);
    for (let i = 0; reader.position < end && i < MOST_INSTRUCTIONS; i++) {
      reader.next();
      if (reader.opcode === Op.call || reader.opcode === Op.returnCall) called.push(reader.index);
    }
    return null;
  });
  return called;
}

/** A reader at the first instruction of a body, behind its locals, unless that is behind the end. */
function atInstructions(code: Uint8Array, start: number, end: number): InstructionReader {
  const reader = new InstructionReader(code, start, code.length, 'a function');
  for (let groups = reader.u32('groups of locals'); groups > 0 && reader.position < end; groups--) {
    reader.u32('a number of locals');
    readValueType(reader);
  }
  return reader;
}

function isStraight({ opcode, shape }: InstructionReader, mayCall: boolean): boolean {
  if (opcode === Op.call) return mayCall;
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
