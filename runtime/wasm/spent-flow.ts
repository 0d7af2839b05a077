import type { CodeWalk } from './code-pass.ts';
import { NO_LOOP } from './code-survey.ts';
import { IntList } from './int-list.ts';
import type { WasmModule } from './module.ts';
import { Op } from './opcodes.ts';
import { TryFlag } from './tries.ts';

/** What is known of an open block; a bit set. */
const Block = {
  /** An `if` without an `else` so far. */
  if: 1,
  loop: 2,
  /** `spent` may be other than zero where it begins. */
  fromStart: 4,
  /** The same where a branch leaves it. */
  atEnd: 8,
  /** Exceptions are caught in the function. */
  caught: 16,
} as const;

/**
 * Follows, along the walk through a function, whether its `spent` may be other than zero: from the loops that count in it to
 * where it has been taken from the budget. Ways that merge bring what either of them has:
 *
 *     block
 *       loop ... end              counts
 *       br_if 0                   leaves the block with it
 *       call $g                   charged before
 *       call $h                   there is nothing to charge
 *     end
 *     call $h                     charged before, on account of the branch
 */
export class SpentFlow {
  /** Whether it may be, at the point at hand. */
  mayBe = false;
  readonly #module: WasmModule;
  /** Whether there is only one tag, so that who catches it catches everything. */
  readonly #hasOneTag: boolean;
  /** By loop, counted over the module: 1 if it counts in `spent`, or a loop inside of it does. */
  readonly #counts: Uint8Array;
  readonly #blocks = new IntList(64);
  #isFollowed = false;
  /** Whether it may have been so far: an exception comes from anywhere. */
  #mayHaveBeen = false;
  #nextTry = 0;

  constructor(module: WasmModule) {
    this.#module = module;
    const imported = module.imports.filter(({ kind }) => kind === 'tag');
    this.#hasOneTag = module.tags.length + imported.length === 1;
    this.#counts = new Uint8Array(module.code.loopFlags.length);
  }

  /**
   * Called where function `i`, counted from the first defined one, begins.
   * @param counts whether a loop counts in `spent`; null if the function has none
   */
  begin(i: number, counts: ((loop: number) => boolean) | null): void {
    const { firstLoop, firstTry, loopParent } = this.#module.code;
    this.mayBe = false;
    this.#mayHaveBeen = false;
    this.#isFollowed = counts !== null;
    if (counts === null) return;
    this.#blocks.length = 0;
    this.#blocks.push(0);
    this.#nextTry = firstTry[i] ?? 0;
    const first = firstLoop[i] ?? 0;
    for (let loop = (firstLoop[i + 1] ?? 0) - 1; loop >= first; loop--) {
      if (counts(loop)) this.#counts[loop] = 1;
      const parent = loopParent.at(loop);
      if (this.#counts[loop] === 1 && parent !== NO_LOOP) this.#counts[parent] = 1;
    }
  }

  /** Called where something is added to `spent`. */
  count(): void {
    this.mayBe = true;
    this.#mayHaveBeen = true;
  }

  /** Called where it is set to zero. */
  clear(): void {
    this.mayBe = false;
  }

  /** Whether exceptions at the point at hand are caught in the function, so that its locals stay. */
  get isCaught(): boolean {
    return this.#isFollowed && (this.#innermost & Block.caught) !== 0;
  }

  /** Called at each instruction, after what is written before it. */
  follow({ reader, nextLoop }: CodeWalk): void {
    if (!this.#isFollowed) return;
    switch (reader.opcode) {
      case Op.block:
        this.#open(0);
        return;
      case Op.if:
        this.#open(Block.if);
        return;
      case Op.loop:
        // What a turn leaves comes back to the head.
        if (this.#counts[nextLoop] === 1) this.count();
        this.#open(Block.loop);
        return;
      case Op.try:
      case Op.tryTable:
        this.#try();
        // Its exceptions come to these labels, from anywhere in it.
        if (reader.opcode === Op.tryTable)
          for (let i = 0; i < reader.labelCount; i++) this.#arrive(1 + (reader.labels[i] ?? 0), true);
        return;
      case Op.else:
        this.#arrive(0, this.mayBe);
        this.mayBe = (this.#innermost & Block.fromStart) !== 0;
        this.#setInnermost(this.#innermost & ~Block.if);
        return;
      case Op.catch:
      case Op.catchAll:
        this.#catch();
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
        for (let i = 0; i < reader.labelCount; i++) this.#arrive(reader.labels[i] ?? 0, this.mayBe);
        if (reader.opcode === Op.br || reader.opcode === Op.brTable) this.mayBe = false;
        return;
      case Op.return:
      case Op.unreachable:
      case Op.throw:
      case Op.rethrow:
      case Op.throwRef:
      case Op.returnCall:
      case Op.returnCallIndirect:
      case Op.returnCallRef:
        this.mayBe = false;
    }
  }

  get #innermost(): number {
    return this.#blocks.at(this.#blocks.length - 1);
  }

  #setInnermost(block: number): void {
    this.#blocks.values[this.#blocks.length - 1] = block;
  }

  #open(kind: number, caught = this.#innermost & Block.caught): void {
    this.#blocks.push(kind | caught | (this.mayBe ? Block.fromStart : 0));
  }

  #try(): void {
    const flags = this.#module.code.tries.flags.at(this.#nextTry++);
    const catches = TryFlag.all | (this.#hasOneTag ? TryFlag.some : 0);
    if ((flags & TryFlag.leaves) !== 0) this.#open(0, 0);
    else if ((flags & catches) !== 0) this.#open(0, Block.caught);
    else this.#open(0);
  }

  /** Exceptions in what follows go to the blocks around. */
  #catch(): void {
    this.#arrive(0, this.mayBe);
    this.mayBe = this.#mayHaveBeen;
    const around = this.#blocks.at(this.#blocks.length - 2) & Block.caught;
    this.#setInnermost((this.#innermost & ~Block.caught) | around);
  }

  /** Notes a way to the end of a block, or to the head of a loop, which knows already. */
  #arrive(label: number, mayBe: boolean): void {
    const block = this.#blocks.length - 1 - label;
    if (mayBe) this.#blocks.values[block] = this.#blocks.at(block) | Block.atEnd;
  }

  #close(): void {
    const block = this.#innermost;
    this.#blocks.length--;
    if ((block & Block.loop) !== 0) return;
    const passed = Block.atEnd | ((block & Block.if) !== 0 ? Block.fromStart : 0);
    this.mayBe ||= (block & passed) !== 0;
  }
}
