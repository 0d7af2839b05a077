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
      return `${opcode} ${index} ${index2}`;
    case Op.memoryFill:
    case Op.tableFill:
    case Op.memoryGrow:
    case Op.tableGrow:
      return `${opcode} ${index}`;
    default:
      return 'array';
  }
}
