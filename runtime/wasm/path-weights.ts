import { IntList } from './int-list.ts';

/** Stands for the weight of a path where there is none: nothing reaches this code. */
const UNREACHED = -1;
/** Weights do not grow beyond this. */
const SATURATED = 2 ** 30;

/**
 * Adds up what lies on the paths through a function: for the function and for a turn of each of its loops, the weight of
 * the lightest and of the heaviest path, and how many calls one makes at most. Branches that exclude each other lie on different paths:
 *
 *     block                     3..3
 *       br_if 0 (1 unit)        4..4    leaves the block with 4..4
 *       ... 20 units ...       24..24
 *     end                       4..24
 *
 * An inner loop counts as if it took part of one turn: it pays for whole turns itself, unless it is steady. The only way into a loop is its
 * head, so what lies between head and back edge is the difference of the paths to the two.
 */
export class PathWeights {
  /** By loop, counted over the module: the lightest path from its head to a branch back; 0 if there is no such branch. */
  readonly leastOfTurn = new IntList(64);
  /** The heaviest one. */
  readonly mostOfTurn = new IntList(64);
  /** The most calls on one. */
  readonly callsOfTurn = new IntList(64);

  /** Of all paths to the point at hand. */
  #least = 0;
  #most = 0;
  #calls = 0;
  /** The heaviest path to any point so far, and the most calls on one. */
  #peak = 0;
  #peakCalls = 0;
  /** The lightest path to an end of the function. */
  #leastToEnd = SATURATED;

  // By open block: the paths to its beginning, and those that jumped to its end.
  readonly #startLeast = new IntList(64);
  readonly #startMost = new IntList(64);
  readonly #endLeast = new IntList(64);
  readonly #endMost = new IntList(64);
  readonly #startCalls = new IntList(64);
  readonly #endCalls = new IntList(64);
  /** By open block: a bit set of `Open`. */
  readonly #open = new IntList(64);

  /** See `CodeSurvey.discard`. */
  discard(): void {
    this.leastOfTurn.discard();
    this.mostOfTurn.discard();
    this.callsOfTurn.discard();
  }

  /** Called where a function begins. */
  begin(): void {
    this.#least = 0;
    this.#most = 0;
    this.#calls = 0;
    this.#peak = 0;
    this.#peakCalls = 0;
    this.#leastToEnd = SATURATED;
    while (this.#open.length > 0) this.#pop();
  }

  /** The lightest path through the function that has been read. */
  get least(): number {
    return Math.min(this.#leastToEnd, this.most);
  }

  /** The heaviest path to any point of the function, also to those where it traps or throws. */
  get most(): number {
    return Math.min(SATURATED, Math.max(this.#peak, this.#most));
  }

  /** The most calls on a path to any point of the function. */
  get mostCalls(): number {
    return this.#peakCalls;
  }

  /** Adds an instruction. */
  add(weight: number): void {
    if (this.#most === UNREACHED) return;
    this.#least += weight;
    this.#most += weight;
  }

  /** Adds a call, which counts as an instruction of this weight. */
  call(weight: number): void {
    if (this.#most === UNREACHED) return;
    this.add(weight);
    this.#calls = Math.min(SATURATED, this.#calls + 1);
  }

  /** Called where a block begins that is no loop. @param isIf whether it may be passed by, without an `else` */
  openBlock(isIf: boolean): void {
    this.#openAs(isIf ? Open.if : 0);
  }

  openLoop(): void {
    this.leastOfTurn.push(0);
    this.mostOfTurn.push(0);
    this.callsOfTurn.push(0);
    this.#openAs(0);
  }

  #openAs(kind: number): void {
    this.#startLeast.push(Math.min(SATURATED, this.#least));
    this.#startMost.push(Math.min(SATURATED, this.#most));
    this.#endLeast.push(SATURATED);
    this.#endMost.push(UNREACHED);
    this.#startCalls.push(this.#calls);
    this.#endCalls.push(0);
    this.#open.push(kind);
  }

  /** Called at a branch to the end of a block. @param block counted from the outermost, which is the function's */
  branchOut(block: number): void {
    if (this.#most === UNREACHED) return;
    this.#arrive(block, this.#least, this.#most, this.#calls);
  }

  #arrive(block: number, least: number, most: number, calls: number): void {
    if (calls > this.#endCalls.at(block)) this.#endCalls.values[block] = calls;
    if (most > this.#endMost.at(block)) this.#endMost.values[block] = Math.min(SATURATED, most);
    if (least < this.#endLeast.at(block)) this.#endLeast.values[block] = least;
  }

  /** Called at a branch back to a loop. */
  branchBack(block: number, loop: number): void {
    if (this.#most !== UNREACHED) this.#turn(block, loop, this.#least, this.#most, this.#calls);
  }

  #turn(block: number, loop: number, leastNow: number, mostNow: number, callsNow: number): void {
    const calls = callsNow - this.#startCalls.at(block);
    if (calls > this.callsOfTurn.at(loop)) this.callsOfTurn.values[loop] = calls;
    const most = Math.max(1, Math.min(SATURATED, mostNow) - this.#startMost.at(block));
    const least = Math.max(1, Math.min(SATURATED, leastNow) - this.#startLeast.at(block));
    const before = this.leastOfTurn.at(loop);
    this.leastOfTurn.values[loop] = before === 0 ? least : Math.min(before, least);
    this.mostOfTurn.values[loop] = Math.max(this.mostOfTurn.at(loop), most);
  }

  /** Adds turns of a loop that has just ended. */
  repeat(loop: number, turns: number): void {
    if (this.#most === UNREACHED) return;
    this.#least += turns * this.leastOfTurn.at(loop);
    this.#most += turns * this.mostOfTurn.at(loop);
    this.#calls = Math.min(SATURATED, this.#calls + turns * this.callsOfTurn.at(loop));
  }

  /** Called where exceptions of the code that follows are caught by a branch to a block. */
  catchAt(block: number): void {
    this.#open.values[block] = this.#open.at(block) | Open.caught;
  }

  /** Called behind an instruction that never goes on to the next. */
  stop(): void {
    this.#note();
    this.#most = UNREACHED;
  }

  /** Called behind one that ends the function. */
  leave(): void {
    if (this.#most !== UNREACHED) this.#leastToEnd = Math.min(this.#leastToEnd, this.#least);
    this.stop();
  }

  #note(): void {
    if (this.#most === UNREACHED) return;
    if (this.#most > this.#peak) this.#peak = this.#most;
    if (this.#calls > this.#peakCalls) this.#peakCalls = this.#calls;
  }

  /** Called at the `else` of the innermost block. */
  else(): void {
    const block = this.#open.length - 1;
    this.branchOut(block);
    this.#note();
    this.#open.values[block] = this.#open.at(block) & ~Open.if;
    this.#least = this.#startLeast.at(block);
    this.#most = this.#startMost.at(block);
    this.#calls = this.#startCalls.at(block);
  }

  /** Called at a `catch` of the innermost block: an exception may come from any point in it. */
  catch(): void {
    const block = this.#open.length - 1;
    this.branchOut(block);
    this.#note();
    this.#least = this.#startLeast.at(block);
    this.#most = this.#startMost.at(block) === UNREACHED ? UNREACHED : this.#peak;
    this.#calls = this.#peakCalls;
  }

  /** Called where the innermost block ends. @param loop its number if it is a loop, or -1 */
  close(loop: number): void {
    const block = this.#open.length - 1;
    const open = this.#open.at(block);
    this.#note();
    const startMost = this.#startMost.at(block);
    const isCaught = (open & Open.caught) !== 0 && startMost !== UNREACHED;
    if (loop >= 0) {
      if (isCaught) this.#turn(block, loop, this.#startLeast.at(block), this.#peak, this.#peakCalls);
    } else {
      this.branchOut(block);
      if (isCaught) this.#arrive(block, this.#startLeast.at(block), this.#peak, this.#peakCalls);
      if ((open & Open.if) !== 0 && startMost !== UNREACHED) {
        this.#arrive(block, this.#startLeast.at(block), startMost, this.#startCalls.at(block));
      }
      this.#least = this.#endLeast.at(block);
      this.#most = this.#endMost.at(block);
      this.#calls = this.#endCalls.at(block);
    }
    this.#pop();
    if (block === 0) this.leave();
  }

  #pop(): void {
    this.#startLeast.length--;
    this.#startMost.length--;
    this.#endLeast.length--;
    this.#endMost.length--;
    this.#startCalls.length--;
    this.#endCalls.length--;
    this.#open.length--;
  }
}

const Open = {
  /** An `if` without an `else` so far. */
  if: 1,
  /** Exceptions are caught by a branch to it. */
  caught: 2,
} as const;
