import { plainShapes, shape } from './opcodes.ts';

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
