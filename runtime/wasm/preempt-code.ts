import { AccessFlow } from './access-flow.ts';
import { ACCESS_WEIGHT, MOST_ACCESSES } from './access-weight.ts';
import type { BulkWork } from './bulk-work.ts';
import { type CallPlan, FRAME_LIMIT, IMPORT_WEIGHT, THROW_WEIGHT, WORK_LIMIT } from './call-plan.ts';
import type { CodePass, CodeWalk } from './code-pass.ts';
import { BodyFlag, CallFlag } from './code-survey.ts';
import { LoopWriter } from './loop-writer.ts';
import type { WasmModule } from './module.ts';
import { isBulk, Op } from './opcodes.ts';
import { SpentFlow } from './spent-flow.ts';
import { WorkCount, type WorkTargets } from './work-count.ts';

/** Charges for accesses in a row that `spent` takes without a look at the limit. */
const UNCHECKED_CHARGES = 32;

/** Locals that the pass may add to a function. */
const MOST_LOCALS = 9;

/**
 * Makes every execution that goes on for long ask for ticks: one that does not end goes through a loop or recursion.
 *
 * A function with loops counts the work of their turns in a local, `spent`: `LoopWriter` tells how.
 *
 * When a function ends, what it has spent since it last asked is taken from a budget that all functions share, so that
 * many short calls count as much as one long one. A function that makes calls that may charge does so more often, with
 * `FRAME_LIMIT` in place of the limit, or `DEEP_FRAME_LIMIT` if it stands deep in a recursion: what it has spent is unknown to
 * others until then. It also does so before it throws
 * or makes a call that may, since an exception that ends it would lose what it has spent. Calls of imports, exceptions,
 * recursion, and nested calls whose work multiplies, take from the budget too: `planCalls` tells where, and why that is
 * enough. If every turn of a loop makes such a call, the loop need not count.
 */
export class PreemptCode implements CodePass {
  readonly skipsPlain = true;
  readonly #module: WasmModule;
  readonly #plan: CallPlan;
  readonly #work: WorkCount;
  readonly #loops: LoopWriter;
  /** Whether the code since the last merge of control has asked for a tick. */
  #asked = false;
  readonly #flow: SpentFlow;
  readonly #accesses: AccessFlow;
  readonly #bulk: BulkWork;
  /** Charges for accesses in the function at hand. */
  #accessCharges = 0;

  /** The call that comes next, counted over the module as the survey does. */
  #nextCall = 0;

  /**
   * @param walk the walk that is to call this pass
   * @param targets what the code that the pass writes names
   * @param bulk charges for bulk instructions
   */
  constructor({ module, emit }: CodeWalk, plan: CallPlan, targets: WorkTargets, bulk: BulkWork) {
    this.#module = module;
    this.#plan = plan;
    this.#work = new WorkCount(emit, targets);
    this.#loops = new LoopWriter(module, this.#plan, this.#work);
    this.#flow = new SpentFlow(module);
    this.#accesses = new AccessFlow(plan, module.code);
    this.#bulk = bulk;
  }

  begin(walk: CodeWalk): boolean {
    const i = walk.definedIndex;
    const flags = this.#module.code.flags[i] ?? 0;
    this.#nextCall = this.#module.code.firstCall[i] ?? 0;
    this.#work.spent = -1;
    this.#work.left = -1;
    this.#work.depth = -1;
    this.#work.base = -1;
    this.#work.most = this.#plan.isShallow[i] === 1 ? WORK_LIMIT : FRAME_LIMIT;
    let scratch = -1;
    const { loops, tableToLoop, bulk, throws } = BodyFlag;
    const charges =
      (flags & (loops | throws)) !== 0 || this.#plan.entryWeight[i] !== 0 || this.#asksAtCalls(i);
    if (charges && walk.hasRoomForLocals(MOST_LOCALS)) this.#work.left = walk.addLocal('i32');
    if ((flags & loops) !== 0 && walk.hasRoomForLocals(MOST_LOCALS)) {
      if (this.#loops.countsTurns(i)) {
        this.#work.spent = walk.addLocal('i32');
        this.#work.limit = walk.addLocal('i32');
        this.#work.step = walk.addLocal('i32');
        if (this.#plan.callsDeep[i] === 1) {
          this.#work.depth = walk.addLocal('i32');
          this.#work.base = walk.addLocal('i32');
        }
      }
      if (flags & tableToLoop) scratch = walk.addLocal('i32');
    }
    this.#loops.begin(scratch);
    this.#flow.begin(i, this.#work.spent < 0 ? null : this.#countsIn(i));
    this.#accesses.begin();
    this.#accessCharges = 0;
    this.#bulk.begin(walk);
    return charges || (flags & bulk) !== 0;
  }

  /** Whether a loop of a function counts in `spent`. Where no exception is to be expected, calls in it may do so, too. */
  #countsIn(i: number): (loop: number) => boolean {
    return this.#plan.mayThrow[i] === 1 ? (loop) => this.#loops.spends(loop) : () => true;
  }

  /** Sets the locals that the function's loops count with. */
  #enterLoops(walk: CodeWalk): void {
    if (this.#work.spent < 0) return;
    const { emit, reader } = walk;
    const weight = this.#plan.entryWeight[walk.definedIndex] ?? 0;
    emit.insert(reader.position);
    const isTakenAtOnce = weight > 0 && this.#mayThrow(walk);
    this.#work.enter(isTakenAtOnce ? 0 : weight);
    if (isTakenAtOnce) this.#work.askByBudget(weight);
    else if (weight > 0) this.#flow.count();
    emit.resume(reader.position);
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
    this.#enterLoops(walk);
    const weight = this.#plan.entryWeight[walk.definedIndex] ?? 0;
    if (weight === 0 || this.#work.spent >= 0) return;
    walk.emit.insert(walk.reader.position);
    this.#work.askByBudget(weight);
    walk.emit.resume(walk.reader.position);
  }

  before(walk: CodeWalk): void {
    this.#loops.before(walk);
    this.#chargeAccesses(walk);
    this.#chargeBefore(walk);
    this.#flow.follow(walk);
    this.#accesses.follow(walk, this.#nextCall - 1);
  }

  /** Charges for accesses to memory if the path to here has made many. A loop begins with few, so that its turns need not charge. */
  #chargeAccesses(walk: CodeWalk): void {
    const accesses = this.#accesses;
    accesses.most += walk.passedAccesses;
    const { reader } = walk;
    if (accesses.most < (reader.opcode === Op.loop ? MOST_ACCESSES / 2 : MOST_ACCESSES)) return;
    const weight = Math.min(WORK_LIMIT, ACCESS_WEIGHT * accesses.most);
    accesses.most = 0;
    if (this.#work.spent < 0 || this.#mayThrow(walk)) {
      this.#insert(walk, reader.start, () => this.#work.askByBudget(weight));
    } else if (++this.#accessCharges % UNCHECKED_CHARGES === 0) {
      this.#flow.count();
      this.#insert(walk, reader.start, () => this.#work.spend(weight));
    } else {
      this.#spend(walk, weight);
    }
  }

  #chargeBefore(walk: CodeWalk): void {
    const { reader } = walk;
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
      case Op.else:
      case Op.catch:
      case Op.catchAll:
      case Op.delegate:
        this.#asked = false;
        return;
      case Op.throw:
      case Op.rethrow:
      case Op.throwRef:
        this.#settle(walk, THROW_WEIGHT);
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
        if (isBulk(reader.opcode)) this.#bulk.before(walk);
    }
  }

  after(walk: CodeWalk): void {
    const { opcode, position } = walk.reader;
    if (this.#work.depth < 0 || (opcode !== Op.catch && opcode !== Op.catchAll)) return;
    this.#insert(walk, position, () => this.#work.caught());
  }

  replace(walk: CodeWalk): boolean {
    if (isBulk(walk.reader.opcode)) return this.#bulk.replace(walk);
    const isReplaced = this.#loops.replace(walk, this, this.#nextCall);
    if (this.#loops.isPrepaid(walk.nextLoop - 1)) this.#asked = true;
    return isReplaced;
  }

  /** All code is marked, since checks at loops, calls and ends are nearly everywhere. */
  marks(): boolean {
    return true;
  }

  /** Takes what the function's loops did since they last asked from the budget that all functions share. */
  #leave(walk: CodeWalk): void {
    const isDeep = this.#work.depth >= 0;
    if (!this.#flow.mayBe && !isDeep) return;
    walk.emit.insert(walk.reader.start);
    if (isDeep) this.#work.leave();
    if (this.#flow.mayBe) this.#work.settle();
    walk.emit.resume(walk.reader.start);
  }

  /** The same in the midst of a function, which goes on to count from zero. Takes `more` besides. */
  #settle(walk: CodeWalk, more: number): void {
    const { mayBe } = this.#flow;
    if (!mayBe && more === 0) return;
    walk.emit.insert(walk.reader.start);
    if (mayBe) this.#work.settleApart(more);
    else this.#work.askApart(more);
    walk.emit.resume(walk.reader.start);
    this.#flow.clear();
    if (more > 0) this.#asked = true;
  }

  #insert({ emit }: CodeWalk, at: number, write: () => void): void {
    emit.insert(at);
    write();
    emit.resume(at);
  }

  #mayThrow(walk: CodeWalk): boolean {
    return this.#plan.mayThrow[walk.definedIndex] === 1;
  }

  /** Handles branches to the function's own label. Compilers write a return instead, so this need not be fast. */
  #leaveByBranch(walk: CodeWalk): void {
    const { reader, labels } = walk;
    for (let i = 0; i < reader.labelCount; i++) {
      if (reader.labels[i] !== labels.depth - 1) continue;
      this.#settle(walk, 0);
      if (reader.opcode === Op.br && this.#work.depth >= 0)
        this.#insert(walk, reader.start, () => this.#work.leave());
      return;
    }
  }

  /**
   * Charges before a call. If control does not merge between two calls that close cycles, the first one asks for both,
   * so the leaves of a recursion never pay.
   */
  #call(walk: CodeWalk): void {
    const at = this.#nextCall++;
    const isTail = isTailCall(walk.reader.opcode);
    const ownWeight = this.#plan.callSiteWeight[at] ?? 0;
    const weight = this.#asked && ownWeight < IMPORT_WEIGHT ? 0 : ownWeight;
    const mayThrow = !this.#flow.isCaught && this.#plan.callMayThrow(at);
    if (this.#flow.mayBe && !isTail && (mayThrow || this.#plan.callReenters(at))) {
      this.#settle(walk, weight);
      return;
    }
    if (weight === 0) return;
    // A call that pays for the turn of a loop looks at the budget itself, since nothing else does in that loop.
    const paysForTurn = (this.#module.code.callFlags.at(at) & CallFlag.everyTurn) !== 0;
    if (this.#work.spent < 0 || paysForTurn || isTail || this.#mayThrow(walk)) this.#charge(walk, weight);
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
    this.#flow.count();
    emit.insert(reader.start);
    emit.localGet(this.#work.spent);
    emit.constant(weight);
    emit.u8(Op.i32Add);
    emit.localSet(this.#work.spent);
    emit.resume(reader.start);
  }
}

function isTailCall(opcode: number): boolean {
  return opcode === Op.returnCall || opcode === Op.returnCallIndirect || opcode === Op.returnCallRef;
}
