import type { InstructionReader } from './instruction-reader.ts';
import { IntList } from './int-list.ts';
import { Op } from './opcodes.ts';

/** How a loop tests its counter. */
export const Counted = {
  no: 0,
  /** `loop (if (x < bound) (then ... x += 1; br loop))`, as AssemblyScript writes it. */
  before: 1,
  /** `loop ... (br_if loop ((x += stride) != bound))`, as LLVM writes it; the bound may also come first. */
  after: 2,
} as const;

/** What a counter is compared with. */
export const Bound = { constant: 0, local: 1, zero: 2 } as const;

const NONE = -1;
/** Engines refuse functions with this many locals. */
const LOCAL_LIMIT = 50_000;
/** Strides are powers of two up to this, up or down. */
const STRIDE_LIMIT = 256;
/** Loops of more turns are not looked at as steady ones. */
const MOST_TURNS = 65_536;

/**
 * Finds loops whose number of turns is known when they begin: they are innermost, only the test of their counter leaves
 * them, and nothing else writes the counter or its bound.
 *
 * The columns have an entry for each loop, counted over the module. Instructions come in order, and nothing is
 * allocated for them.
 */
export class CountedLoops {
  /** A `Counted`. */
  readonly kind = new IntList(64);
  /** The local that counts. */
  readonly counter = new IntList(64);
  readonly stride = new IntList(64);
  /** A `Bound`. */
  readonly boundKind = new IntList(64);
  /** A constant or a local, by `boundKind`. */
  readonly bound = new IntList(64);
  /** Offset of the instruction that pushes the bound; for `Bound.zero`, of the branch. */
  readonly boundAt = new IntList(64);
  /** The comparison. */
  readonly compare = new IntList(64);
  /** How many turns it takes where that is the same each time: the counter begins at a constant; else 0. */
  readonly turns = new IntList(64);

  #step: number = Step.none;
  #candidate = NONE;
  /** Offset of the instruction that pushed it. */
  #candidateAt = NONE;
  /** The local that was pushed right before the candidate, or `NONE`, and where. */
  #below = NONE;
  #belowAt = NONE;
  /** The last constant that was pushed. */
  #addend = 0;
  readonly #branches = new IntList(64);
  readonly #leaves = new IntList(64);
  #writtenIn: Int32Array = new Int32Array(64).fill(NONE);
  #writes: Int32Array = new Int32Array(64);
  /** Counts the points where control merges. What is known of locals holds up to the next one. */
  #merges = 0;
  /** The same, where the last loop opened. */
  #openedAt = 0;
  /** By local: the constant it was set to, and `#merges` at that time, or `NONE`. */
  #constants: Int32Array = new Int32Array(64);
  #constantAt: Int32Array = new Int32Array(64).fill(NONE);

  /** See `CodeSurvey.discard`. */
  discard(): void {
    const { kind, counter, stride, boundKind, bound, boundAt, compare, turns } = this;
    for (const column of [kind, counter, stride, boundKind, bound, boundAt, compare, turns]) column.discard();
  }

  /** Called when a loop begins; the reader stands behind its type. */
  open(reader: InstructionReader, plain: boolean): void {
    const loop = this.kind.length;
    for (const column of [this.kind, this.counter, this.stride, this.boundKind, this.bound, this.boundAt])
      column.push(0);
    this.compare.push(0);
    this.turns.push(0);
    this.#branches.push(0);
    this.#leaves.push(plain ? 0 : 1);
    this.#step = Step.none;
    this.#openedAt = this.#merges;
    if (plain) this.#testBefore(reader, loop);
    this.merge();
  }

  /** Called where control merges, or comes from elsewhere. */
  merge(): void {
    this.#merges++;
  }

  /** Called at an instruction that `follow` is not called with, and that may leave a number on the stack. */
  interrupt(): void {
    this.#step = Step.none;
  }

  /** Whether a test `local.get x; bound; i32.lt_s or lt_u; if` follows. */
  #testBefore(reader: InstructionReader, loop: number): void {
    const { bytes } = reader;
    const start = reader.position;
    if (bytes[start] !== Op.localGet) return;
    const boundAt = this.#small(bytes, start + 1);
    if (boundAt < 0) return;
    const counter = this.#value;
    const after = this.#readBound(bytes, boundAt);
    const compare = bytes[after];
    if (after < 0 || (compare !== Op.i32LtS && compare !== Op.i32LtU)) return;
    if (bytes[after + 1] !== Op.if || bytes[after + 2] !== 0x40) return;
    this.#note(loop, Counted.before, counter, boundAt, compare);
    this.#countTurns(loop, counter, 1);
  }

  /** Notes how many turns a loop takes whose counter begins and ends at constants. */
  #countTurns(loop: number, counter: number, stride: number): void {
    if (this.#foundKind === Bound.local || this.#constantAt[counter] !== this.#openedAt) return;
    const bound = this.#foundKind === Bound.zero ? 0 : this.#foundBound;
    const turns = (bound - (this.#constants[counter] ?? 0)) / stride;
    // Others wrap around, have a test that does not hold from the start, or miss their bound.
    if (Number.isInteger(turns) && turns > 0 && turns <= MOST_TURNS) this.turns.values[loop] = turns;
  }

  #note(loop: number, kind: number, counter: number, boundAt: number, compare: number): void {
    this.kind.values[loop] = kind;
    this.turns.values[loop] = 0;
    this.counter.values[loop] = counter;
    this.boundAt.values[loop] = boundAt;
    this.compare.values[loop] = compare;
    this.boundKind.values[loop] = this.#foundKind;
    this.bound.values[loop] = this.#foundBound;
  }

  #value = 0;
  #foundKind = 0;
  #foundBound = 0;

  /** Reads an unsigned number of at most four bytes into `value`. Returns where it ends, or -1 if it is longer. */
  #small(bytes: Uint8Array, at: number): number {
    let value = 0;
    for (let i = 0; i < 4; i++) {
      const byte = bytes[at + i] ?? 0xff;
      value |= (byte & 0x7f) << (7 * i);
      if (byte < 0x80) {
        this.#value = value;
        return at + i + 1;
      }
    }
    return -1;
  }

  /** Reads what pushes a bound into `foundKind` and `foundBound`. Returns where it ends; -1 if it is something else. */
  #readBound(bytes: Uint8Array, at: number): number {
    const opcode = bytes[at];
    if (opcode !== Op.localGet && opcode !== Op.i32Const) return -1;
    const end = this.#small(bytes, at + 1);
    if (end < 0) return -1;
    const bits = 7 * (end - at - 1);
    this.#foundKind = opcode === Op.localGet ? Bound.local : Bound.constant;
    this.#foundBound = opcode === Op.localGet ? this.#value : (this.#value << (32 - bits)) >> (32 - bits);
    return end;
  }

  /**
   * Called with each instruction that is not about control, in the innermost loop `loop` or outside of loops, with
   * `inside` blocks open in that loop.
   */
  follow(reader: InstructionReader, loop: number, inside: number): void {
    switch (reader.opcode) {
      case Op.localGet:
        this.#below = this.#step === Step.local ? this.#candidate : NONE;
        this.#belowAt = this.#candidateAt;
        this.#candidate = reader.index;
        this.#candidateAt = reader.start;
        this.#step = Step.local;
        return;
      case Op.i32Const:
        this.#addend = reader.index;
        this.#step = this.#step === Step.local ? Step.localAndConstant : Step.constant;
        return;
      case Op.i32Sub:
        this.#addend = -this.#addend;
        this.#step = this.#step === Step.localAndConstant ? Step.sum : Step.none;
        return;
      case Op.i32Add:
        this.#step = this.#step === Step.localAndConstant ? Step.sum : Step.none;
        return;
      case Op.localSet:
      case Op.localTee:
        if (loop !== NONE) this.#write(reader, loop, inside);
        this.#step = Step.none;
        return;
      default:
        this.#step = Step.none;
    }
  }

  #write(reader: InstructionReader, loop: number, inside: number): void {
    const { index } = reader;
    if (index >= LOCAL_LIMIT) {
      this.#leaves.values[loop] = 1;
      return;
    }
    if (index >= this.#writes.length) this.#grow(index);
    if (this.#writtenIn[index] === loop) {
      this.#writes[index] = 2;
    } else {
      this.#writtenIn[index] = loop;
      this.#writes[index] = 1;
    }
    if (this.#step === Step.sum && index === this.#candidate) this.#update(reader, loop, inside);
    const isConstant = this.#step === Step.constant || this.#step === Step.localAndConstant;
    this.#constants[index] = this.#addend;
    this.#constantAt[index] = isConstant ? this.#merges : NONE;
  }

  #grow(index: number): void {
    const length = Math.max(index + 1, this.#writes.length * 2);
    this.#writes = longer(this.#writes, length, 0);
    this.#writtenIn = longer(this.#writtenIn, length, NONE);
    this.#constants = longer(this.#constants, length, 0);
    this.#constantAt = longer(this.#constantAt, length, NONE);
  }

  /** Called when the reader stands behind `x = x + constant`, which may make this loop a counted one. */
  #update(reader: InstructionReader, loop: number, inside: number): void {
    const { bytes, position } = reader;
    if (reader.opcode === Op.localSet) {
      const last = inside === 1 && bytes[position] === Op.br && bytes[position + 1] === 1;
      const ends = bytes[position + 2] === Op.end && bytes[position + 3] === Op.end;
      if (!last || !ends || this.#addend !== 1 || this.counter.at(loop) !== reader.index) return;
      if (this.kind.at(loop) === Counted.before) this.stride.values[loop] = 1;
      return;
    }
    if (inside !== 0) return;
    const size = Math.abs(this.#addend);
    if (size === 0 || size > STRIDE_LIMIT || (size & (size - 1)) !== 0) return;
    let branch = position;
    let boundAt = position;
    if (bytes[position] === Op.brIf) {
      this.#foundKind = Bound.zero;
    } else if (bytes[position] === Op.i32Ne && this.#below !== NONE) {
      this.#foundKind = Bound.local;
      this.#foundBound = this.#below;
      boundAt = this.#belowAt;
      branch = position + 1;
    } else {
      branch = this.#readBound(bytes, position) + 1;
      if (branch <= 0 || bytes[branch - 1] !== Op.i32Ne) return;
    }
    if (bytes[branch] !== Op.brIf || bytes[branch + 1] !== 0 || bytes[branch + 2] !== Op.end) return;
    this.#note(loop, Counted.after, reader.index, boundAt, Op.i32Ne);
    this.stride.values[loop] = this.#addend;
    this.#countTurns(loop, reader.index, this.#addend);
  }

  /** Called at a branch to the loop. */
  branch(loop: number): void {
    this.#branches.values[loop] = this.#branches.at(loop) + 1;
  }

  /** Called when something other than its test leaves the loop. */
  leave(loop: number): void {
    this.#leaves.values[loop] = 1;
  }

  /** Called where the block right inside of the loop ends or has an `else`. By then, the counter must be updated. */
  closeInner(loop: number): void {
    if (this.kind.at(loop) === Counted.before && this.stride.at(loop) === 0) this.#leaves.values[loop] = 1;
  }

  /** Whether a single branch goes back to the loop, and none out of it. */
  hasOneWayOut(loop: number): boolean {
    return this.#branches.at(loop) === 1 && this.#leaves.at(loop) === 0;
  }

  isTestedBefore(loop: number): boolean {
    return this.kind.at(loop) === Counted.before;
  }

  /** Called when the loop ends. If it did not turn out to be a counted one, it is struck out. */
  close(loop: number, innermost: boolean): void {
    const kind = this.kind.at(loop);
    if (kind === Counted.no) return;
    const counter = this.counter.at(loop);
    const byLocal = this.boundKind.at(loop) === Bound.local;
    const steady = !byLocal || this.#writtenIn[this.bound.at(loop)] !== loop;
    const once = this.#writtenIn[counter] === loop && this.#writes[counter] === 1;
    const holds = innermost && once && steady && this.#branches.at(loop) === 1 && this.#leaves.at(loop) === 0;
    if (holds && this.stride.at(loop) !== 0) return;
    this.kind.values[loop] = Counted.no;
    this.turns.values[loop] = 0;
  }
}

/** What the last instructions have pushed. */
const Step = { none: 0, local: 1, localAndConstant: 2, sum: 3, constant: 4 } as const;

function longer(list: Int32Array, length: number, filler: number): Int32Array {
  const copy = new Int32Array(length).fill(filler);
  copy.set(list);
  return copy;
}
