import { type CallPlan, planCalls, workLimit } from './call-plan.ts';
import type { CodeEmitter } from './code-emitter.ts';
import { bodyFlag, loopFlag, noLoop } from './code-survey.ts';
import { type CodePass, type CodeWalk, valueCode } from './code-walk.ts';
import { CountedLoopWriter } from './counted-loop-writer.ts';
import { counted } from './counted-loops.ts';
import type { WasmModule } from './module.ts';
import { isBulk, op } from './opcodes.ts';
import { WorkCount } from './work-count.ts';

/** Engines refuse functions with more locals. */
const localLimit = 50_000;

/** Bytes or elements from which one bulk instruction is worth a tick of its own: a few microseconds of work. */
const bulkLimit = 65_536;

/**
 * Gives control back for certain: an execution that does not end goes through a loop or through recursion.
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
 * before. Loops that cannot be split (with parameters, or reached by other branches) count and ask at their head.
 * Recursion, and calls nested so that their work multiplies, ask at function entries: see `planCalls`.
 */
export class PreemptPass implements CodePass {
  private readonly module: WasmModule;
  private readonly plan: CallPlan;
  private readonly work: WorkCount;
  private readonly countedLoops: CountedLoopWriter;
  private scratch = -1;
  /** Whether the code since the last merge has asked. */
  private asked = false;
  private wideScratch = -1;
  private readonly wideMemories: boolean[] = [];
  private readonly wideTables: boolean[] = [];
  private readonly hasWideSpace: boolean;

  /**
   * @param emit where the walk writes
   * @param tick function index, in the rewritten module, of `() -> ()`
   * @param budget global index, in the rewritten module, of a mutable i32: what is left until function entries ask
   */
  constructor(module: WasmModule, emit: CodeEmitter, tick: number, budget: number) {
    this.module = module;
    this.plan = planCalls(module);
    this.work = new WorkCount(emit, tick, budget);
    this.countedLoops = new CountedLoopWriter(module.code.counted, this.plan, this.work);
    for (const entry of module.imports) {
      if (entry.kind === 'memory') this.wideMemories.push(entry.memory.is64);
      if (entry.kind === 'table') this.wideTables.push(entry.table.is64);
    }
    for (const memory of module.memories) this.wideMemories.push(memory.is64);
    for (const table of module.tables) this.wideTables.push(table.is64);
    this.hasWideSpace = this.wideMemories.includes(true) || this.wideTables.includes(true);
  }

  begin(walk: CodeWalk): boolean {
    const i = walk.definedIndex;
    const flags = this.module.code.flags[i] ?? 0;
    this.work.spent = -1;
    this.scratch = -1;
    const { loops, tableToLoop, bulk } = bodyFlag;
    if ((flags & (loops | bulk)) !== 0 && walk.ownLocals + 5 <= localLimit) {
      if (flags & loops) {
        this.work.spent = walk.addLocal(valueCode.i32);
        this.work.limit = walk.addLocal(valueCode.i32);
        this.work.step = walk.addLocal(valueCode.i32);
      }
      if (flags & (tableToLoop | bulk)) this.scratch = walk.addLocal(valueCode.i32);
      if (flags & bulk && this.hasWideSpace) this.wideScratch = walk.addLocal(valueCode.i64);
    }
    return (flags & (loops | bulk)) !== 0 || this.plan.entryWeight[i] !== 0 || this.asksAtCalls(i);
  }

  /**
   * The engine unrolls loops of up to so many operations, constants included. Constants from outside of the loop do
   * not count, so the limit and an innermost loop's weight are in locals.
   */
  private enterLoops(walk: CodeWalk): void {
    if (this.work.spent < 0) return;
    const { emit, reader } = walk;
    emit.insert(reader.position);
    emit.constant(workLimit);
    emit.localSet(this.work.limit);
    emit.resume(reader.position);
  }

  private isInnermost(loop: number): boolean {
    return (this.module.code.loopFlags.at(loop) & loopFlag.nested) === 0;
  }

  private asksAtCalls(i: number): boolean {
    const { code } = this.module;
    const end = code.firstCall[i + 1] ?? 0;
    for (let at = code.firstCall[i] ?? 0; at < end; at++) if (this.plan.callSiteWeight[at] !== 0) return true;
    return false;
  }

  enter(walk: CodeWalk): void {
    this.asked = false;
    this.enterLoops(walk);
    const weight = this.plan.entryWeight[walk.definedIndex] ?? 0;
    if (weight === 0) return;
    walk.emit.insert(walk.reader.position);
    this.work.askByBudget(weight);
    walk.emit.resume(walk.reader.position);
  }

  before(walk: CodeWalk): boolean {
    const { reader } = walk;
    if (this.countedLoops.moveBound(walk)) return true;
    switch (reader.opcode) {
      case op.loop:
        return this.loop(walk);
      case op.br:
        return this.branch(walk);
      case op.brIf:
        return this.branchIf(walk);
      case op.brTable:
        return this.branchTable(walk);
      case op.end:
        this.asked = false;
        return this.end(walk);
      case op.else:
      case op.catch:
      case op.catchAll:
      case op.delegate:
        this.asked = false;
        return false;
      case op.call:
      case op.returnCall:
      case op.callIndirect:
      case op.returnCallIndirect:
      case op.callRef:
      case op.returnCallRef:
        return this.call(walk);
      default:
        return isBulk(reader.opcode) && this.bulk(walk);
    }
  }

  /**
   * Asks before a call that closes a cycle. Where one call comes after another without a merge between, the first
   * has asked for both: leaves of a recursion never pay.
   */
  private call(walk: CodeWalk): boolean {
    const weight = this.plan.callSiteWeight[walk.nextCall++] ?? 0;
    if (weight === 0 || this.asked) return false;
    this.asked = true;
    walk.emit.insert(walk.reader.start);
    this.work.askByBudget(weight);
    walk.emit.resume(walk.reader.start);
    return false;
  }

  private isStripMined(loop: number): boolean {
    if (loop === noLoop || this.work.spent < 0) return false;
    const flags = this.module.code.loopFlags.at(loop);
    return (flags & (loopFlag.params | loopFlag.oddBranch | loopFlag.indirectCalls)) === 0;
  }

  private isBranchedTo(loop: number): boolean {
    return (this.module.code.loopFlags.at(loop) & loopFlag.branched) !== 0;
  }

  private loop(walk: CodeWalk): boolean {
    const { reader, emit, labels } = walk;
    const loop = walk.nextLoop;
    this.asked = false;
    if (!this.isBranchedTo(loop)) return false;
    walk.nextLoop++;
    emit.insert(reader.start);
    const entryWeight = this.plan.loopEntryWeight[loop] ?? 0;
    if (entryWeight > 0) this.work.askByBudget(entryWeight);
    if (this.isCounted(loop)) {
      this.countedLoops.begin(walk, loop);
      return true;
    }
    if (this.isStripMined(loop)) {
      if (this.isInnermost(loop)) {
        emit.constant(this.plan.turnWeight[loop] ?? 1);
        emit.localSet(this.work.step);
      }
      emit.copy(reader.bytes, reader.start, reader.position);
      emit.copy(reader.bytes, reader.start, reader.position);
      emit.resume(reader.position);
      labels.open(loop, 2);
      return true;
    }
    emit.copy(reader.bytes, reader.start, reader.position);
    const weight = this.plan.turnWeight[loop] ?? 1;
    if (this.work.spent < 0) {
      this.work.askByBudget(weight);
    } else {
      this.work.charge(weight);
      emit.u8(op.i32GeU);
      emit.unlikelyIf();
      this.work.askAndClear();
      emit.u8(op.end);
    }
    emit.resume(reader.position);
    labels.open(loop, 1);
    return true;
  }

  private isCounted(loop: number): boolean {
    return this.isStripMined(loop) && this.module.code.counted.kind.at(loop) !== counted.no;
  }

  private end(walk: CodeWalk): boolean {
    const { reader, emit, labels } = walk;
    const loop = labels.loopAt(0);
    if (!this.isStripMined(loop) || !this.isBranchedTo(loop)) return false;
    labels.close();
    emit.insert(reader.start);
    if (this.isCounted(loop)) {
      this.countedLoops.end(walk, loop);
    } else {
      emit.u8(op.end);
      emit.u8(op.end);
    }
    emit.resume(reader.position);
    return true;
  }

  private branch(walk: CodeWalk): boolean {
    const { reader, emit, labels } = walk;
    const label = reader.labels[0] ?? 0;
    const loop = labels.loopAt(label);
    if (!this.isStripMined(loop) || this.isCounted(loop)) return false;
    emit.insert(reader.start);
    this.backEdge(walk, loop, labels.translate(label));
    emit.resume(reader.position);
    return true;
  }

  private branchIf(walk: CodeWalk): boolean {
    const { reader, emit, labels } = walk;
    const label = reader.labels[0] ?? 0;
    const loop = labels.loopAt(label);
    if (!this.isStripMined(loop) || this.isCounted(loop)) return false;
    emit.insert(reader.start);
    emit.u8(op.if);
    emit.u8(0x40);
    this.backEdge(walk, loop, labels.translate(label) + 1);
    emit.u8(op.end);
    emit.resume(reader.position);
    return true;
  }

  /**
   * A case that jumps back leaves through a block around the table instead, one for each loop:
   *
   *     block block (br_table ...) end back edge of the first loop end back edge of the second
   */
  private branchTable(walk: CodeWalk): boolean {
    const { reader, emit, labels } = walk;
    const targets: number[] = [];
    for (let i = 0; i < reader.labelCount; i++) {
      const label = reader.labels[i] ?? 0;
      if (this.isStripMined(labels.loopAt(label)) && !targets.includes(label)) targets.push(label);
    }
    if (targets.length === 0) return false;
    const blocks = targets.length;
    emit.insert(reader.start);
    emit.localSet(this.scratch);
    for (let i = 0; i < blocks; i++) {
      emit.u8(op.block);
      emit.u8(0x40);
    }
    emit.localGet(this.scratch);
    emit.u8(op.brTable);
    emit.u32(reader.labelCount - 1);
    for (let i = 0; i < reader.labelCount; i++) {
      const label = reader.labels[i] ?? 0;
      const target = targets.indexOf(label);
      emit.u32(target >= 0 ? target : labels.translate(label) + blocks);
    }
    targets.forEach((label, i) => {
      emit.u8(op.end);
      this.backEdge(walk, labels.loopAt(label), labels.translate(label) + blocks - 1 - i);
    });
    emit.resume(reader.position);
    return true;
  }

  /** Jumps back to `inner`, or asks first and goes through the loop around it. */
  private backEdge(walk: CodeWalk, loop: number, inner: number): void {
    const { emit } = walk;
    if (this.isInnermost(loop)) {
      emit.localGet(this.work.spent);
      emit.localGet(this.work.step);
      emit.u8(op.i32Add);
      emit.localTee(this.work.spent);
      emit.localGet(this.work.limit);
    } else {
      this.work.charge(this.plan.turnWeight[loop] ?? 1);
    }
    emit.u8(op.i32LtU);
    emit.likelyBranchIf(inner);
    this.work.askAndClear();
    emit.branch(inner + 1);
  }

  /** Looks at the length on top of the stack and asks before a long one. */
  private bulk(walk: CodeWalk): boolean {
    if (this.scratch < 0) return false;
    const { reader, emit } = walk;
    const wide = this.hasWideLength(reader.opcode, reader.index, reader.index2);
    const scratch = wide ? this.wideScratch : this.scratch;
    emit.insert(reader.start);
    emit.localTee(scratch);
    emit.u8(wide ? op.i64Const : op.i32Const);
    emit.s32(bulkLimit);
    emit.u8(wide ? op.i64GeU : op.i32GeU);
    emit.unlikelyIf();
    this.work.ask();
    emit.u8(op.end);
    emit.localGet(scratch);
    emit.resume(reader.start);
    return false;
  }

  /** Whether the length operand is an i64; a copy between a 32-bit and a 64-bit side takes an i32. */
  private hasWideLength(opcode: number, index: number, index2: number): boolean {
    switch (opcode) {
      case op.memoryFill:
        return this.isWideMemory(index);
      case op.memoryCopy:
        return this.isWideMemory(index) && this.isWideMemory(index2);
      case op.tableFill:
        return this.isWideTable(index);
      case op.tableCopy:
        return this.isWideTable(index) && this.isWideTable(index2);
      default:
        return false;
    }
  }

  private isWideMemory(index: number): boolean {
    return this.wideMemories[index] ?? false;
  }

  private isWideTable(index: number): boolean {
    return this.wideTables[index] ?? false;
  }
}
