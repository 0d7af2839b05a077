import { type BulkKind, bulkKey } from './bulk-kind.ts';
import { BodyFlag, CALL_WEIGHT, CallFlag, type CodeSurvey, LoopFlag, NO_LOOP } from './code-survey.ts';
import { CountedLoops } from './counted-loops.ts';
import { frameCost } from './frame-cost.ts';
import type { InstructionReader } from './instruction-reader.ts';
import { IntList } from './int-list.ts';
import { changesTables, isAccess, isBulk, Op, Shape } from './opcodes.ts';
import { PathWeights } from './path-weights.ts';
import { costOf, objectCost, passedAccesses, readPlain } from './plain-instructions.ts';
import { Tries, TryFlag } from './tries.ts';
import type { TypeDefinition } from './type-definition.ts';
import { readValueType } from './value-type.ts';

/** Units of work that all steady loops of a function may do together: some microseconds, of which no path may hold more. */
const STEADY_LIMIT = 1 << 14;

/** What a survey needs to know of the rest of the module. */
export interface SurveyContext {
  readonly types: readonly TypeDefinition[];
  readonly functionTotal: number;
  readonly addressTaken: Uint8Array;
}

/** Walks the code section once: checks its structure and notes what passes need to plan. */
export class CodeSurveyor implements CodeSurvey {
  readonly functionCount: number;
  changesTables = false;
  readonly sizeAt: Int32Array;
  readonly bodyStart: Int32Array;
  readonly codeStart: Int32Array;
  readonly bodyEnd: Int32Array;
  readonly localCount: Uint32Array;
  readonly flags: Uint8Array;
  readonly dispatched: Uint32Array;
  readonly states: Int32Array;
  readonly defaultFields: Float64Array;
  readonly leastWeight: Int32Array;
  readonly mostWeight: Int32Array;
  readonly mostCalls: Int32Array;
  readonly accesses: Int32Array;
  readonly firstLoop: Int32Array;
  readonly firstCall: Int32Array;
  readonly firstTry: Int32Array;
  readonly loopFlags = new IntList(64);
  readonly loopParent = new IntList(64);
  readonly loopAccesses = new IntList(64);
  readonly paths = new PathWeights();
  readonly counted = new CountedLoops();
  readonly callTarget = new IntList(256);
  readonly callLoop = new IntList(256);
  readonly callFlags = new IntList(256);
  readonly tries = new Tries();

  /** By `bulkKey`. */
  readonly #bulk = new Map<string, BulkKind>();
  readonly #context: SurveyContext;
  /** By open block of the current function: the loop that it is, or `NO_LOOP`. */
  #blockLoop: Int32Array = new Int32Array(64);
  /** By open block: the innermost loop around it, and the place of that loop among the open blocks. */
  #innermost: Int32Array = new Int32Array(64);
  #innermostDepths: Int32Array = new Int32Array(64);
  #depth = 0;
  #innermostLoop = NO_LOOP;
  #innermostDepth = 0;
  /** What the steady loops of the function at hand do. */
  #steadyWork = 0;
  /** Accesses to memory in the function at hand so far. */
  #accesses = 0;
  #states = 0;
  #dispatched = 0;
  #defaultFields = 0;

  constructor(functionCount: number, context: SurveyContext) {
    this.functionCount = functionCount;
    this.#context = context;
    this.sizeAt = new Int32Array(functionCount);
    this.bodyStart = new Int32Array(functionCount);
    this.codeStart = new Int32Array(functionCount);
    this.bodyEnd = new Int32Array(functionCount);
    this.localCount = new Uint32Array(functionCount);
    this.flags = new Uint8Array(functionCount);
    this.dispatched = new Uint32Array(functionCount);
    this.states = new Int32Array(functionCount);
    this.defaultFields = new Float64Array(functionCount);
    this.leastWeight = new Int32Array(functionCount);
    this.mostWeight = new Int32Array(functionCount);
    this.mostCalls = new Int32Array(functionCount);
    this.accesses = new Int32Array(functionCount);
    this.firstLoop = new Int32Array(functionCount + 1);
    this.firstCall = new Int32Array(functionCount + 1);
    this.firstTry = new Int32Array(functionCount + 1);
  }

  discard(): void {
    const { loopFlags, loopParent, loopAccesses, callTarget, callLoop, callFlags } = this;
    for (const list of [loopFlags, loopParent, loopAccesses, callTarget, callLoop, callFlags]) list.discard();
    this.paths.discard();
    this.counted.discard();
    this.tries.flags.discard();
  }

  /** Reads the bodies, which follow the section's count. */
  read(reader: InstructionReader): void {
    const sectionEnd = reader.end;
    for (let i = 0; i < this.functionCount; i++) {
      reader.place = `code section, function ${this.#context.functionTotal - this.functionCount + i}`;
      this.sizeAt[i] = reader.position;
      const size = reader.count('bytes of code', 1);
      const end = reader.position + size;
      this.bodyStart[i] = reader.position;
      this.bodyEnd[i] = end;
      reader.end = end;
      this.#readLocals(reader, i);
      this.codeStart[i] = reader.position;
      this.#readBody(reader, i);
      reader.end = sectionEnd;
      this.firstLoop[i + 1] = this.loopFlags.length;
      this.firstCall[i + 1] = this.callTarget.length;
      this.firstTry[i + 1] = this.tries.count;
    }
    reader.place = 'code section';
  }

  #readLocals(reader: InstructionReader, i: number): void {
    const groups = reader.count('groups of locals', 2);
    let locals = 0;
    for (let group = 0; group < groups; group++) {
      const at = reader.position;
      locals += reader.u32('a number of locals');
      if (locals > 0xffffffff) throw reader.fail(at, 'fewer than 2^32 locals', String(locals));
      readValueType(reader);
    }
    this.localCount[i] = locals;
  }

  #readBody(reader: InstructionReader, i: number): void {
    this.#depth = 0;
    this.#innermostLoop = NO_LOOP;
    this.#steadyWork = 0;
    this.#accesses = 0;
    this.#states = 0;
    this.#dispatched = 0;
    this.#defaultFields = 0;
    this.paths.begin();
    this.paths.openBlock(false);
    this.paths.add(frameCost(this.localCount[i] ?? 0));
    this.#open(NO_LOOP);
    let flags = 0;
    while (this.#depth > 0) {
      // Loops may be counted ones, so their instructions are followed.
      if (this.#innermostLoop === NO_LOOP) {
        this.paths.add(readPlain(reader));
        this.#accesses += passedAccesses;
      }
      reader.next();
      flags |= this.#note(reader);
    }
    if (reader.position !== reader.end) {
      throw reader.fail(reader.position, `the end of the function's body at offset ${hex(reader.end)}`);
    }
    this.flags[i] = flags;
    this.dispatched[i] = this.#dispatched;
    this.states[i] = this.#states;
    this.defaultFields[i] = this.#defaultFields;
    this.accesses[i] = this.#accesses;
    this.leastWeight[i] = this.paths.least;
    this.mostWeight[i] = this.paths.most;
    this.mostCalls[i] = this.paths.mostCalls;
  }

  #note(reader: InstructionReader): number {
    const opcode = reader.opcode;
    this.paths.add(costOf(opcode));
    if (opcode >> 12 === 0xfb) this.#noteObject(reader);
    if (isAccess(opcode)) this.#accesses++;
    switch (reader.shape) {
      case Shape.none:
        this.#noteBare(opcode);
        this.counted.follow(reader, this.#innermostLoop, this.#depth - 1 - this.#innermostDepth);
        return opcode === Op.throwRef ? BodyFlag.throws : 0;
      case Shape.function:
        this.counted.interrupt();
        return this.#noteFunction(reader);
      case Shape.twoIndices:
        this.counted.interrupt();
        this.changesTables ||= changesTables(opcode);
        if (opcode === Op.callIndirect || opcode === Op.returnCallIndirect) this.#noteIndirectCall(reader);
        return isBulk(opcode) ? this.#noteBulk(reader) : 0;
      case Shape.index:
        this.changesTables ||= changesTables(opcode);
        this.counted.follow(reader, this.#innermostLoop, this.#depth - 1 - this.#innermostDepth);
        if (opcode === Op.throw) return this.#noteThrow();
        if (opcode === Op.catch) this.#catch(TryFlag.some);
        if (opcode === Op.callRef || opcode === Op.returnCallRef) this.#noteIndirectCall(reader);
        return isBulk(opcode) ? this.#noteBulk(reader) : 0;
      case Shape.blockType:
        return this.#noteBlock(reader);
      case Shape.tryTable:
        this.#noteLabels(reader);
        this.#noteTryTable(reader);
        return this.#noteBlock(reader);
      case Shape.label:
        if (opcode === Op.rethrow) return this.#noteThrow();
        if (opcode === Op.delegate) {
          this.tries.flag(this.#depth - 1, TryFlag.leaves);
          this.counted.merge();
          this.#close();
          if (this.#depth === 0) throw reader.fail(reader.start, 'a block to end here');
        }
        return this.#noteLabels(reader);
      case Shape.labelTable:
      case Shape.castLabel:
        return this.#noteLabels(reader);
      default:
        this.counted.follow(reader, this.#innermostLoop, this.#depth - 1 - this.#innermostDepth);
        return 0;
    }
  }

  /** Notes an instruction without immediates. */
  #noteBare(opcode: number): void {
    switch (opcode) {
      case Op.else:
        this.counted.merge();
        this.#closeInner();
        this.paths.else();
        return;
      case Op.end:
        this.counted.merge();
        this.#closeInner();
        this.#close();
        return;
      case Op.catchAll:
        this.#catch(TryFlag.all);
        return;
      case Op.return:
        this.#leave(0);
        this.paths.leave();
        return;
      case Op.unreachable:
      case Op.throwRef:
        this.paths.stop();
    }
  }

  #noteObject(reader: InstructionReader): void {
    const { types } = this.#context;
    this.paths.add(objectCost(types, reader));
    if (reader.opcode === Op.structNewDefault) this.#defaultFields += types[reader.index]?.fields ?? 0;
  }

  #noteBulk(reader: InstructionReader): number {
    const grows = reader.opcode === Op.memoryGrow || reader.opcode === Op.tableGrow;
    const flags = grows ? BodyFlag.bulk | BodyFlag.grows : BodyFlag.bulk;
    const key = bulkKey(reader);
    if (!this.#bulk.has(key)) {
      const { opcode, index, index2 } = reader;
      this.#bulk.set(key, { opcode, index, index2 });
    }
    return flags;
  }

  get bulk(): Iterable<BulkKind> {
    return this.#bulk.values();
  }

  #catch(flag: number): void {
    this.tries.flag(this.#depth - 1, flag);
    this.counted.merge();
    this.paths.catch();
  }

  #noteTryTable({ labelCount, labels, catchesAll }: InstructionReader): void {
    let flags = (labelCount > 0 ? TryFlag.some : 0) | (catchesAll ? TryFlag.all : 0);
    for (let i = 0; i < labelCount; i++) if (labels[i] === this.#depth - 1) flags |= TryFlag.leaves;
    this.tries.add(flags);
  }

  #noteThrow(): number {
    this.paths.stop();
    return BodyFlag.throws;
  }

  /** Notes that a branch to the block at `target`, counted from the outermost, may leave loops around it. */
  #leave(target: number): void {
    const loop = this.#innermostLoop;
    if (loop === NO_LOOP) return;
    // A branch to the block of the test leaves the loop, too.
    const inside = this.counted.isTestedBefore(loop) ? 1 : -1;
    if (target < this.#innermostDepth || target === this.#innermostDepth + inside) this.counted.leave(loop);
  }

  #closeInner(): void {
    if (this.#innermostLoop !== NO_LOOP && this.#depth - 2 === this.#innermostDepth) {
      this.counted.closeInner(this.#innermostLoop);
    }
  }

  #noteFunction(reader: InstructionReader): number {
    if (reader.index >= this.#context.functionTotal) {
      throw reader.fail(
        reader.indexAt,
        `a function index below ${this.#context.functionTotal}`,
        `${reader.index}`,
      );
    }
    if (reader.opcode === Op.refFunc) this.#context.addressTaken[reader.index] = 1;
    else this.#noteCall(reader, reader.index, reader.opcode === Op.returnCall);
    return BodyFlag.namesFunctions;
  }

  #noteIndirectCall(reader: InstructionReader): void {
    if (reader.index >= this.#context.types.length) {
      throw reader.fail(
        reader.indexAt,
        `a type index below ${this.#context.types.length}`,
        `${reader.index}`,
      );
    }
    this.#noteCall(reader, ~reader.index, reader.opcode !== Op.callIndirect && reader.opcode !== Op.callRef);
  }

  #noteCall(reader: InstructionReader, target: number, isTailCall: boolean): void {
    this.paths.call(CALL_WEIGHT);
    if (isTailCall) this.paths.leave();
    this.callTarget.push(target);
    this.callLoop.push(this.#innermostLoop);
    const loop = this.#innermostLoop;
    // The call is in no block inside of the loop, and no branch before it went back.
    const everyTurn =
      loop !== NO_LOOP &&
      this.#depth - 1 === this.#innermostDepth &&
      (this.loopFlags.at(loop) & LoopFlag.branched) === 0;
    const ends = reader.bytes[reader.position] === Op.unreachable;
    this.callFlags.push((everyTurn ? CallFlag.everyTurn : 0) | (ends ? CallFlag.ends : 0));
  }

  #noteBlock(reader: InstructionReader): number {
    let params = 0;
    if (reader.blockType >= 0) {
      const type = this.#context.types[reader.blockType];
      if (type === undefined || type.kind !== 'func') {
        throw reader.fail(reader.start, 'a block with a function type', `type ${reader.blockType}`);
      }
      params = type.params.length;
    }
    if (reader.opcode === Op.try) this.tries.open(this.#depth);
    if (reader.opcode !== Op.loop) {
      this.paths.openBlock(reader.opcode === Op.if);
      this.#open(NO_LOOP);
      return 0;
    }
    if (this.#innermostLoop !== NO_LOOP) this.#flagLoop(this.#innermostLoop, LoopFlag.nested);
    const loop = this.loopFlags.length;
    this.loopFlags.push(params > 0 ? LoopFlag.params : 0);
    this.loopParent.push(this.#innermostLoop);
    this.paths.openLoop();
    // Until it ends: those before it.
    this.loopAccesses.push(this.#accesses);
    // If the loop has no results, the byte before the body is the empty block type.
    this.counted.open(reader, reader.blockType < 0 && reader.bytes[reader.position - 1] === 0x40);
    this.#open(loop);
    return BodyFlag.loops;
  }

  #noteLabels(reader: InstructionReader): number {
    this.#states += reader.labelCount;
    const opcode = reader.opcode;
    if (opcode === Op.brTable && this.#innermostLoop !== NO_LOOP)
      this.#dispatched = Math.max(this.#dispatched, reader.labelCount);
    const even = opcode === Op.br || opcode === Op.brIf || opcode === Op.brTable;
    const flag = LoopFlag.branched | (even || opcode === Op.delegate ? 0 : LoopFlag.oddBranch);
    let found = 0;
    for (let i = 0; i < reader.labelCount; i++) {
      const label = reader.labels[i] ?? 0;
      if (label >= this.#depth) {
        throw reader.fail(reader.labelsAt[i] ?? 0, `a label below ${this.#depth}`, String(label));
      }
      this.#leave(this.#depth - 1 - label);
      const block = this.#depth - 1 - label;
      const loop = this.#blockLoop[block] ?? NO_LOOP;
      this.#followBranch(opcode, block, loop);
      if (loop === NO_LOOP) continue;
      const isLast = opcode === Op.brIf && label === 0 && reader.bytes[reader.position] === Op.end;
      this.#flagLoop(loop, flag | (isLast ? LoopFlag.testedAtEnd : 0));
      this.counted.branch(loop);
      if (opcode === Op.brTable) found = BodyFlag.tableToLoop;
    }
    if (opcode === Op.br || opcode === Op.brTable) this.paths.stop();
    return found;
  }

  #followBranch(opcode: number, block: number, loop: number): void {
    if (opcode === Op.delegate) return;
    if (opcode === Op.tryTable) this.paths.catchAt(block);
    else if (loop === NO_LOOP) this.paths.branchOut(block);
    else this.paths.branchBack(block, loop);
  }

  #flagLoop(loop: number, flag: number): void {
    this.loopFlags.values[loop] = this.loopFlags.at(loop) | flag;
  }

  #unflagLoop(loop: number, flag: number): void {
    this.loopFlags.values[loop] = this.loopFlags.at(loop) & ~flag;
  }

  #open(loop: number): void {
    this.#states += 2;
    if (this.#depth === this.#blockLoop.length) {
      this.#blockLoop = widen(this.#blockLoop);
      this.#innermost = widen(this.#innermost);
      this.#innermostDepths = widen(this.#innermostDepths);
    }
    this.#blockLoop[this.#depth] = loop;
    this.#innermost[this.#depth] = this.#innermostLoop;
    this.#innermostDepths[this.#depth] = this.#innermostDepth;
    if (loop !== NO_LOOP) {
      this.#innermostLoop = loop;
      this.#innermostDepth = this.#depth;
    }
    this.#depth++;
  }

  #close(): void {
    this.#depth--;
    this.tries.close(this.#depth);
    const loop = this.#blockLoop[this.#depth] ?? NO_LOOP;
    this.paths.close(loop);
    if (loop !== NO_LOOP) this.#closeLoop(loop);
    this.#innermostLoop = this.#innermost[this.#depth] ?? NO_LOOP;
    this.#innermostDepth = this.#innermostDepths[this.#depth] ?? 0;
  }

  /** Called when a loop has just ended. Counts all its turns, if it is a steady one. */
  #closeLoop(loop: number): void {
    if (!this.counted.hasOneWayOut(loop)) this.#unflagLoop(loop, LoopFlag.testedAtEnd);
    this.counted.close(loop, (this.loopFlags.at(loop) & LoopFlag.nested) === 0);
    const turns = this.counted.turns.at(loop);
    const accesses = this.#accesses - this.loopAccesses.at(loop);
    this.loopAccesses.values[loop] = accesses;
    const work = turns * this.paths.mostOfTurn.at(loop);
    if (turns === 0 || this.#steadyWork + work > STEADY_LIMIT) return;
    this.#steadyWork += work;
    this.#accesses += turns * accesses;
    this.#flagLoop(loop, LoopFlag.steady);
    this.paths.repeat(loop, turns);
  }
}

function widen(list: Int32Array): Int32Array {
  const wider = new Int32Array(list.length * 2);
  wider.set(list);
  return wider;
}

function hex(offset: number): string {
  return `0x${offset.toString(16)}`;
}
