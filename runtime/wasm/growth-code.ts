import type { CodePass, CodeWalk } from './code-pass.ts';
import { BodyFlag } from './code-survey.ts';
import type { Added } from './index-space.ts';
import { InstructionReader } from './instruction-reader.ts';
import { Op } from './opcodes.ts';

/** Calls a function before each `memory.grow`. It is given the number of pages, and returns by how many to grow. */
export class GrowthCode implements CodePass {
  readonly #narrow: Added;
  readonly #wide: Added;
  /** Where the function at hand grows a memory. */
  #places: number[] = [];

  /**
   * @param narrow `(i32) -> i32`
   * @param wide `(i64) -> i64`, for memories with 64-bit addresses
   */
  constructor(narrow: Added, wide: Added) {
    this.#narrow = narrow;
    this.#wide = wide;
  }

  begin({ module, definedIndex }: CodeWalk): boolean {
    const { code } = module;
    if (((code.flags[definedIndex] ?? 0) & BodyFlag.grows) === 0) return false;
    this.#places = [];
    const end = code.bodyEnd[definedIndex] ?? 0;
    const reader = new InstructionReader(
      module.bytes,
      code.codeStart[definedIndex] ?? end,
      end,
      'code section',
    );
    while (reader.position < end) {
      reader.next();
      if (reader.opcode === Op.memoryGrow) this.#places.push(reader.start);
    }
    return true;
  }

  before({ module, emit, reader }: CodeWalk): void {
    if (reader.opcode !== Op.memoryGrow) return;
    emit.insert(reader.start);
    emit.call(hasWideAddresses(module, reader.index) ? this.#wide.index : this.#narrow.index);
    emit.resume(reader.start);
  }

  marks(start: number, end: number): boolean {
    return this.#places.some((place) => start <= place && place < end);
  }
}

/** Whether a memory, imported or not, has 64-bit addresses. */
export function hasWideAddresses(
  { imports, memories, importedMemories }: CodeWalk['module'],
  index: number,
): boolean {
  if (index >= importedMemories) return memories[index - importedMemories]?.is64 ?? false;
  const imported = imports.filter((entry) => entry.kind === 'memory')[index];
  return imported?.kind === 'memory' && imported.memory.is64;
}
