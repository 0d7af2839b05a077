import { firstFrom } from './ascending.ts';
import { InstructionReader } from './instruction-reader.ts';
import { IntList } from './int-list.ts';
import type { WasmModule } from './module.ts';
import { Op, Shape } from './opcodes.ts';

/** Ways of branch tables that are told apart. The last one stands for all behind it. */
const MOST_WAYS = 64;

/** Instructions that prepare a trap: they push what is told of it, and call what tells it. */
const MOST_BEFORE_TRAP = 40;

/** The runs of code that stand for places in sources. */
export interface CoverPlaces {
  /** Where each run begins, ascending. It ends where the next one does, or its function. */
  readonly offsets: Uint32Array;
  /** By run: a number for its line in one of the sources; 0 if nobody wants to know whether the run is executed. */
  readonly lines: Uint32Array;
}

/** A branch that goes one of several ways. */
export interface CoverBranch {
  /** Of the instruction: `br_if`, `if` or `br_table`. */
  readonly offset: number;
  /**
   * The flag of the first way; those of the others follow. Of `br_if` and `if` the first way is that of a condition that holds; of a
   * branch table, they stand in its order.
   */
  readonly flag: number;
  readonly ways: number;
}

/**
 * Where the cover pass sets flags in a module, and which flag tells of which code. A flag is a byte that is 1 once the code has been
 * executed.
 *
 * Code is cut into *stretches*: what stands in one is executed from its first instruction on, unless it traps. A stretch ends at each
 * branch, at the end of each block and behind each call, since a call may never return. It has the flag of the branch before it, if
 * there is one, or else one of its own, which is set where the first wanted run in it begins. So code that nobody wants has no flags.
 */
export class CoverMap {
  /** Offsets of the instructions before which a flag is set, ascending, and which. */
  readonly sites: Uint32Array;
  readonly siteFlags: Uint32Array;
  /** In the order of their offsets. */
  readonly branches: readonly CoverBranch[];
  /** The number of all flags. */
  readonly flags: number;
  /** Where stretches begin, and their flags; -1 for one that has none. */
  readonly #starts: Uint32Array;
  readonly #startFlags: Int32Array;

  private constructor(survey: CoverSurvey) {
    this.sites = Uint32Array.from(survey.sites.values.subarray(0, survey.sites.length));
    this.siteFlags = Uint32Array.from(survey.siteFlags.values.subarray(0, survey.siteFlags.length));
    this.branches = survey.branches;
    this.flags = survey.flags;
    this.#starts = Uint32Array.from(survey.starts.values.subarray(0, survey.starts.length));
    this.#startFlags = survey.startFlags.values.slice(0, survey.startFlags.length);
  }

  static of(module: WasmModule, places: CoverPlaces): CoverMap {
    const survey = new CoverSurvey(module, places);
    for (let i = 0; i < module.code.functionCount; i++) survey.readFunction(i);
    return new CoverMap(survey);
  }

  /** The flag of the code at an offset; -1 if it has none. */
  flagAt(offset: number): number {
    return this.#startFlags[firstFrom(this.#starts, offset + 1) - 1] ?? -1;
  }
}

/** What the code of a block may do instead of reaching its end: the latter of two counts. */
const Escape = { none: 0, trapsOrWaits: 1, branches: 2 } as const;

/** An open block: what is known of the code before it. */
interface OpenBlock {
  /** The flag of the stretch before it; -1 if it had none yet. */
  readonly flag: number;
  /** The last line before it: if its flag is set, that has been executed. */
  readonly line: number;
  /** Of an `if`: the flag of its other way. */
  readonly other: number;
  /** Whether the code in it may do something else than reach its end, or that behind the flag than reach the block. */
  escape: number;
  /** Where the block ends, and its `else` begins; 0 without one. */
  readonly end: number;
}

class CoverSurvey {
  readonly sites = new IntList();
  readonly siteFlags = new IntList();
  readonly branches: CoverBranch[] = [];
  readonly starts = new IntList();
  readonly startFlags = new IntList();
  flags = 0;
  readonly #module: WasmModule;
  readonly #places: CoverPlaces;
  readonly #reader: InstructionReader;
  readonly #ahead: InstructionReader;
  /** The first run that begins behind the instruction at hand. */
  #run = 0;
  /** The flag of the stretch at hand; -1 as long as it has none. */
  #flag = -1;
  /** Whether the code from here on may not be executed though the flag is set. It gets another one at the next line. */
  #isSoft = false;
  /** The line that was executed before. */
  #line = 0;
  /** The first loop that has begun in the stretch at hand while it had no flag; -1 for none. */
  #loop = -1;
  /** By block of the function at hand, in their order: where it ends. */
  readonly #ends = new IntList();
  #nextBlock = 0;

  constructor(module: WasmModule, places: CoverPlaces) {
    this.#module = module;
    this.#places = places;
    this.#reader = new InstructionReader(module.bytes, 0, module.bytes.length, 'code section');
    this.#ahead = new InstructionReader(module.bytes, 0, module.bytes.length, 'code section');
  }

  readFunction(i: number): void {
    const { code } = this.#module;
    const reader = this.#reader;
    const start = code.codeStart[i] ?? 0;
    const end = code.bodyEnd[i] ?? 0;
    // What stands before the first instruction, as the head of a function does in debug information, means that instruction.
    this.#run = firstFrom(this.#places.offsets, code.bodyStart[i] ?? 0);
    if (!this.#wantsAny(end)) return;
    this.#findEnds(start, end);
    reader.position = start;
    this.#line = 0;
    this.#begin(start, -1);
    const open: OpenBlock[] = [];
    while (reader.position < end) {
      reader.next();
      this.#reach(reader.start);
      this.#follow(open);
    }
    this.#begin(end, -1);
  }

  #findEnds(start: number, end: number): void {
    const reader = this.#ahead;
    const open: number[] = [];
    this.#ends.length = 0;
    this.#nextBlock = 0;
    reader.position = start;
    while (reader.position < end) {
      reader.next();
      const { opcode, shape } = reader;
      if (shape === Shape.blockType || shape === Shape.tryTable) {
        open.push(this.#ends.length);
        this.#ends.push(end);
      } else if (opcode === Op.end || opcode === Op.delegate) {
        const block = open.pop();
        if (block !== undefined) this.#ends.values[block] = reader.position;
      }
    }
  }

  #wantsAny(end: number): boolean {
    const { offsets, lines } = this.#places;
    for (let run = this.#run; (offsets[run] ?? end) < end; run++) if (lines[run] !== 0) return true;
    return false;
  }

  /** Sets a flag if a wanted run begins at the instruction at `offset`, and the stretch has none yet. */
  #reach(offset: number): void {
    const { offsets, lines } = this.#places;
    let line = 0;
    while ((offsets[this.#run] ?? Number.POSITIVE_INFINITY) <= offset) line = lines[this.#run++] || line;
    if (line === 0) return;
    const isKnown = this.#flag >= 0 && !(this.#isSoft && line !== this.#line);
    this.#line = line;
    if (isKnown) return;
    // What stands before a loop is executed once, and whatever stands at its head is executed whenever the loop begins.
    const site = this.#loop >= 0 ? this.#loop : offset;
    const flag = this.flags++;
    this.sites.push(site);
    this.siteFlags.push(flag);
    if (this.#isSoft) this.#begin(offset, flag);
    else {
      this.#flag = flag;
      this.startFlags.values[this.startFlags.length - 1] = flag;
    }
  }

  /** The line of the run at hand: that of the instruction that has been read. */
  get #lineAtHand(): number {
    return this.#places.lines[this.#run - 1] ?? 0;
  }

  /** A stretch begins at `offset`. */
  #begin(offset: number, flag: number): void {
    this.#flag = flag;
    this.#isSoft = false;
    this.#loop = -1;
    this.starts.push(offset);
    this.startFlags.push(flag);
  }

  /** Behind the instruction at hand, the stretch goes on unless that traps, throws, or does not end. */
  #soften(open: OpenBlock[]): void {
    this.#leave(open, Escape.trapsOrWaits);
    this.#isSoft = true;
    this.#loop = -1;
  }

  #follow(open: OpenBlock[]): void {
    const { opcode, shape, start, position } = this.#reader;
    switch (opcode) {
      case Op.loop:
        if (this.#flag < 0 && this.#loop < 0) this.#loop = start;
        this.#open(open, -1, -1, Escape.branches);
        return;
      case Op.block:
        this.#open(open, this.#flag, -1, Escape.none);
        return;
      case Op.if: {
        const flag = this.#flag;
        if (this.#traps(position)) {
          this.#open(open, flag, -1, Escape.trapsOrWaits);
          this.#begin(position, -1);
          return;
        }
        const way = this.#branch(start, 2);
        this.#open(open, flag, way < 0 ? -1 : way + 1, Escape.none);
        this.#begin(position, way);
        return;
      }
      case Op.else:
        this.#begin(position, open.at(-1)?.other ?? -1);
        return;
      case Op.end: {
        const block = open.pop();
        if (block === undefined) return;
        const around = open.at(-1);
        if (around !== undefined) around.escape = Math.max(around.escape, block.escape);
        // Whoever began a block that is left at its end alone comes here.
        this.#begin(position, block.escape === Escape.branches ? -1 : block.flag);
        this.#line = block.line;
        this.#isSoft = this.#flag >= 0 && block.escape === Escape.trapsOrWaits;
        return;
      }
      case Op.brIf: {
        const target = open.at(-1 - (this.#reader.labels[0] ?? 0))?.end ?? -1;
        if (this.#traps(position) || (target >= 0 && this.#traps(target))) {
          this.#soften(open);
          return;
        }
        this.#leave(open);
        const way = this.#branch(start, 2);
        this.#begin(position, way < 0 ? -1 : way + 1);
        return;
      }
      case Op.brTable:
        this.#leave(open);
        this.#branch(start, Math.min(this.#reader.labelCount, MOST_WAYS));
        this.#begin(position, -1);
        return;
      case Op.try:
      case Op.tryTable:
        this.#open(open, -1, -1, Escape.branches);
        return;
      case Op.delegate:
        open.pop();
        this.#leave(open);
        this.#begin(position, -1);
        return;
      case Op.call:
      case Op.callIndirect:
      case Op.callRef:
        this.#soften(open);
        return;
      case Op.unreachable:
        this.#begin(position, -1);
        return;
      case Op.catch:
      case Op.catchAll:
      case Op.br:
      case Op.return:
      case Op.throw:
      case Op.throwRef:
      case Op.rethrow:
      case Op.returnCall:
      case Op.returnCallIndirect:
      case Op.returnCallRef:
        this.#leave(open);
        this.#begin(position, -1);
        return;
    }
    if (shape === Shape.label || shape === Shape.castLabel) {
      this.#leave(open);
      this.#begin(position, -1);
    }
  }

  #open(open: OpenBlock[], flag: number, other: number, how: number): void {
    open.push({
      flag,
      line: this.#line,
      other,
      escape: this.#isSoft ? Math.max(how, Escape.trapsOrWaits) : how,
      end: this.#reader.opcode === Op.loop ? -1 : this.#ends.at(this.#nextBlock),
    });
    this.#nextBlock++;
  }

  #leave(open: OpenBlock[], how: number = Escape.branches): void {
    const innermost = open.at(-1);
    if (innermost !== undefined) innermost.escape = Math.max(innermost.escape, how);
  }

  /**
   * Whether the code at `offset` does nothing but end in a trap, as checks do that the compiler has added, and has no line of its own: then
   * the branch to it is none that stands in the source.
   */
  #traps(offset: number): boolean {
    const { offsets, lines } = this.#places;
    const reader = this.#ahead;
    const { end } = this.#reader;
    reader.position = offset;
    for (let i = 0; i < MOST_BEFORE_TRAP && reader.position < end; i++) {
      reader.next();
      const { opcode, shape } = reader;
      if (opcode === Op.unreachable) {
        const own = firstFrom(offsets, offset);
        for (let run = own; (offsets[run] ?? end) <= reader.start; run++) {
          const line = lines[run] ?? 0;
          if (line !== 0 && line !== this.#lineAtHand) return false;
        }
        return true;
      }
      if (shape === Shape.blockType || shape === Shape.label || shape === Shape.labelTable) return false;
      if (shape === Shape.tryTable || shape === Shape.castLabel) return false;
      if (opcode === Op.end || opcode === Op.else || opcode === Op.return) return false;
    }
    return false;
  }

  /** Gives a branch its flags, if somebody wants it. Returns the first one, or -1. */
  #branch(offset: number, ways: number): number {
    if (this.#lineAtHand === 0) return -1;
    const flag = this.flags;
    this.flags += ways;
    this.branches.push({ offset, flag, ways });
    return flag;
  }
}
