import type { CallPlan } from './call-plan.ts';
import type { CodeWalk } from './code-pass.ts';
import { Bound, Counted, type CountedLoops } from './counted-loops.ts';
import { Op } from './opcodes.ts';
import type { WorkCount } from './work-count.ts';

/**
 * Writes loops whose number of turns is known when they begin. As many turns as fit below the limit are charged at
 * once, and the bound of the inner loop, which is otherwise as it was, ends it after them:
 *
 *     if (x < bound)
 *       loop $outer                                   loop $outer
 *         turns = min(bound - x, most)                  turns = min((bound - x) / stride, most)
 *         spent += turns * weight; ask if it is time    spent += turns * weight; ask if it is time
 *         step = x + turns                              step = x + turns * stride
 *         loop $inner                                   loop $inner
 *           if (x < step) ... x += 1; br $inner           ... x += stride; br_if $inner (x != step)
 *         end                                           end
 *         br_if $outer (x < bound)                      br_if $outer (x != bound)
 *       end                                           end
 *     end
 */
export class CountedLoopWriter {
  readonly #loops: CountedLoops;
  readonly #plan: CallPlan;
  readonly #work: WorkCount;
  /** Where the loop at hand pushes its bound; -1 outside of a counted loop. */
  #boundAt = -1;
  #boundIsZero = false;

  constructor(loops: CountedLoops, plan: CallPlan, work: WorkCount) {
    this.#loops = loops;
    this.#plan = plan;
    this.#work = work;
  }

  /** Writes what stands in place of the loop's beginning. */
  begin(walk: CodeWalk, loop: number): void {
    const { reader, emit } = walk;
    const { kind, counter, stride, boundAt, boundKind } = this.#loops;
    const by = stride.at(loop);
    const before = kind.at(loop) === Counted.before;
    this.#boundAt = boundAt.at(loop);
    walk.stopAt = this.#boundAt;
    this.#boundIsZero = boundKind.at(loop) === Bound.zero;
    if (before) {
      this.#test(walk, loop);
      emit.u8(Op.if);
      emit.u8(0x40);
    }
    emit.u8(Op.loop);
    emit.u8(0x40);
    if (by < 0) emit.localGet(counter.at(loop));
    this.#pushBound(walk, loop);
    if (by > 0) emit.localGet(counter.at(loop));
    emit.u8(Op.i32Sub);
    this.#chargeTurns(walk, loop, before);
    emit.localGet(this.#work.step);
    if (by !== 1) {
      emit.constant(by);
      emit.u8(Op.i32Mul);
    }
    emit.localGet(counter.at(loop));
    emit.u8(Op.i32Add);
    emit.localSet(this.#work.step);
    emit.u8(Op.loop);
    emit.u8(0x40);
    emit.resume(reader.position);
    walk.openLoop(before ? 3 : 2);
  }

  /** Takes the distance from the stack, charges for the turns to take, and leaves their number in `step`. */
  #chargeTurns(walk: CodeWalk, loop: number, before: boolean): void {
    const { emit } = walk;
    const by = this.#loops.stride.at(loop);
    const weight = this.#plan.turnWeight[loop] ?? 1;
    const most = Math.max(1, Math.floor(this.#work.most / weight));
    // Rotating divides. A distance that is no multiple becomes a large number, as it should: that loop turns for long.
    if (Math.abs(by) > 1) {
      emit.constant(Math.log2(Math.abs(by)));
      emit.u8(Op.i32Rotr);
    }
    emit.localTee(this.#work.step);
    emit.constant(most);
    emit.localGet(this.#work.step);
    if (!before) {
      // A loop with its test after the turn takes at least one turn, so a distance of 0 means 2^32.
      emit.constant(1);
      emit.u8(Op.i32Sub);
    }
    emit.constant(most);
    emit.u8(Op.i32LtU);
    emit.u8(Op.select);
    emit.localTee(this.#work.step);
    emit.constant(weight);
    emit.u8(Op.i32Mul);
    emit.localGet(this.#work.spent);
    emit.u8(Op.i32Add);
    emit.localTee(this.#work.spent);
    emit.localGet(this.#work.limit);
    emit.u8(Op.i32GeU);
    emit.unlikelyIf();
    this.#work.overflow();
    emit.u8(Op.end);
  }

  #pushBound(walk: CodeWalk, loop: number): void {
    const { boundKind, bound: value } = this.#loops;
    if (boundKind.at(loop) === Bound.local) walk.emit.localGet(value.at(loop));
    else walk.emit.constant(boundKind.at(loop) === Bound.zero ? 0 : value.at(loop));
  }

  /** Writes the original test: whether the loop goes on. */
  #test(walk: CodeWalk, loop: number): void {
    const { counter, compare } = this.#loops;
    walk.emit.localGet(counter.at(loop));
    this.#pushBound(walk, loop);
    walk.emit.u8(compare.at(loop));
  }

  /** Writes, before the branch of a test against zero, a comparison with `step` in place of that test. */
  beforeBound(walk: CodeWalk): void {
    const { reader, emit } = walk;
    if (reader.start !== this.#boundAt || !this.#boundIsZero) return;
    this.#boundIsDone(walk);
    emit.insert(reader.start);
    emit.localGet(this.#work.step);
    emit.u8(Op.i32Ne);
    emit.resume(reader.start);
  }

  /** Writes what stands in place of the instruction that pushes the bound: the inner loop's bound is `step`. */
  replaceBound(walk: CodeWalk): boolean {
    const { reader, emit } = walk;
    if (reader.start !== this.#boundAt) return false;
    this.#boundIsDone(walk);
    emit.insert(reader.start);
    emit.localGet(this.#work.step);
    emit.resume(reader.position);
    return true;
  }

  #boundIsDone(walk: CodeWalk): void {
    this.#boundAt = -1;
    walk.stopAt = -1;
  }

  /** Writes what stands in place of the loop's end. */
  end(walk: CodeWalk, loop: number): void {
    const { emit } = walk;
    emit.u8(Op.end);
    this.#test(walk, loop);
    emit.u8(Op.brIf);
    emit.u32(0);
    emit.u8(Op.end);
    if (this.#loops.kind.at(loop) === Counted.before) emit.u8(Op.end);
  }
}
