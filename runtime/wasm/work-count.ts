import { DEEP_FRAME_LIMIT, MOST_FRAMES, WORK_LIMIT } from './call-plan.ts';
import type { CodeEmitter } from './code-emitter.ts';
import { Op } from './opcodes.ts';

/** Indices in the rewritten module. */
export interface WorkTargets {
  /** The function `() -> ()` that lets others run if it is time. */
  readonly tick: number;
  /** A mutable i32 global: what is left until somebody calls it. */
  readonly budget: number;
  /** The function `(units: i32) -> ()` that takes units from the budget, and calls `tick` if it is used up. */
  readonly charge: number;
  /** A mutable i32 global: how many functions of a recursion are on the stack; -1 if there is none. */
  readonly depth: number;
}

/**
 * Writes the code that counts work and asks for a tick. Loops count in locals of their function; function entries and
 * calls count in a global of the module.
 */
export class WorkCount {
  /** Local: work of this function's loops since it last asked; -1 where no local could be added. */
  spent = -1;
  /** What `spent` may count before it goes to the budget. */
  most = WORK_LIMIT;
  /** Local: the same. */
  limit = -1;
  /** Local: how many functions of a recursion are on the stack, this one included; -1 if it is not of one. */
  depth = -1;
  /** Local: from where `spent` counts. Zero, unless the function is deep in a recursion; -1 if it is not of one. */
  base = -1;
  /** Local: the weight of what a loop of copies counts at once, or the bound of a counted loop's strip. */
  step = -1;
  /** Local: what is left of the budget, at a check; -1 where no local could be added. */
  left = -1;
  readonly #emit: CodeEmitter;
  readonly #targets: WorkTargets;

  constructor(emit: CodeEmitter, targets: WorkTargets) {
    this.#emit = emit;
    this.#targets = targets;
  }

  /** Writes the call that asks for a tick. */
  ask(): void {
    this.#emit.call(this.#targets.tick);
  }

  /** Adds to `spent`, and asks if that has reached its limit. */
  spend(weight: number): void {
    const emit = this.#emit;
    emit.localGet(this.spent);
    emit.constant(weight);
    emit.u8(Op.i32Add);
    emit.localTee(this.spent);
    emit.constant(this.most);
    emit.u8(Op.i32GeU);
    emit.unlikelyIf();
    this.overflow();
    emit.u8(Op.end);
  }

  /** Writes what happens when `spent` has reached its limit. */
  overflow(): void {
    if (this.most < WORK_LIMIT) this.settleApart(0);
    else {
      this.ask();
      this.clear();
    }
  }

  /** Sets the limit where the function begins, and what it has spent: the weight of its entry. */
  enter(weight: number): void {
    const emit = this.#emit;
    emit.constant(this.most);
    emit.localSet(this.limit);
    if (weight > 0) {
      emit.constant(weight);
      emit.localSet(this.spent);
    }
    if (this.depth < 0) return;
    emit.globalGet(this.#targets.depth);
    emit.constant(1);
    emit.u8(Op.i32Add);
    emit.localTee(this.depth);
    emit.globalSet(this.#targets.depth);
    emit.localGet(this.depth);
    emit.constant(MOST_FRAMES);
    emit.u8(Op.i32GeU);
    emit.unlikelyIf();
    if (weight > 0) this.askApart(weight);
    emit.constant(this.most - DEEP_FRAME_LIMIT);
    emit.localTee(this.base);
    emit.localSet(this.spent);
    emit.u8(Op.end);
  }

  /** Writes what a function of a recursion does where it ends. Those that an exception ended above it count no longer either. */
  leave(): void {
    this.#emit.localGet(this.depth);
    this.#emit.constant(1);
    this.#emit.u8(Op.i32Sub);
    this.#emit.globalSet(this.#targets.depth);
  }

  /** The same for those that an exception has ended, where it is caught. */
  caught(): void {
    this.#emit.localGet(this.depth);
    this.#emit.globalSet(this.#targets.depth);
  }

  clear(): void {
    if (this.base >= 0) this.#emit.localGet(this.base);
    else this.#emit.constant(0);
    this.#emit.localSet(this.spent);
  }

  askByBudget(weight: number): void {
    this.#emit.globalGet(this.#targets.budget);
    this.#emit.constant(weight);
    this.#takeFromBudget();
  }

  /** The same in few bytes, where it need not be fast. */
  askApart(weight: number): void {
    this.#emit.constant(weight);
    this.#emit.call(this.#targets.charge);
  }

  /** Takes what `spent` has counted from the budget. */
  settle(): void {
    this.#emit.globalGet(this.#targets.budget);
    this.#getSpent();
    this.#takeFromBudget();
  }

  /** Takes it, and `more`, from the budget in few bytes, and sets it to zero. */
  settleApart(more: number): void {
    const emit = this.#emit;
    this.#getSpent();
    if (more !== 0) {
      emit.constant(more);
      emit.u8(Op.i32Add);
    }
    emit.call(this.#targets.charge);
    this.clear();
  }

  #getSpent(): void {
    const emit = this.#emit;
    emit.localGet(this.spent);
    if (this.base < 0) return;
    emit.localGet(this.base);
    emit.u8(Op.i32Sub);
  }

  #takeFromBudget(): void {
    const emit = this.#emit;
    const { budget } = this.#targets;
    emit.u8(Op.i32Sub);
    // Through a local, since the engine would read the global again.
    if (this.left >= 0) emit.localTee(this.left);
    emit.globalSet(budget);
    if (this.left >= 0) emit.localGet(this.left);
    else emit.globalGet(budget);
    emit.constant(0);
    emit.u8(Op.i32LtS);
    emit.unlikelyIf();
    this.askApart(0);
    emit.u8(Op.end);
  }
}
