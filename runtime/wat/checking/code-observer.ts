import type { Atom } from '../syntax.ts';
import type { InstructionChecker } from './instruction-checker.ts';

/** Told of instructions in the order in which they are executed. What a text says is known of the stack, the locals and the blocks then. */
export interface CodeObserver {
  /**
   * Called before an instruction, the arm of a block or the end of one.
   * @param end where it ends in the text: a folded instruction with its parenthesis, others with their word
   */
  before?(end: number, code: InstructionChecker): void;
  /** Called before an instruction is checked that has neither a block nor an end. */
  enter?(word: Atom, opcode: number, code: InstructionChecker): void;
  /** Called after it. */
  leave?(word: Atom, opcode: number, code: InstructionChecker): void;
}
