import { BulkCheck } from './bulk-check.ts';
import {
  type CallPlan,
  FRAME_LIMIT,
  IMPORT_WEIGHT,
  planCalls,
  THROW_WEIGHT,
  WORK_LIMIT,
} from './call-plan.ts';
import type { CodePass, CodeWalk } from './code-pass.ts';
import { BodyFlag, CallFlag, LoopFlag, NO_LOOP } from './code-survey.ts';
import { CountedLoopWriter } from './counted-loop-writer.ts';
import { Counted } from './counted-loops.ts';
import { LoopCopies } from './loop-copies.ts';
import type { WasmModule } from './module.ts';
import { isBulk, Op } from './opcodes.ts';
import { WorkCount } from './work-count.ts';

/** Locals that the pass may add to a function. */
const MOST_LOCALS = 6;
/** Stands for the number of a loop where the loop at hand is not written as a counted one. */
const NO_COUNTED_LOOP = -2;

/**
 * Makes every execution that goes on for long ask for ticks: one that does not end goes through a loop or recursion.
 *
 * A function with loops counts the work of their turns in a local, `spent`. A loop is strip-mined:
 *
 *     loop $outer                       for `br $loop` in the body:
 *       loop $inner                       spent += weight
 *         ... body ...                    br_if $inner (spent < limit)
 *       end                               call tick; spent = 0
 *     end                                 br $outer
 *
 * The call of `tick` is outside of the inner loop's cycle, so the engine unrolls and allocates registers for it as
 * before. Small bodies are copied, so that several turns are counted at once: see `LoopCopies`. Loops that cannot be
 * split (with parameters, or reached by other branches) and those with calls that may charge count and ask at their head:
 * the engine does not unroll loops with calls, and an interpreter's loop has many branches back, but one head.
 *
 * When a function ends, what it has spent since it last asked is taken from a budget that all functions share, so that
 * many short calls count as much as one long one. A function that makes calls that may charge does so more often, with
 * `FRAME_LIMIT` in place of the limit: what it has spent is unknown to others until then, and lost if an exception ends
 * it. Calls of imports, exceptions, recursion, and nested calls whose work multiplies, take from the budget too:
 * `planCalls` tells where, and why that is enough. If every turn of a loop makes such a call, the loop need not count.
 */
export class PreemptCode implements CodePass {
  readonly skipsPlain = true;
  readonly #module: WasmModule;
  readonly #plan: CallPlan;
  readonly #work: WorkCount;
  readonly #countedLoops: CountedLoopWriter;
  readonly #copies: LoopCopies;
  /** 1 if the innermost loop at hand has a block around it that its copies jump out of. */
  #exitBlock = 0;
  #scratch = -1;
  /** Whether the code since the last merge of control has asked for a tick. */
  #asked = false;
  /** Whether `spent` may be other than zero: if it counted the entry, or once a loop has begun. */
  #hasSpent = false;
  readonly #bulk: BulkCheck;

  /** The loop at hand, if it is written as a counted one. */
  #countedLoop = NO_COUNTED_LOOP;
  /** The call that comes next, counted over the module as the survey does. */
  #nextCall = 0;

  /**
   * @param walk the walk that is to call this pass
   * @param tick function index, in the rewritten module, of `() -> ()`
   * @param budget global index, in the rewritten module, of a mutable i32: what is left until function entries ask
   */
  constructor({ module, emit }: CodeWalk, tick: number, budget: number) {
    this.#module = module;
    this.#plan = planCalls(module);
    this.#work = new WorkCount(emit, tick, budget);
    this.#copies = new LoopCopies(module);
    this.#countedLoops = new CountedLoopWriter(module.code.counted, this.#plan, this.#work);
    this.#bulk = new BulkCheck(module, this.#work);
  }

  begin(walk: CodeWalk): boolean {
    const i = walk.definedIndex;
    const flags = this.#module.code.flags[i] ?? 0;
    this.#nextCall = this.#module.code.firstCall[i] ?? 0;
    this.#work.spent = -1;
    this.#work.left = -1;
    this.#work.most = this.#plan.isShallow[i] === 1 ? WORK_LIMIT : FRAME_LIMIT;
    this.#scratch = -1;
    const { loops, tableToLoop, bulk, throws } = BodyFlag;
    const charges =
      (flags & (loops | throws)) !== 0 || this.#plan.entryWeight[i] !== 0 || this.#asksAtCalls(i);
    if (charges && walk.hasRoomForLocals(MOST_LOCALS)) this.#work.left = walk.addLocal('i32');
    if ((flags & (loops | bulk)) !== 0 && walk.hasRoomForLocals(MOST_LOCALS)) {
      if (this.#countsTurns(i)) {
        this.#work.spent = walk.addLocal('i32');
        this.#work.limit = walk.addLocal('i32');
        this.#work.step = walk.addLocal('i32');
      }
      if (flags & (tableToLoop | bulk)) this.#scratch = walk.addLocal('i32');
    }
    this.#bulk.begin(walk, this.#scratch, (flags & bulk) !== 0 && this.#scratch >= 0);
    return charges || (flags & bulk) !== 0;
  }

  /** Whether the function has a loop whose turns are counted. */
  #countsTurns(i: number): boolean {
    const { code } = this.#module;
    const end = code.firstLoop[i + 1] ?? 0;
    for (let loop = code.firstLoop[i] ?? 0; loop < end; loop++)
      if (this.#isCharged(loop) && !this.#takesFromBudget(loop)) return true;
    return false;
  }

  /** Whether the turns of a loop do so much that each is taken from the budget at once. */
  #takesFromBudget(loop: number): boolean {
    return this.#plan.asksAtHead[loop] === 1 && (this.#plan.turnWeight[loop] ?? 0) >= FRAME_LIMIT;
  }

  /**
   * The engine unrolls loops up to some number of operations, and constants count among them unless they come from
   * outside of the loop. So the limit and an innermost loop's weight are in locals.
   */
  #enterLoops(walk: CodeWalk): void {
    if (this.#work.spent < 0) return;
    const { emit, reader } = walk;
    const weight = this.#plan.entryWeight[walk.definedIndex] ?? 0;
    emit.insert(reader.position);
    emit.constant(this.#work.most);
    emit.localSet(this.#work.limit);
    if (weight > 0) {
      emit.constant(weight);
      emit.localSet(this.#work.spent);
      this.#hasSpent = true;
    }
    emit.resume(reader.position);
  }

  #isInnermost(loop: number): boolean {
    return (this.#module.code.loopFlags.at(loop) & LoopFlag.nested) === 0;
  }

  #asksAtCalls(i: number): boolean {
    const { code } = this.#module;
    const end = code.firstCall[i + 1] ?? 0;
    for (let at = code.firstCall[i] ?? 0; at < end; at++)
      if (this.#plan.callSiteWeight[at] !== 0) return true;
    return false;
  }

  enter(walk: CodeWalk): void {
    this.#asked = false;
    this.#hasSpent = false;
    this.#enterLoops(walk);
    const weight = this.#plan.entryWeight[walk.definedIndex] ?? 0;
    if (weight === 0 || this.#work.spent >= 0) return;
    walk.emit.insert(walk.reader.position);
    this.#work.askByBudget(weight);
    walk.emit.resume(walk.reader.position);
  }

  before(walk: CodeWalk): void {
    const { reader } = walk;
    this.#countedLoops.beforeBound(walk);
    switch (reader.opcode) {
      case Op.br:
      case Op.brIf:
      case Op.brTable:
      case Op.brOnNull:
      case Op.brOnNonNull:
      case Op.brOnCast:
      case Op.brOnCastFail:
        this.#leaveByBranch(walk);
        return;
      case Op.end:
        this.#asked = false;
        if (walk.labels.depth === 1) this.#leave(walk);
        return;
      case Op.return:
        this.#leave(walk);
        return;
      case Op.loop:
        this.#hasSpent = this.#work.spent >= 0;
        this.#asked = false;
        return;
      case Op.else:
      case Op.catch:
      case Op.catchAll:
      case Op.delegate:
        this.#asked = false;
        return;
      case Op.throw:
      case Op.rethrow:
      case Op.throwRef:
        this.#charge(walk, THROW_WEIGHT);
        return;
      case Op.returnCall:
      case Op.returnCallIndirect:
      case Op.returnCallRef:
        this.#leave(walk);
        this.#call(walk);
        return;
      case Op.call:
      case Op.callIndirect:
      case Op.callRef:
        this.#call(walk);
        return;
      default:
        if (isBulk(reader.opcode)) this.#bulk.write(walk);
    }
  }

  replace(walk: CodeWalk): boolean {
    switch (walk.reader.opcode) {
      case Op.loop:
        return this.#loop(walk);
      case Op.br:
        return this.#branch(walk);
      case Op.brIf:
        return this.#branchIf(walk);
      case Op.brTable:
        return this.#branchTable(walk);
      case Op.end:
        return this.#end(walk);
      default:
        return this.#countedLoops.replaceBound(walk);
    }
  }

  /** All code is marked, since checks at loops, calls and ends are nearly everywhere. */
  marks(): boolean {
    return true;
  }

  /** Takes what the function's loops did since they last asked from the budget that all functions share. */
  #leave(walk: CodeWalk): void {
    if (!this.#hasSpent) return;
    walk.emit.insert(walk.reader.start);
    this.#work.settle();
    walk.emit.resume(walk.reader.start);
  }

  /** Handles branches to the function's own label. Compilers write a return instead, so this need not be fast. */
  #leaveByBranch(walk: CodeWalk): void {
    const { reader, labels, emit } = walk;
    if (!this.#hasSpent) return;
    for (let i = 0; i < reader.labelCount; i++) {
      if (reader.labels[i] !== labels.depth - 1) continue;
      emit.insert(reader.start);
      this.#work.settle();
      this.#work.clear();
      emit.resume(reader.start);
      return;
    }
  }

  /**
   * Charges before a call. If control does not merge between two calls that close cycles, the first one asks for both,
   * so the leaves of a recursion never pay.
   */
  #call(walk: CodeWalk): void {
    const at = this.#nextCall++;
    const weight = this.#plan.callSiteWeight[at] ?? 0;
    if (weight === 0 || (this.#asked && weight < IMPORT_WEIGHT)) return;
    // A call that pays for the turn of a loop looks at the budget itself, since nothing else does in that loop.
    const paysForTurn = (this.#module.code.callFlags.at(at) & CallFlag.everyTurn) !== 0;
    if (this.#work.spent < 0 || paysForTurn || isTailCall(walk.reader.opcode)) this.#charge(walk, weight);
    else this.#spend(walk, weight);
  }

  /** Takes `weight` from the budget before the instruction at hand, and looks at it. */
  #charge(walk: CodeWalk, weight: number): void {
    const { emit, reader } = walk;
    this.#asked = true;
    emit.insert(reader.start);
    this.#work.askByBudget(weight);
    emit.resume(reader.start);
  }

  /** Adds `weight` to what the function has spent, before the instruction at hand. Its loops and its end look at that. */
  #spend(walk: CodeWalk, weight: number): void {
    const { emit, reader } = walk;
    this.#hasSpent = true;
    emit.insert(reader.start);
    emit.localGet(this.#work.spent);
    emit.constant(weight);
    emit.u8(Op.i32Add);
    emit.localSet(this.#work.spent);
    emit.resume(reader.start);
  }

  #isStripMined(loop: number): boolean {
    if (loop === NO_LOOP || this.#work.spent < 0 || !this.#isCharged(loop)) return false;
    if (this.#plan.asksAtHead[loop] === 1) return false;
    return (this.#module.code.loopFlags.at(loop) & (LoopFlag.params | LoopFlag.oddBranch)) === 0;
  }

  /** Whether the loop's turns are counted. They need not be if there is only one, or if calls in every turn ask. */
  #isCharged(loop: number): boolean {
    return (
      (this.#module.code.loopFlags.at(loop) & LoopFlag.branched) !== 0 && this.#plan.turnWeight[loop] !== 0
    );
  }

  #loop(walk: CodeWalk): boolean {
    const { reader, emit } = walk;
    const loop = walk.nextLoop;
    if (!this.#isCharged(loop)) return false;
    const marked = this.#isInnermost(loop) && !walk.isUnmarked && this.#isMarked(walk);
    emit.insert(reader.start);
    if (this.#canBeCounted(loop) && !marked) {
      this.#countedLoop = loop;
      this.#countedLoops.begin(walk, loop);
      return true;
    }
    if (this.#isStripMined(loop)) {
      const turns = this.#isInnermost(loop) && !marked ? this.#copies.count(walk) : 1;
      if (this.#isInnermost(loop)) {
        emit.constant(turns * (this.#plan.turnWeight[loop] ?? 1));
        emit.localSet(this.#work.step);
      }
      this.#exitBlock = turns > 1 ? 1 : 0;
      if (turns > 1) {
        emit.u8(Op.block);
        emit.u8(0x40);
      }
      emit.copy(reader.bytes, reader.start, reader.position);
      emit.copy(reader.bytes, reader.start, reader.position);
      for (let turn = 1; turn < turns; turn++) this.#copies.write(walk);
      emit.resume(reader.position);
      walk.openLoop(2 + this.#exitBlock);
      return true;
    }
    emit.copy(reader.bytes, reader.start, reader.position);
    const weight = this.#plan.turnWeight[loop] ?? 1;
    if (this.#work.spent < 0 || this.#takesFromBudget(loop)) {
      this.#work.askByBudget(weight);
    } else {
      this.#work.charge(weight);
      emit.u8(Op.i32GeU);
      emit.unlikelyIf();
      this.#work.overflow();
      emit.u8(Op.end);
    }
    emit.resume(reader.position);
    walk.openLoop(1);
    return true;
  }

  #canBeCounted(loop: number): boolean {
    return this.#isStripMined(loop) && this.#module.code.counted.kind.at(loop) !== Counted.no;
  }

  /** Whether other passes write into the innermost loop at hand, or have it copied with indices moved. */
  #isMarked(walk: CodeWalk): boolean {
    const { start, position } = walk.reader;
    return walk.isMarked(this, start, this.#copies.loopEnd(position));
  }

  #end(walk: CodeWalk): boolean {
    const { reader, emit, labels } = walk;
    const loop = labels.loopAt(0);
    if (!this.#isStripMined(loop)) return false;
    labels.close();
    emit.insert(reader.start);
    if (loop === this.#countedLoop) {
      this.#countedLoop = NO_COUNTED_LOOP;
      this.#countedLoops.end(walk, loop);
    } else {
      emit.u8(Op.end);
      emit.u8(Op.end);
      if (this.#isInnermost(loop) && this.#exitBlock > 0) emit.u8(Op.end);
    }
    emit.resume(reader.position);
    return true;
  }

  #branch(walk: CodeWalk): boolean {
    const { reader, emit, labels } = walk;
    const label = reader.labels[0] ?? 0;
    const loop = labels.loopAt(label);
    if (!this.#isStripMined(loop) || loop === this.#countedLoop) return false;
    emit.insert(reader.start);
    this.#backEdge(walk, loop, labels.translate(label));
    emit.resume(reader.position);
    return true;
  }

  #branchIf(walk: CodeWalk): boolean {
    const { reader, emit, labels } = walk;
    const label = reader.labels[0] ?? 0;
    const loop = labels.loopAt(label);
    if (!this.#isStripMined(loop) || loop === this.#countedLoop) return false;
    emit.insert(reader.start);
    emit.u8(Op.if);
    emit.u8(0x40);
    this.#backEdge(walk, loop, labels.translate(label) + 1);
    emit.u8(Op.end);
    emit.resume(reader.position);
    return true;
  }

  /**
   * Writes a branch table. A case that jumps back leaves through a block around the table, one for each loop:
   *
   *     block block (br_table ...) end back edge of the first loop end back edge of the second
   */
  #branchTable(walk: CodeWalk): boolean {
    const { reader, emit, labels } = walk;
    const targets: number[] = [];
    for (let i = 0; i < reader.labelCount; i++) {
      const label = reader.labels[i] ?? 0;
      if (this.#isStripMined(labels.loopAt(label)) && !targets.includes(label)) targets.push(label);
    }
    if (targets.length === 0) return false;
    const blocks = targets.length;
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
      const target = targets.indexOf(label);
      emit.u32(target >= 0 ? target : labels.translate(label) + blocks);
    }
    targets.forEach((label, i) => {
      emit.u8(Op.end);
      this.#backEdge(walk, labels.loopAt(label), labels.translate(label) + blocks - 1 - i);
    });
    emit.resume(reader.position);
    return true;
  }

  /** Jumps back to `inner`, or asks first and goes through the loop around it. */
  #backEdge(walk: CodeWalk, loop: number, inner: number): void {
    const { emit } = walk;
    if (this.#isInnermost(loop)) {
      emit.localGet(this.#work.spent);
      emit.localGet(this.#work.step);
      emit.u8(Op.i32Add);
      emit.localTee(this.#work.spent);
      emit.localGet(this.#work.limit);
    } else {
      this.#work.charge(this.#plan.turnWeight[loop] ?? 1);
    }
    emit.u8(Op.i32LtU);
    emit.likelyBranchIf(inner);
    this.#work.overflow();
    emit.branch(inner + 1);
  }
}

function isTailCall(opcode: number): boolean {
  return opcode === Op.returnCall || opcode === Op.returnCallIndirect || opcode === Op.returnCallRef;
}
