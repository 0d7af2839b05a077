import { WORK_LIMIT } from './call-plan.ts';
import type { CodeEmitter } from './code-emitter.ts';
import { Op } from './opcodes.ts';

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
  readonly #tick: number;
  readonly #budget: number;

  /** @param tick function index, @param budget global index, both in the rewritten module */
  constructor(emit: CodeEmitter, tick: number, budget: number) {
    this.#emit = emit;
    this.#tick = tick;
    this.#budget = budget;
  }

  /** Writes the call that asks for a tick. */
  ask(): void {
    this.#emit.call(this.#tick);
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
    if (this.most < WORK_LIMIT) this.settle();
    else this.ask();
    this.clear();
  }

  clear(): void {
    this.#emit.constant(0);
    this.#emit.localSet(this.spent);
  }

  askByBudget(weight: number): void {
    this.#emit.globalGet(this.#budget);
    this.#emit.constant(weight);
    this.#takeFromBudget();
  }

  /** Takes what `spent` has counted from the budget. */
  settle(): void {
    this.#emit.globalGet(this.#budget);
    this.#emit.localGet(this.spent);
    this.#takeFromBudget();
  }

  #takeFromBudget(): void {
    const emit = this.#emit;
    emit.u8(Op.i32Sub);
    // Through a local, since the engine would read the global again.
    if (this.left >= 0) emit.localTee(this.left);
    emit.globalSet(this.#budget);
    if (this.left >= 0) emit.localGet(this.left);
    else emit.globalGet(this.#budget);
    emit.constant(0);
    emit.u8(Op.i32LtS);
    emit.unlikelyIf();
    emit.call(this.#tick);
    emit.constant(WORK_LIMIT);
    emit.globalSet(this.#budget);
    emit.u8(Op.end);
  }
}
