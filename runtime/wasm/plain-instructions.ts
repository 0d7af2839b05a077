import type { ByteReader } from './byte-reader.ts';
import { op, plainShapes, shape } from './opcodes.ts';

/** Instructions from here on are not about control. */
const firstPlain = 0x1a;

const length = { notPlain: 0, alone: 1, number: 2, memory: 3, four: 4, eight: 5 } as const;

/** How an instruction goes on that neither moves nor matters to most passes, by its opcode. */
const lengths = Uint8Array.from(plainShapes, (kind, opcode) => {
  if (opcode < firstPlain) return length.notPlain;
  switch (kind) {
    case shape.none:
      return length.alone;
    case shape.index:
    case shape.i32:
    case shape.i64:
      return length.number;
    case shape.memory:
      return length.memory;
    case shape.bytes4:
      return length.four;
    case shape.bytes8:
      return length.eight;
    default:
      return length.notPlain;
  }
});

/** 0 for instructions that are free, else 1; by opcode. */
const costs = Uint8Array.from(lengths, (_, opcode) => (isFree(opcode) ? 0 : 1));

/** Alignments from here on are followed by a memory's index. */
const namesMemory = 0x40;

/**
 * Where the first instruction stands, from `at` on, that is not a plain one: arithmetic, locals, globals, constants,
 * loads and stores. Most are plain, and this is several times as fast as reading them.
 *
 * @param at in code that was read before, and so is well formed
 * @param stopAt an instruction to stop at in any case, or -1
 */
export function pastPlain(bytes: Uint8Array, at: number, stopAt: number): number {
  let here = at;
  while (here !== stopAt) {
    switch (lengths[bytes[here] ?? 0]) {
      case length.alone:
        here++;
        break;
      case length.number:
        here = pastNumber(bytes, here + 1);
        break;
      case length.memory:
        if ((bytes[here + 1] ?? 0) >= namesMemory) return here;
        here = pastNumber(bytes, here + 2);
        break;
      case length.four:
        here += 5;
        break;
      case length.eight:
        here += 9;
        break;
      default:
        return here;
    }
  }
  return here;
}

function pastNumber(bytes: Uint8Array, at: number): number {
  let here = at;
  while ((bytes[here] ?? 0) >= 0x80) here++;
  return here + 1;
}

/**
 * Reads plain instructions whose immediates take a byte each, which nearly all do. Stops at any other.
 * @returns how many there were that cost something
 */
export function readPlain(reader: ByteReader): number {
  const { bytes } = reader;
  // The longest of them, so that none reaches beyond the end.
  const last = reader.end - 9;
  let at = reader.position;
  let cost = 0;
  while (at < last) {
    const opcode = bytes[at] ?? 0;
    let next = at;
    switch (lengths[opcode]) {
      case length.alone:
        next = at + 1;
        break;
      case length.number:
        if ((bytes[at + 1] ?? 0x80) < 0x80) next = at + 2;
        break;
      case length.memory:
        if ((bytes[at + 1] ?? 0x80) < namesMemory && (bytes[at + 2] ?? 0x80) < 0x80) next = at + 3;
        break;
      case length.four:
        next = at + 5;
        break;
      case length.eight:
        next = at + 9;
        break;
    }
    if (next === at) break;
    cost += costs[opcode] ?? 0;
    at = next;
  }
  reader.position = at;
  return cost;
}

/** Instructions that compile to nothing, or to an operand of the next one. */
export function isFree(opcode: number): boolean {
  switch (opcode) {
    case op.localGet:
    case op.localSet:
    case op.localTee:
    case op.i32Const:
    case op.block:
    case op.end:
    case op.nop:
    case op.drop:
      return true;
    default:
      return false;
  }
}
