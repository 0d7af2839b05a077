import { Constants } from './constants.ts';
import { type FunctionKind, kindOf } from './function-kinds.ts';
import { type Instruction, programsOf } from './instruction.ts';
import { loopsOf } from './loops.ts';
import { type Tree, treeOf, WITHOUT_TREES } from './tree.ts';

/** What the time of a statement depends on. */
export interface Size {
  /** Bytes of the databases that it uses, and of the rows in them if anybody has counted them. */
  readonly bytes: number;
  readonly rows?: number;
  /** Bytes of its SQL and of the values that are bound to it. */
  readonly own: number;
}

/** How long a statement may take at most, in some fifteen nanoseconds, and whether that is no more than a pass over the databases. */
export interface Estimate {
  readonly units: number;
  readonly isPass: boolean;
}

/** What a character of a row of literals counts for that is inserted. */
const ROW_COST = 10;
/** What a byte of a database counts for that is checked. */
const CHECK_COST = 2;
/** Instructions of the longest statement that is read: each takes a microsecond. */
const MAX_INSTRUCTIONS = 10_000;
/** What a pass may count for each row, and besides: triggers that set off each other do far more. */
const MAX_OF_PASS = 100_000;
/** Powers of the number of rows that are told from each other. */
const MAX_DEGREE = 8;
/** Bytes that a row takes at least, with nearly nothing in it. */
const ROW_BYTES = 20;
/** Bytes of the longest value, and rows that a function may make of one that was made by another. */
const MAX_VALUE = 16 * 2 ** 20;
const MADE_ROWS = 1e6;
/** Bytes that SQLite copies, or compares, within a unit. */
const COPIED = 15;
/** Bytes that it takes to pieces within a unit. */
const PARSED = 2;

/** What instructions count for that do more than most. */
const WEIGHTS: Readonly<Record<string, number>> = {
  Column: 2,
  MakeRecord: 3,
  AggStep: 5,
  AggInverse: 5,
  SeekGE: 15,
  SeekGT: 15,
  SeekLE: 15,
  SeekLT: 15,
  SeekRowid: 15,
  NotExists: 15,
  Found: 15,
  NotFound: 15,
  NoConflict: 15,
  IdxInsert: 20,
  IdxDelete: 20,
  Insert: 20,
  Delete: 20,
  SorterInsert: 30,
  RowSetAdd: 15,
  ParseSchema: 2000,
  VUpdate: 2000,
};
/** What instructions count for that go through a whole table or database by themselves, for each byte of it. */
const PASSES: Readonly<Record<string, number>> = {
  Count: 1 / 40,
  Clear: 1 / 40,
  Destroy: 1 / 40,
  VDestroy: 1 / 40,
  VUpdate: 1 / 50,
  IncrVacuum: 1 / 40,
  Checkpoint: 1 / 40,
  Vacuum: 1,
  SqlExec: 1,
  VCheck: 4,
};

/** A call of a function, or a search in a virtual table, that looks at whole texts. */
interface Call {
  readonly kind: Exclude<FunctionKind, 'constant'> | 'virtual';
  readonly degree: number;
  readonly factor: number;
  /** The length of what is looked for; null if nobody knows. */
  readonly length: number | null;
}

/** What is known of the program that an instruction is of. */
interface Context {
  readonly constants: Constants;
  /** Cursors of tables and indexes that it writes. */
  readonly written: ReadonlySet<number>;
}

/** How the time of a statement grows with the databases, by what SQLite has compiled it to. */
export class Cost {
  /** What is run once, as often as there are rows, as the square of that, ... */
  readonly #units: number[] = [];
  #passes = 0;
  readonly #calls: Call[] = [];
  #joined = 0;
  #makes = false;
  #isVirtual = false;
  /** Whether triggers set off others. */
  isChain = false;
  /** Whether it is too much to be read. */
  isUnknown = false;
  /** Whether it writes another file, as `VACUUM INTO` does. SQLite asks whether it may only when it runs. */
  writesFile = false;
  readonly #trees = new Map<string, Tree>();
  #usesOthers = false;
  /** Rows that it adds to tables, where it may come upon them: a number of them, as many as there are rows, ... */
  readonly #added: number[] = [];

  /** What a statement costs that does nothing but what its text says. */
  static readonly none = new Cost();

  /** What rows of literals cost that are inserted. @param length characters of the statement */
  static ofRows(length: number): Cost {
    const cost = new Cost();
    cost.add(ROW_COST * length, 0);
    return cost;
  }

  /** What a check of a whole database costs. */
  static ofCheck(): Cost {
    const cost = new Cost();
    cost.#passes = CHECK_COST;
    cost.#usesOthers = true;
    return cost;
  }

  /** What a statement costs of which nobody knows what it does. */
  static ofUnknown(): Cost {
    const cost = new Cost();
    cost.isUnknown = true;
    return cost;
  }

  /** The tables and indexes that it uses; null if it may look at others. */
  get trees(): readonly Tree[] | null {
    return this.#usesOthers || this.isUnknown ? null : [...this.#trees.values()];
  }

  /** Whether it takes no longer than others may wait, whatever is in the databases. */
  get isConstant(): boolean {
    return (
      !this.isUnknown &&
      !this.isChain &&
      this.#passes === 0 &&
      this.#calls.length === 0 &&
      this.#units.length <= 1 &&
      (this.#units[0] ?? 0) < 100_000
    );
  }

  add(units: number, degree: number): void {
    const at = Math.min(degree, MAX_DEGREE);
    while (this.#units.length <= at) this.#units.push(0);
    this.#units[at] = (this.#units[at] ?? 0) + units;
  }

  /** Counts an instruction that runs `factor` times the rows to the power of `degree`. */
  run(instruction: Instruction, degree: number, factor: number, { constants, written }: Context): void {
    const { name, p1, p4 } = instruction;
    this.add((WEIGHTS[name] ?? 1) * factor, degree);
    if ((name === 'Insert' || name === 'IdxInsert') && written.has(p1)) {
      this.#added[degree] = Math.max(this.#added[degree] ?? 0, factor);
    }
    const pass = PASSES[name];
    const tree = treeOf(instruction);
    if (tree !== null) this.#trees.set(`${tree.database}:${tree.root}`, tree);
    if (WITHOUT_TREES.has(name)) this.#usesOthers = true;
    if (name === 'Vacuum' && instruction.p2 > 0) this.writesFile = true;
    if (pass !== undefined) {
      if (degree === 0) this.#passes += pass * factor;
      else this.add(factor, degree + 1);
    }
    if (name === 'Concat') this.#joined++;
    if (name === 'VFilter') {
      this.#isVirtual = true;
      this.#calls.push({ kind: 'virtual', degree, factor, length: null });
    } else if (name === 'Function' || name === 'PureFunc' || name === 'AggFinal') {
      const kind = kindOf(p4);
      if (kind === 'constant') return;
      const length = name === 'AggFinal' ? null : constants.soughtBy(instruction, kind);
      // Those that are told to make no more than a short text are as any other.
      const isShort = kind === 'maker' && length !== null;
      if (kind === 'maker' && !isShort) this.#makes = true;
      this.#calls.push({ kind: isShort ? 'linear' : kind, degree, factor, length });
    }
  }

  at({ bytes, rows: counted = bytes / ROW_BYTES, own }: Size): Estimate {
    const before = 1 + counted;
    // A pass over others does not come upon them.
    const added = this.#added.reduce((sum, count, degree) => {
      return degree > 0 && this.#units.length <= 2 ? sum : sum + count * before ** degree;
    }, 0);
    const rows = before + added + (this.#isVirtual ? own / 2 + (this.#makes ? MADE_ROWS : 0) : 0);
    let units = this.#passes * bytes;
    let isPass = !this.isUnknown;
    for (const [degree, count] of this.#units.entries()) {
      units += count * rows ** degree;
      if ((degree > 1 && count > 0) || count > MAX_OF_PASS) isPass = false;
    }
    // Each time that texts are joined they may become twice as long.
    const all = this.#makes ? Number.POSITIVE_INFINITY : (bytes + own) * 2 ** Math.min(this.#joined, 24);
    const longest = Math.min(MAX_VALUE, all);
    for (const { kind, degree, factor, length } of this.#calls) {
      // The texts of all rows are no more than the database.
      const read = degree === 0 ? longest : Math.min(all * rows ** (degree - 1), longest * rows ** degree);
      const times = factor * rows ** degree;
      const texts = factor * Math.min(read, longest * rows ** degree);
      if (degree > 1) isPass = false;
      units += 10 * times;
      if (kind === 'linear') units += texts / COPIED;
      else if (kind === 'json') units += texts / PARSED;
      else if (kind === 'maker') units += (times * MAX_VALUE) / COPIED;
      else {
        // A text that is looked for may stand in the database as well.
        const sought = length ?? (kind === 'search' ? longest : own);
        const search = (texts * Math.max(1, sought)) / COPIED;
        units += search;
        if (sought > 1000 && search > texts * 10) isPass = false;
      }
    }
    return { units, isPass };
  }
}

/**
 * Reads what a statement costs from its instructions.
 * @param streams whether it gives rows, and the time that matters is that of each
 */
export function costOf(rows: Iterable<unknown>, streams: boolean): Cost {
  const cost = new Cost();
  const code: Instruction[] = [];
  for (const row of rows) {
    const [, name, ...operands] = row as [bigint, string, bigint, bigint, bigint, unknown, bigint];
    const [p1, p2, p3, p4, p5] = operands;
    code.push({ name, p1: Number(p1), p2: Number(p2), p3: Number(p3), p4: String(p4 ?? ''), p5: Number(p5) });
    if (code.length > MAX_INSTRUCTIONS) return Cost.ofUnknown();
  }
  const programs = programsOf(code).map((program, i) => ({
    ...program,
    times: timesOf(program.code, streams && i === 0),
    constants: new Constants(program.code),
    written: new Set(program.code.filter(({ name }) => name === 'OpenWrite').map(({ p1 }) => p1)),
  }));
  // Any trigger may set off any other, each once within itself.
  let fired = 1;
  let depth = 0;
  for (const [i, { code, times, isTrigger }] of programs.entries()) {
    let fires = 0;
    let deepest = 0;
    for (const [at, { name }] of code.entries()) {
      if (name !== 'Program') continue;
      fires += times?.factors[at] ?? 1;
      deepest = Math.max(deepest, times?.degrees[at] ?? 0);
    }
    if (fires === 0) continue;
    fired *= fires;
    depth += deepest;
    if (i > 0 && isTrigger) cost.isChain = true;
  }
  for (const [i, { code, times, ...context }] of programs.entries()) {
    if (times === null) return Cost.ofUnknown();
    for (const [at, instruction] of code.entries()) {
      const degree = times.degrees[at] ?? 0;
      const factor = times.factors[at] ?? 1;
      if (i === 0) cost.run(instruction, degree, factor, context);
      else cost.run(instruction, degree + depth, factor * fired, context);
    }
  }
  return cost;
}

/** How often each instruction may run when its program runs once: `factor` times the rows to the power of `degree`. */
interface Times {
  readonly degrees: Uint8Array;
  readonly factors: Float64Array;
}

function timesOf(code: readonly Instruction[], streams: boolean): Times | null {
  const loops = loopsOf(code, streams);
  if (loops === null) return null;
  const degrees = new Uint8Array(code.length);
  const factors = new Float64Array(code.length).fill(1);
  // What is done once whatever is around it.
  const since = new Int32Array(code.length);
  for (const [at, { name, p2 }] of code.entries()) if (name === 'Once') since.fill(at, at, Math.max(at, p2));
  for (const { start, end, degree, factor } of loops) {
    if (degree === 0 && factor === 1) continue;
    for (let at = start; at <= end; at++) {
      if (start < (since[at] ?? 0)) continue;
      degrees[at] = (degrees[at] ?? 0) + degree;
      factors[at] = (factors[at] ?? 1) * factor;
    }
  }
  return { degrees, factors };
}
