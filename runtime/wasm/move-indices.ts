import type { ByteWriter } from './byte-writer.ts';
import type { CodeEmitter } from './code-emitter.ts';
import { SiteKind } from './index-sites.ts';
import type { IndexSpace } from './index-space.ts';
import type { InstructionReader } from './instruction-reader.ts';
import type { ModulePlan, SpaceKind } from './module-plan.ts';
import { Op, Shape } from './opcodes.ts';
import { VALUE_CODE } from './value-type.ts';

/** An alignment with this bit is followed by a memory's index. */
const NAMES_MEMORY = 0x40;
/** Flags of a segment with this bit name its table or memory. */
const NAMES_TARGET = 2;
const FUNCTION_ELEMENTS = 0;

const KIND_OF_SITE: Readonly<Record<number, SpaceKind>> = {
  [SiteKind.Function]: 'function',
  [SiteKind.Table]: 'table',
  [SiteKind.Memory]: 'memory',
  [SiteKind.Global]: 'global',
  [SiteKind.SegmentTable]: 'table',
  [SiteKind.SegmentKind]: 'table',
  [SiteKind.SegmentType]: 'table',
  [SiteKind.SegmentMemory]: 'memory',
};

/** Copies `start..end` of a module, outside of its code, with every index moved. */
export function copyMoved(
  out: ByteWriter,
  plan: ModulePlan,
  reader: InstructionReader,
  start: number,
  end: number,
): void {
  const { sites } = plan.module;
  const spaces = sitesToMove(plan);
  let copied = start;
  for (let i = sites.firstFrom(start); i < sites.offsets.length && sites.offsets.at(i) < end; i++) {
    const kind = sites.kind(i);
    const space = spaces[kind];
    if (space === undefined) continue;
    const at = sites.offsets.at(i);
    out.copy(reader.bytes, copied, at);
    reader.position = at;
    reader.end = end;
    switch (kind) {
      case SiteKind.SegmentTable:
      case SiteKind.SegmentMemory:
        out.u32(reader.u32('segment flags') | NAMES_TARGET);
        out.u32(space.move(0));
        break;
      case SiteKind.SegmentKind:
        out.u8(FUNCTION_ELEMENTS);
        break;
      case SiteKind.SegmentType:
        out.u8(VALUE_CODE.funcref);
        break;
      case SiteKind.Function: {
        const index = reader.u32('an index');
        out.u32(plan.references.get(index)?.index ?? space.move(index));
        break;
      }
      default:
        out.u32(space.move(reader.u32('an index')));
    }
    copied = reader.position;
  }
  out.copy(reader.bytes, copied, end);
}

/** By kind of site: the index space that it refers to, or undefined if no index of that space moves. */
function sitesToMove(plan: ModulePlan): readonly (IndexSpace | undefined)[] {
  return Object.values(KIND_OF_SITE).map((kind) => {
    const isRedirected = kind === 'function' && plan.references.size > 0;
    return isRedirected || plan.spaces[kind].moves ? plan.spaces[kind] : undefined;
  });
}

/** Moves the indices of tables, memories and globals in instructions. */
export class InstructionMover {
  readonly #table: IndexSpace;
  readonly #memory: IndexSpace;
  readonly #global: IndexSpace;

  constructor({ spaces }: ModulePlan) {
    this.#table = spaces.table;
    this.#memory = spaces.memory;
    this.#global = spaces.global;
  }

  /** Moves the indices of the instruction that the reader has read. */
  move(reader: InstructionReader, emit: CodeEmitter): void {
    switch (reader.shape) {
      case Shape.index: {
        const space = this.#spaceOf(reader.opcode);
        if (space !== undefined) patch(emit, reader.indexAt, reader.indexEnd, reader.index, space);
        return;
      }
      case Shape.twoIndices:
        this.#twoIndices(reader, emit);
        return;
      case Shape.memory:
      case Shape.memoryLane:
        if (this.#memory.moves) this.#memoryArgument(reader, emit);
        return;
    }
  }

  #spaceOf(opcode: number): IndexSpace | undefined {
    switch (opcode) {
      case Op.globalGet:
      case Op.globalSet:
        return this.#global;
      case Op.tableGet:
      case Op.tableSet:
      case Op.tableGrow:
      case Op.tableSize:
      case Op.tableFill:
        return this.#table;
      case Op.memorySize:
      case Op.memoryGrow:
      case Op.memoryFill:
        return this.#memory;
      default:
        return undefined;
    }
  }

  #twoIndices(reader: InstructionReader, emit: CodeEmitter): void {
    const { indexAt, indexEnd, position, index, index2 } = reader;
    switch (reader.opcode) {
      case Op.memoryCopy:
        patch(emit, indexAt, indexEnd, index, this.#memory);
        patch(emit, indexEnd, position, index2, this.#memory);
        return;
      case Op.tableCopy:
        patch(emit, indexAt, indexEnd, index, this.#table);
        patch(emit, indexEnd, position, index2, this.#table);
        return;
      case Op.memoryInit:
        patch(emit, indexEnd, position, index2, this.#memory);
        return;
      case Op.callIndirect:
      case Op.returnCallIndirect:
      case Op.tableInit:
        patch(emit, indexEnd, position, index2, this.#table);
        return;
    }
  }

  /** Moves the memory's index of a load or store. No index means the first memory, which may move, too. */
  #memoryArgument(reader: InstructionReader, emit: CodeEmitter): void {
    const end = reader.position;
    const at = reader.immediatesAt;
    reader.position = at;
    const flags = reader.u32('an alignment');
    const memory = flags >= NAMES_MEMORY ? reader.u32('a memory index') : 0;
    const moved = this.#memory.move(memory);
    if (moved !== memory) emit.patchMemory(at, reader.position, flags | NAMES_MEMORY, moved);
    reader.position = end;
  }
}

function patch(emit: CodeEmitter, start: number, end: number, index: number, space: IndexSpace): void {
  const moved = space.move(index);
  if (moved !== index) emit.patch(start, end, moved);
}
