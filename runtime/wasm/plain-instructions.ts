import type { ByteReader } from './byte-reader.ts';
import type { InstructionReader } from './instruction-reader.ts';
import { isBulk, Op, PLAIN_SHAPES, Shape } from './opcodes.ts';
import type { TypeDefinition } from './type-definition.ts';

/** Instructions from here on are not about control. */
const FIRST_PLAIN = 0x1a;

/** What `pastPlain` passes before it stops at an access in any case. */
const MOST_PASSED = 16;

const Length = { notPlain: 0, alone: 1, number: 2, memory: 3, four: 4, eight: 5 } as const;

/**
 * By opcode: what follows an instruction that has no index to move and that most passes need not see. Those on tables are not among
 * them: whoever surveys the code must see which change one.
 */
const LENGTHS = PLAIN_SHAPES.map((kind, opcode) => {
  const isOfTable = opcode === Op.tableGet || opcode === Op.tableSet;
  if (opcode < FIRST_PLAIN || isBulk(opcode) || isOfTable) return Length.notPlain;
  switch (kind) {
    case Shape.none:
      return Length.alone;
    case Shape.index:
    case Shape.i32:
    case Shape.i64:
      return Length.number;
    case Shape.memory:
      return Length.memory;
    case Shape.bytes4:
      return Length.four;
    case Shape.bytes8:
      return Length.eight;
    default:
      return Length.notPlain;
  }
});

/** Bulk operations on little, which include a call of the engine's. `BulkWork` charges for more. */
const BULK_COST = 256;
/** Divisions and square roots, and those of vectors. */
const DIVISION_COST = 10;
const VECTOR_DIVISION_COST = 16;
/** The engine keeps a copy of each function that a table holds, for calls: up to 30 ns. */
const TABLE_SET_COST = 96;
/** Instructions that wait until all that was stored before is in memory, and a call of the engine's. */
const ATOMIC_COST = 8;
const FENCE_COST = 64;

/** By opcode: `costOf`. */
const COSTS = new Uint16Array(LENGTHS.length).map((_, opcode) => costOf(opcode));

/** Alignments from here on are followed by a memory's index. */
const NAMES_MEMORY = 0x40;

/**
 * Finds the first instruction from `at` on that is not a plain one. Plain are arithmetic, locals, globals, constants,
 * loads and stores. Most instructions are, and skipping them is several times as fast as reading them. It also stops at a load or
 * store after `MOST_PASSED` of them, and tells in `passedAccesses` how many it has passed.
 *
 * @param at in code that was read before, and so is well formed
 * @param stopAt an instruction to stop at in any case, or -1
 */
export function pastPlain(bytes: Uint8Array, at: number, stopAt: number): number {
  let here = at;
  let accesses = 0;
  while (here !== stopAt) {
    switch (LENGTHS[bytes[here] ?? 0]) {
      case Length.alone:
        here++;
        break;
      case Length.number:
        here = pastNumber(bytes, here + 1);
        break;
      case Length.memory:
        if ((bytes[here + 1] ?? 0) >= NAMES_MEMORY || accesses === MOST_PASSED) {
          passedAccesses = accesses;
          return here;
        }
        accesses++;
        here = pastNumber(bytes, here + 2);
        break;
      case Length.four:
        here += 5;
        break;
      case Length.eight:
        here += 9;
        break;
      default:
        passedAccesses = accesses;
        return here;
    }
  }
  passedAccesses = accesses;
  return here;
}

/** How many loads and stores `pastPlain` has passed when it was called last, and `readPlain` has read. */
export let passedAccesses = 0;

function pastNumber(bytes: Uint8Array, at: number): number {
  let here = at;
  while ((bytes[here] ?? 0) >= 0x80) here++;
  return here + 1;
}

/**
 * Reads plain instructions whose immediates take one byte each, as nearly all do. It stops at any other instruction.
 * @returns what they cost
 */
export function readPlain(reader: ByteReader): number {
  const { bytes } = reader;
  // Room for the longest of them, so that none reaches beyond the end.
  const last = reader.end - 9;
  let at = reader.position;
  let cost = 0;
  let accesses = 0;
  while (at < last) {
    const opcode = bytes[at] ?? 0;
    let next = at;
    switch (LENGTHS[opcode]) {
      case Length.alone:
        next = at + 1;
        break;
      case Length.number:
        if ((bytes[at + 1] ?? 0x80) < 0x80) next = at + 2;
        break;
      case Length.memory:
        if ((bytes[at + 1] ?? 0x80) < NAMES_MEMORY && (bytes[at + 2] ?? 0x80) < 0x80) {
          next = at + 3;
          accesses++;
        }
        break;
      case Length.four:
        next = at + 5;
        break;
      case Length.eight:
        next = at + 9;
        break;
    }
    if (next === at) break;
    cost += COSTS[opcode] ?? 0;
    at = next;
  }
  reader.position = at;
  passedAccesses = accesses;
  return cost;
}

/** Fields that take as long as an instruction, to make an object of them. */
const FIELDS_PER_UNIT = 2;

/** What an instruction costs beyond `costOf`, since it makes an object of many fields or elements. */
export function objectCost(
  types: readonly TypeDefinition[],
  { opcode, index, index2 }: InstructionReader,
): number {
  switch (opcode) {
    case Op.structNew:
    case Op.structNewDefault:
      return Math.floor((types[index]?.fields ?? 0) / FIELDS_PER_UNIT);
    case Op.arrayNewFixed:
      return Math.floor(index2 / FIELDS_PER_UNIT);
    default:
      return 0;
  }
}

/** What an instruction costs, in units of about a simple one: 0 if it compiles to nothing, or to another one's operand. */
export function costOf(opcode: number): number {
  switch (opcode) {
    case Op.localGet:
    case Op.localSet:
    case Op.localTee:
    case Op.i32Const:
    case Op.block:
    case Op.end:
    case Op.nop:
    case Op.drop:
      return 0;
    case 0x6d: // i32.div_s
    case 0x6e: // i32.div_u
    case 0x6f: // i32.rem_s
    case 0x70: // i32.rem_u
    case 0x7f: // i64.div_s
    case 0x80: // i64.div_u
    case 0x81: // i64.rem_s
    case 0x82: // i64.rem_u
    case 0x91: // f32.sqrt
    case 0x95: // f32.div
    case 0x9f: // f64.sqrt
    case 0xa3: // f64.div
      return DIVISION_COST;
    case 0x26: // table.set
      return TABLE_SET_COST;
    case 0xfd0e3: // f32x4.sqrt
    case 0xfd0e7: // f32x4.div
    case 0xfd0ef: // f64x2.sqrt
    case 0xfd0f3: // f64x2.div
      return VECTOR_DIVISION_COST;
    case 0xfe000: // memory.atomic.notify
    case 0xfe003: // atomic.fence
      return FENCE_COST;
    default:
      if (opcode >> 12 === 0xfe) return ATOMIC_COST;
      return isBulk(opcode) ? BULK_COST : 1;
  }
}
