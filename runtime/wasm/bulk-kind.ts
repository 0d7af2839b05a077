import { Op } from './opcodes.ts';

/** A bulk instruction with its immediates. */
export interface BulkKind {
  readonly opcode: number;
  /** The first index: of a memory, a table, a segment or a type. */
  readonly index: number;
  /** The second one, where there is one. */
  readonly index2: number;
}

/** Instructions of equal key are charged in the same way. */
export function bulkKey({ opcode, index, index2 }: BulkKind): string {
  switch (opcode) {
    case Op.memoryInit:
    case Op.memoryCopy:
    case Op.tableCopy:
    case Op.tableInit:
    case Op.arrayCopy:
    case Op.arrayInitData:
    case Op.arrayInitElem:
      return `${opcode} ${index} ${index2}`;
    default:
      return `${opcode} ${index}`;
  }
}

/** How many pairs of types there are between which arrays are copied. */
export function arrayCopies(bulk: Iterable<BulkKind>): number {
  let pairs = 0;
  for (const { opcode } of bulk) if (opcode === Op.arrayCopy) pairs++;
  return pairs;
}
