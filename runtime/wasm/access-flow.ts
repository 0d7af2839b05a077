import { MOST_ACCESSES } from './access-weight.ts';
import type { CallPlan } from './call-plan.ts';
import type { CodeWalk } from './code-pass.ts';
import { type CodeSurvey, LoopFlag } from './code-survey.ts';
import { IntList } from './int-list.ts';
import { isAccess, Op } from './opcodes.ts';

/**
 * Follows, along the walk through a function, how many accesses to memory the heaviest path to the point at hand has made since
 * it charged for some. What a path counts for by its weight is an average over all paths, and a path that is hardly ever
 * taken, as far as can be known, could be full of accesses that miss all caches. Ways that merge bring what the heaviest has:
 *
 *     if ... 40 accesses ...       40
 *     else ... 3 accesses ...       3
 *     end                          40
 *     ... 30 accesses ...          70     charged, 0
 *
 * A turn of a loop is charged for what it makes at least (`CallPlan.turnWeight`), so branches back bring nothing. A call of a
 * function that does not charge at its entry counts what that makes.
 */
export class AccessFlow {
  /** On the heaviest path to the point at hand. */
  most = 0;
  readonly #plan: CallPlan;
  readonly #code: CodeSurvey;
  // By open block: what led to its beginning, and to its end.
  readonly #start = new IntList(64);
  readonly #end = new IntList(64);
  /** By open block: a `Kind`, or the number of the loop that it is. */
  readonly #kind = new IntList(64);

  constructor(plan: CallPlan, code: CodeSurvey) {
    this.#plan = plan;
    this.#code = code;
  }

  /** Called where a function begins. */
  begin(): void {
    this.most = 0;
    this.#start.length = this.#end.length = this.#kind.length = 0;
    this.#open(Kind.block);
  }

  /** Called at each instruction, after what is written before it. @param call the number of the call that it is */
  follow({ reader, nextLoop }: CodeWalk, call: number): void {
    switch (reader.opcode) {
      case Op.block:
      case Op.try:
        this.#open(Kind.block);
        return;
      case Op.tryTable:
        for (let i = 0; i < reader.labelCount; i++) this.#arrive(reader.labels[i] ?? 0, MOST_ACCESSES - 1);
        this.#open(Kind.block);
        return;
      case Op.if:
        this.#open(Kind.if);
        return;
      case Op.loop:
        this.#open(nextLoop);
        return;
      case Op.else:
        this.#arrive(0, this.most);
        this.most = this.#start.at(this.#start.length - 1);
        this.#kind.values[this.#kind.length - 1] = Kind.block;
        return;
      case Op.catch:
      case Op.catchAll:
        this.#arrive(0, this.most);
        this.most = MOST_ACCESSES - 1;
        return;
      case Op.end:
      case Op.delegate:
        this.#close();
        return;
      case Op.br:
      case Op.brIf:
      case Op.brTable:
      case Op.brOnNull:
      case Op.brOnNonNull:
      case Op.brOnCast:
      case Op.brOnCastFail:
        for (let i = 0; i < reader.labelCount; i++) this.#arrive(reader.labels[i] ?? 0, this.most);
        if (reader.opcode === Op.br || reader.opcode === Op.brTable) this.most = 0;
        return;
      case Op.call:
      case Op.callIndirect:
      case Op.callRef:
        this.most += this.#plan.accessesOf(call);
        return;
      case Op.return:
      case Op.unreachable:
      case Op.throw:
      case Op.rethrow:
      case Op.throwRef:
        this.most = 0;
        return;
      default:
        if (isAccess(reader.opcode)) this.most++;
    }
  }

  #open(kind: number): void {
    this.#start.push(this.most);
    this.#end.push(0);
    this.#kind.push(kind);
  }

  #arrive(label: number, accesses: number): void {
    const block = this.#end.length - 1 - label;
    if (block >= 0 && accesses > this.#end.at(block)) this.#end.values[block] = accesses;
  }

  #close(): void {
    const block = this.#end.length - 1;
    const kind = this.#kind.at(block);
    // What branches to a loop goes on at its head.
    if (kind < 0) this.most = Math.max(this.most, this.#end.at(block));
    else if ((this.#code.loopFlags.at(kind) & LoopFlag.steady) !== 0)
      this.most += this.#code.counted.turns.at(kind) * this.#code.loopAccesses.at(kind);
    if (kind === Kind.if) this.most = Math.max(this.most, this.#start.at(block));
    this.#start.length--;
    this.#end.length--;
    this.#kind.length--;
  }
}

/** What a block is if it is no loop. The second is an `if` without an `else` so far. */
const Kind = { block: -1, if: -2 } as const;
