import type { CodeWalk } from './code-pass.ts';
import type { WasmModule } from './module.ts';
import { Op } from './opcodes.ts';
import type { WorkCount } from './work-count.ts';

/** Bytes or elements from which one bulk instruction is worth a tick of its own: a few microseconds of work. */
const BULK_LIMIT = 65_536;

/** Asks for a tick before instructions that fill, copy or allocate much at once. */
export class BulkCheck {
  readonly #work: WorkCount;
  readonly #wideMemories: boolean[] = [];
  readonly #wideTables: boolean[] = [];
  readonly #hasWideSpace: boolean;
  /** Locals for a length; -1 where none could be added. */
  #scratch = -1;
  #wideScratch = -1;

  constructor(module: WasmModule, work: WorkCount) {
    this.#work = work;
    for (const entry of module.imports) {
      if (entry.kind === 'memory') this.#wideMemories.push(entry.memory.is64);
      if (entry.kind === 'table') this.#wideTables.push(entry.table.is64);
    }
    for (const memory of module.memories) this.#wideMemories.push(memory.is64);
    for (const table of module.tables) this.#wideTables.push(table.is64);
    this.#hasWideSpace = this.#wideMemories.includes(true) || this.#wideTables.includes(true);
  }

  /**
   * Called when a function begins.
   * @param scratch an i32 local, or -1
   * @param needed whether the function has such instructions, and room for locals
   */
  begin(walk: CodeWalk, scratch: number, needed: boolean): void {
    this.#scratch = scratch;
    this.#wideScratch = needed && this.#hasWideSpace ? walk.addLocal('i64') : -1;
  }

  /** Looks at the length on top of the stack and asks for a tick if it is a long one. */
  write(walk: CodeWalk): void {
    if (this.#scratch < 0) return;
    const { reader, emit } = walk;
    const wide = this.#hasWideLength(reader.opcode, reader.index, reader.index2);
    const scratch = wide ? this.#wideScratch : this.#scratch;
    emit.insert(reader.start);
    emit.localTee(scratch);
    emit.u8(wide ? Op.i64Const : Op.i32Const);
    emit.s32(BULK_LIMIT);
    emit.u8(wide ? Op.i64GeU : Op.i32GeU);
    emit.unlikelyIf();
    this.#work.ask();
    emit.u8(Op.end);
    emit.localGet(scratch);
    emit.resume(reader.start);
  }

  /** Whether the length operand is an i64; a copy between a 32-bit and a 64-bit side takes an i32. */
  #hasWideLength(opcode: number, index: number, index2: number): boolean {
    switch (opcode) {
      case Op.memoryFill:
        return this.#isWideMemory(index);
      case Op.memoryCopy:
        return this.#isWideMemory(index) && this.#isWideMemory(index2);
      case Op.tableFill:
        return this.#isWideTable(index);
      case Op.tableCopy:
        return this.#isWideTable(index) && this.#isWideTable(index2);
      default:
        return false;
    }
  }

  #isWideMemory(index: number): boolean {
    return this.#wideMemories[index] ?? false;
  }

  #isWideTable(index: number): boolean {
    return this.#wideTables[index] ?? false;
  }
}
