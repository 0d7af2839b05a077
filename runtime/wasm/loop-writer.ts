import { type CallPlan, IMPORT_WEIGHT } from './call-plan.ts';
import type { CodePass, CodeWalk } from './code-pass.ts';
import { CallFlag, LoopFlag, NO_LOOP } from './code-survey.ts';
import { CountedLoopWriter } from './counted-loop-writer.ts';
import { Counted } from './counted-loops.ts';
import { LoopCopies } from './loop-copies.ts';
import type { WasmModule } from './module.ts';
import { Op } from './opcodes.ts';
import type { WorkCount } from './work-count.ts';

/** Stands for the number of a loop where the loop at hand is not of some kind. */
const OTHER_LOOP = -2;
/** Turns that a recursion's loop pays for at once. Most such loops take few, and what they do not take is paid for in vain. */
const PREPAID_TURNS = 2;

/**
 * Writes loops so that they count the work of their turns in the function's local `spent`, and ask for a tick when that
 * has reached its limit. There are five ways to:
 *
 * - Loops whose number of turns is known when they begin count before them: see `CountedLoopWriter`.
 * - Other innermost loops are split if their bodies are small, or only a test at their end leaves them: they may take
 *   many turns. The call of `tick` is outside of the inner loop's cycle, so the engine unrolls it, allocates registers
 *   for it, and knows what it has just stored, as before. Small bodies are copied, so that several turns are counted at
 *   once: see `LoopCopies`.
 *
 *       loop $outer                     for the last copy's `br $loop`:
 *         loop $inner                     spent += weight
 *           ... body, copies ...          br_if $inner (spent < limit)
 *         end                             call tick; spent = 0
 *       end                               br $outer
 *
 * - Other loops count before each branch back. A loop around them would cost more than it saves: the engine looks at
 *   its own interrupt flag where each loop begins, and fills up with empty instructions before it, while loops with
 *   several ways out, as those that compare texts, mostly end soon.
 * - Small innermost loops whose turns are paid for by the call of a recursion are copied: see `LoopCopies`.
 * - Loops that cannot be written so (with parameters, or reached by other branches), and those with calls that may
 *   charge, count at their head: an interpreter's loop has many branches back, but one head.
 */
export class LoopWriter {
  readonly #module: WasmModule;
  readonly #plan: CallPlan;
  readonly #work: WorkCount;
  readonly #counted: CountedLoopWriter;
  readonly #copies: LoopCopies;
  /** The loop at hand, if it is written as a counted one. */
  #countedLoop = OTHER_LOOP;
  /** The loop at hand, if it is split. */
  #splitLoop = OTHER_LOOP;
  /** The loop at hand, if all its copies are paid for at its head. */
  #prepaidLoop = OTHER_LOOP;
  /** The blocks that are written for the split or prepaid loop at hand. */
  #blocks = 0;
  /** A local for the operand of a branch table that jumps back; -1 where none could be added. */
  #scratch = -1;

  constructor(module: WasmModule, plan: CallPlan, work: WorkCount) {
    this.#module = module;
    this.#plan = plan;
    this.#work = work;
    this.#copies = new LoopCopies(module);
    this.#counted = new CountedLoopWriter(module.code.counted, plan, work);
  }

  /** Called when a function begins. @param scratch an i32 local, or -1 */
  begin(scratch: number): void {
    this.#scratch = scratch;
  }

  /** Whether a function, counted from the first defined one, has a loop that counts in `spent`. */
  countsTurns(i: number): boolean {
    const { code } = this.#module;
    const end = code.firstLoop[i + 1] ?? 0;
    for (let loop = code.firstLoop[i] ?? 0; loop < end; loop++) if (this.spends(loop)) return true;
    return false;
  }

  /** Whether a loop counts in `spent`. */
  spends(loop: number): boolean {
    return this.#isCharged(loop) && this.#plan.takesFromBudget[loop] !== 1;
  }

  /** Whether the loop's turns are counted. They need not be if there is only one, or if others pay for them. */
  #isCharged(loop: number): boolean {
    const branched = (this.#module.code.loopFlags.at(loop) & LoopFlag.branched) !== 0;
    return branched && this.#plan.turnWeight[loop] !== 0;
  }

  #weight(loop: number): number {
    return this.#plan.turnWeight[loop] ?? 1;
  }

  #isInnermost(loop: number): boolean {
    return (this.#module.code.loopFlags.at(loop) & LoopFlag.nested) === 0;
  }

  /** Whether the loop counts at its branches back, or before all its turns. */
  #countsAtBranches(loop: number): boolean {
    if (loop === NO_LOOP || this.#work.spent < 0 || !this.#isCharged(loop)) return false;
    if (this.#plan.asksAtHead[loop] === 1) return false;
    return (this.#module.code.loopFlags.at(loop) & (LoopFlag.params | LoopFlag.oddBranch)) === 0;
  }

  /** Called before each instruction. */
  before(walk: CodeWalk): void {
    this.#counted.beforeBound(walk);
  }

  /**
   * Writes what stands in place of the instruction at hand, or returns false.
   * @param pass asks which code is marked
   * @param nextCall the call that comes next, counted over the module as the survey does
   */
  replace(walk: CodeWalk, pass: CodePass, nextCall: number): boolean {
    switch (walk.reader.opcode) {
      case Op.loop:
        return this.#prepay(walk, pass, nextCall) || this.#loop(walk, pass);
      case Op.br:
        return this.#branch(walk);
      case Op.brIf:
        return this.#branchIf(walk);
      case Op.brTable:
        return this.#branchTable(walk);
      case Op.end:
        return this.#end(walk);
      default:
        return this.#counted.replaceBound(walk);
    }
  }

  #loop(walk: CodeWalk, pass: CodePass): boolean {
    const loop = walk.nextLoop;
    if (!this.#isCharged(loop)) return false;
    if (!this.#countsAtBranches(loop)) {
      this.#countAtHead(walk, loop);
      return true;
    }
    if (!this.#isInnermost(loop) || this.#isMarked(walk, pass, false)) return false;
    if (this.#module.code.counted.kind.at(loop) !== Counted.no) {
      walk.emit.insert(walk.reader.start);
      this.#countedLoop = loop;
      this.#counted.begin(walk, loop);
      return true;
    }
    const turns = this.#isMarked(walk, pass, true) ? 1 : this.#copies.count(walk);
    const isTestedAtEnd = (this.#module.code.loopFlags.at(loop) & LoopFlag.testedAtEnd) !== 0;
    if (turns === 1 && !isTestedAtEnd) return false;
    this.#split(walk, loop, turns);
    return true;
  }

  /** Whether the loop that was just opened has paid for the first call in it. */
  isPrepaid(loop: number): boolean {
    return loop === this.#prepaidLoop;
  }

  /** Writes the beginning of a loop whose first call pays for its turn, up to the last copy, unless there is to be only one. */
  #prepay(walk: CodeWalk, pass: CodePass, call: number): boolean {
    const loop = walk.nextLoop;
    const { code } = this.#module;
    const weight = this.#plan.callSiteWeight[call] ?? 0;
    const paysForTurn =
      code.callLoop.at(call) === loop && (code.callFlags.at(call) & CallFlag.everyTurn) !== 0;
    // A function that counts in `spent` may have to settle it before a call.
    if (!paysForTurn || weight === 0 || weight >= IMPORT_WEIGHT || this.#work.spent >= 0) return false;
    if ((code.loopFlags.at(loop) & (LoopFlag.params | LoopFlag.oddBranch)) !== 0) return false;
    if (this.#isCharged(loop) || !this.#isInnermost(loop) || this.#isMarked(walk, pass, true)) return false;
    if (this.#copies.count(walk, 1) < PREPAID_TURNS) return false;
    const { reader, emit } = walk;
    this.#prepaidLoop = loop;
    this.#blocks = 2;
    emit.insert(reader.start);
    emit.u8(Op.block);
    emit.u8(0x40);
    emit.copy(reader.bytes, reader.start, reader.position);
    this.#work.askByBudget(PREPAID_TURNS * weight);
    for (let turn = 1; turn < PREPAID_TURNS; turn++) this.#copies.write(walk, this.#blocks);
    emit.resume(reader.position);
    walk.openLoop(this.#blocks);
    return true;
  }

  #countAtHead(walk: CodeWalk, loop: number): void {
    const { reader, emit } = walk;
    emit.insert(reader.start);
    emit.copy(reader.bytes, reader.start, reader.position);
    if (this.#work.spent < 0 || this.#plan.takesFromBudget[loop] === 1)
      this.#work.askByBudget(this.#weight(loop));
    else this.#work.spend(this.#weight(loop));
    emit.resume(reader.position);
    walk.openLoop(1);
  }

  /** Writes the beginning of a split loop, up to its last copy. */
  #split(walk: CodeWalk, loop: number, turns: number): void {
    const { reader, emit } = walk;
    this.#splitLoop = loop;
    emit.insert(reader.start);
    emit.constant(turns * this.#weight(loop));
    emit.localSet(this.#work.step);
    this.#blocks = turns > 1 ? 3 : 2;
    if (turns > 1) {
      emit.u8(Op.block);
      emit.u8(0x40);
    }
    emit.copy(reader.bytes, reader.start, reader.position);
    emit.copy(reader.bytes, reader.start, reader.position);
    for (let turn = 1; turn < turns; turn++) this.#copies.write(walk, this.#blocks);
    emit.resume(reader.position);
    walk.openLoop(this.#blocks);
  }

  /**
   * Whether the innermost loop at hand has to be walked as it stands: other passes write into it, or indices in it move.
   * @param copies whether its code is to be copied, and not only to run more or less often
   */
  #isMarked(walk: CodeWalk, pass: CodePass, copies: boolean): boolean {
    if (walk.isUnmarked) return false;
    const { start, position } = walk.reader;
    return walk.isMarked(pass, start, this.#copies.loopEnd(position), copies);
  }

  #end(walk: CodeWalk): boolean {
    const { reader, emit, labels } = walk;
    const loop = labels.loopAt(0);
    if (loop !== this.#countedLoop && loop !== this.#splitLoop && loop !== this.#prepaidLoop) return false;
    labels.close();
    emit.insert(reader.start);
    if (loop === this.#countedLoop) {
      this.#countedLoop = OTHER_LOOP;
      this.#counted.end(walk, loop);
    } else {
      this.#splitLoop = OTHER_LOOP;
      this.#prepaidLoop = OTHER_LOOP;
      for (let i = 0; i < this.#blocks; i++) emit.u8(Op.end);
    }
    emit.resume(reader.position);
    return true;
  }

  /** Whether a branch to the loop has to count. The only branch back of a counted loop does not. */
  #isBackEdge(loop: number): boolean {
    return loop !== this.#countedLoop && this.#countsAtBranches(loop);
  }

  #branch(walk: CodeWalk): boolean {
    const { reader, emit, labels } = walk;
    const label = reader.labels[0] ?? 0;
    const loop = labels.loopAt(label);
    if (!this.#isBackEdge(loop)) return false;
    emit.insert(reader.start);
    this.#branchBack(walk, loop, labels.translate(label));
    emit.resume(reader.position);
    return true;
  }

  #branchIf(walk: CodeWalk): boolean {
    const { reader, emit, labels } = walk;
    const label = reader.labels[0] ?? 0;
    const loop = labels.loopAt(label);
    if (!this.#isBackEdge(loop)) return false;
    emit.insert(reader.start);
    emit.u8(Op.if);
    emit.u8(0x40);
    this.#branchBack(walk, loop, labels.translate(label) + 1);
    emit.u8(Op.end);
    emit.resume(reader.position);
    return true;
  }

  /**
   * Writes a branch table. A case that jumps back leaves through a block around the table, one for each loop:
   *
   *     block block (br_table ...) end branch back to the first loop end branch back to the second
   */
  #branchTable(walk: CodeWalk): boolean {
    const { reader, emit, labels } = walk;
    const blockOf = new Map<number, number>();
    for (let i = 0; i < reader.labelCount; i++) {
      const label = reader.labels[i] ?? 0;
      if (this.#isBackEdge(labels.loopAt(label)) && !blockOf.has(label)) blockOf.set(label, blockOf.size);
    }
    if (blockOf.size === 0) return false;
    const blocks = blockOf.size;
    emit.insert(reader.start);
    emit.localSet(this.#scratch);
    for (let i = 0; i < blocks; i++) {
      emit.u8(Op.block);
      emit.u8(0x40);
    }
    emit.localGet(this.#scratch);
    emit.u8(Op.brTable);
    emit.u32(reader.labelCount - 1);
    for (let i = 0; i < reader.labelCount; i++) {
      const label = reader.labels[i] ?? 0;
      emit.u32(blockOf.get(label) ?? labels.translate(label) + blocks);
    }
    for (const [label, block] of blockOf) {
      emit.u8(Op.end);
      this.#branchBack(walk, labels.loopAt(label), labels.translate(label) + blocks - 1 - block);
    }
    emit.resume(reader.position);
    return true;
  }

  /** Counts a turn, and jumps back. Where a split loop asks, it jumps to the loop around it. */
  #branchBack(walk: CodeWalk, loop: number, label: number): void {
    const { emit } = walk;
    if (loop !== this.#splitLoop) {
      this.#work.spend(this.#weight(loop));
      emit.branch(label);
      return;
    }
    // The engine unrolls up to some number of operations, and constants count unless they come from outside of the loop.
    emit.localGet(this.#work.spent);
    emit.localGet(this.#work.step);
    emit.u8(Op.i32Add);
    emit.localTee(this.#work.spent);
    emit.localGet(this.#work.limit);
    emit.u8(Op.i32LtU);
    emit.likelyBranchIf(label);
    this.#work.overflow();
    emit.branch(label + 1);
  }
}
