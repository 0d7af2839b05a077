import { WORK_LIMIT } from './call-plan.ts';
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

  clear(): void {
    this.#emit.constant(0);
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
    this.#emit.localGet(this.spent);
    this.#takeFromBudget();
  }

  /** Takes it, and `more`, from the budget in few bytes, and sets it to zero. */
  settleApart(more: number): void {
    const emit = this.#emit;
    emit.localGet(this.spent);
    if (more !== 0) {
      emit.constant(more);
      emit.u8(Op.i32Add);
    }
    emit.call(this.#targets.charge);
    this.clear();
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
