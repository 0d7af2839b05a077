import type { CodePass, CodeWalk } from './code-pass.ts';
import { BodyFlag } from './code-survey.ts';
import type { Added } from './index-space.ts';
import { InstructionReader } from './instruction-reader.ts';
import { Op } from './opcodes.ts';

/** What is called before an instruction that lets the memory or table of an index grow; undefined for nothing. */
export type GrowthCheck = (opcode: number, index: number) => Added | undefined;

/** Calls a function before each `memory.grow` and `table.grow`. It is given the operand, and returns by how much to grow. */
export class GrowthCode implements CodePass {
  readonly #checkOf: GrowthCheck;
  /** Where the function at hand lets something grow. */
  #places: number[] = [];

  /** @param checkOf the function for an instruction, from the type of the operand to the same */
  constructor(checkOf: GrowthCheck) {
    this.#checkOf = checkOf;
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
      if (grows(reader.opcode)) this.#places.push(reader.start);
    }
    return true;
  }

  before({ emit, reader }: CodeWalk): void {
    if (!grows(reader.opcode)) return;
    const check = this.#checkOf(reader.opcode, reader.index);
    if (check === undefined) return;
    emit.insert(reader.start);
    emit.call(check.index);
    emit.resume(reader.start);
  }

  marks(start: number, end: number): boolean {
    return this.#places.some((place) => start <= place && place < end);
  }
}

function grows(opcode: number): boolean {
  return opcode === Op.memoryGrow || opcode === Op.tableGrow;
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
