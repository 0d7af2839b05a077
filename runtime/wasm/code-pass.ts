import type { CodeEmitter } from './code-emitter.ts';
import type { InstructionReader } from './instruction-reader.ts';
import type { LabelStack } from './label-stack.ts';
import type { WasmModule } from './module.ts';
import type { SimpleType } from './value-type.ts';

/**
 * The edits of one pass to the code. The walk stops at each instruction of the original, with `walk.reader` on it and
 * everything before it written, and calls every pass in turn:
 *
 *     before (all passes) | the instruction, or what `replace` wrote for it | after (all passes)
 *
 * What a pass writes must leave the operand stack and the open blocks as it found them. It writes through `walk.emit`,
 * between `insert` and `resume`. An instruction that one pass replaces is still seen by all others, before and after.
 */
export interface CodePass {
  /** Whether the pass need not see the plain instructions (`pastPlain`), except for one at `walk.stopAt`. */
  readonly skipsPlain?: boolean;
  /** Whether the pass has something to do in this function. It declares locals here, with `walk.addLocal`. */
  begin(walk: CodeWalk): boolean;
  /** Called before the first instruction. */
  enter?(walk: CodeWalk): void;
  /** Called before each instruction. What is written here runs whenever the instruction is reached. */
  before?(walk: CodeWalk): void;
  /**
   * Writes other code that does what the instruction does, brings `walk.labels` up to date, and returns true. If it
   * returns false, the walk writes the instruction. Of several passes, only the first that replaces it does so.
   */
  replace?(walk: CodeWalk): boolean;
  /** Called after each instruction: behind a call or the end of a block, inside of a block that begins. */
  after?(walk: CodeWalk): void;
  /**
   * Whether the pass writes into the code at `start..end` of the original. Such code must be walked: no other pass may
   * copy it, or run parts of it more or less often than the original does.
   */
  marks(start: number, end: number): boolean;
  /** Whether what the pass writes may run more or less often all the same, so that marked code must not be copied, no more. */
  readonly allowsTurns?: boolean;
}

/** What passes see of the one walk over the code. */
export interface CodeWalk {
  readonly module: WasmModule;
  readonly emit: CodeEmitter;
  readonly reader: InstructionReader;
  readonly labels: LabelStack;
  /** The function being walked, in the function index space of the original. */
  readonly functionIndex: number;
  /** The same, counted from the first defined one. */
  readonly definedIndex: number;
  /** Loops opened so far, counted over the module as the survey does: the next one's number. */
  readonly nextLoop: number;
  /** An instruction that a pass wants to see even where it is a plain one; -1 for none. */
  stopAt: number;
  /** Loads and stores among the plain instructions that have been skipped before the instruction at hand. */
  readonly passedAccesses: number;
  /** Whether `isMarked` need not be asked at all in the function at hand. */
  readonly isUnmarked: boolean;
  /** Whether `count` more locals fit into the function. Engines refuse functions with too many. */
  hasRoomForLocals(count: number): boolean;
  /**
   * Declares a local in the function at hand. It is zero at entry.
   * @returns its index
   */
  addLocal(type: SimpleType): number;
  /**
   * Whether the code at `start..end` of the original has to be walked as it stands: another pass than `asking` writes
   * into it, or indices in it move.
   * @param copies whether it is to be copied, and not only to run more or less often
   */
  isMarked(asking: CodePass, start: number, end: number, copies: boolean): boolean;
  /** The index in the rewritten module of a function of the original. */
  moveFunction(index: number): number;
  /** Opens the label of the loop at hand, which is written as `blocks` nested blocks; branches go to the innermost. */
  openLoop(blocks: number): void;
}
