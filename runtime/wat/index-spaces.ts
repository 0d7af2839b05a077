import type { NamedSpace } from '../wasm/name-section.ts';
import { Op, Shape, shapeOf } from '../wasm/opcodes.ts';
import type { NameSpace } from './checking/names.ts';

/** What an index counts. Types and fields have no names here. */
export type Counted = NamedSpace | 'local' | 'plain';

/** What the index of an instruction that has only one counts. */
export function indexSpace(opcode: number): Counted {
  switch (opcode) {
    case Op.catch:
    case Op.throw:
      return 'tag';
    case Op.localGet:
    case Op.localSet:
    case Op.localTee:
      return 'local';
    case Op.globalGet:
    case Op.globalSet:
      return 'global';
    case 0x25: // table.get
    case Op.tableSet:
    case Op.tableGrow:
    case 0xfc010: // table.size
    case Op.tableFill:
      return 'table';
    case Op.dataDrop:
      return 'data';
    case Op.elemDrop:
      return 'element';
    default:
      return 'plain';
  }
}

/** What the second of two indices counts after a type: a field or a segment. */
export function secondSpace(opcode: number): Counted {
  switch (opcode) {
    case 0xfb009: // array.new_data
    case 0xfb012: // array.init_data
      return 'data';
    case 0xfb00a: // array.new_elem
    case 0xfb013: // array.init_elem
      return 'element';
    default:
      return 'plain';
  }
}

/** What the words behind an instruction name, in the order of the text. The last one may be repeated by `br_table`. */
export function namedBehind(opcode: number): readonly NameSpace[] {
  switch (shapeOf(opcode)) {
    case Shape.function:
      return ['function'];
    case Shape.label:
    case Shape.labelTable:
    case Shape.castLabel:
      return ['label'];
    case Shape.memory:
    case Shape.memoryLane:
      return ['memory'];
    case Shape.index:
      return [spaceBehind(opcode)];
    case Shape.twoIndices:
      return twoSpacesBehind(opcode);
    default:
      return [];
  }
}

function spaceBehind(opcode: number): NameSpace {
  const space = indexSpace(opcode);
  if (space !== 'plain') return space as NameSpace;
  // memory.size, memory.grow, memory.fill; the others name types.
  return opcode === 0x3f || opcode === Op.memoryGrow || opcode === Op.memoryFill ? 'memory' : 'type';
}

function twoSpacesBehind(opcode: number): readonly NameSpace[] {
  switch (opcode) {
    case Op.callIndirect:
    case Op.returnCallIndirect:
      return ['table'];
    case 0xfc008: // memory.init
      return ['data'];
    case Op.memoryCopy:
      return ['memory', 'memory'];
    case Op.tableInit:
      return ['table', 'element'];
    case Op.tableCopy:
      return ['table', 'table'];
    case Op.arrayCopy:
      return ['type', 'type'];
  }
  if (opcode >= 0xfb002 && opcode <= 0xfb005) return ['type', 'field'];
  const second = secondSpace(opcode);
  return second === 'plain' ? ['type'] : ['type', second as NameSpace];
}
