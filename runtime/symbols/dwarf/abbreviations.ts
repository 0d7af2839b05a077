import { IntList } from '../../wasm/int-list.ts';
import { ByteCursor, DwarfError } from './byte-cursor.ts';
import { At, Form, Tag } from './constants.ts';
import { type Encoding, fixedSize } from './encoding.ts';

/** No entry has as many attributes. Reading one takes as long as its list. */
const MAX_ATTRIBUTES = 1000;

/** What one step of walking over an entry does with the bytes at the cursor; otherwise it reads an attribute. */
export const Step = {
  /** Skips as many bytes as the step's argument says. */
  skip: 0,
  /** Skips a value of the form in the argument. */
  skipForm: 1,
  lowPc: 2,
  highPc: 3,
  ranges: 4,
} as const;

/** The attributes that say where the code of a function is. */
const CODE_ATTRIBUTES: ReadonlyMap<number, number> = new Map([
  [At.lowPc, Step.lowPc],
  [At.highPc, Step.highPc],
  [At.ranges, Step.ranges],
]);

/**
 * The kinds of entries that a unit declares: for each its tag, and its attributes with their forms. In columns, by the
 * index of an abbreviation.
 */
export class AbbreviationTable {
  readonly tags: Int32Array;
  /** 1 where entries of this kind have children. */
  readonly hasChildren: Uint8Array;
  /** Attributes of `i` are `specs[2 * firstSpec[i]]` up to `firstSpec[i + 1]`: attribute, and form. */
  readonly firstSpec: Int32Array;
  readonly specs: Uint16Array;
  /** Values of attributes that all entries of a kind share, by the index of the attribute among all. */
  readonly constants: ReadonlyMap<number, number>;
  readonly #codes: Map<number, number> | null;
  readonly #plans = new Map<string, WalkPlan>();

  /** @param last the table is read up to the abbreviation of this code; by default, to its end */
  constructor(cursor: ByteCursor, last = 0) {
    const codes: number[] = [];
    const tags: number[] = [];
    const children: number[] = [];
    const firstSpec = [0];
    const specs: number[] = [];
    const constants = new Map<number, number>();
    for (let code = cursor.uleb(); code !== 0; code = cursor.uleb()) {
      codes.push(code);
      tags.push(cursor.uleb());
      children.push(cursor.u8());
      readSpecs(cursor, specs, constants);
      firstSpec.push(specs.length / 2);
      if (code === last) break;
    }
    this.tags = Int32Array.from(tags);
    this.hasChildren = Uint8Array.from(children);
    this.firstSpec = Int32Array.from(firstSpec);
    this.specs = Uint16Array.from(specs);
    this.constants = constants;
    // Nearly all producers count from 1.
    this.#codes = codes.every((code, index) => code === index + 1)
      ? null
      : new Map(codes.map((code, index) => [code, index]));
  }

  /** @throws DwarfError where no abbreviation has this code */
  indexOf(code: number): number {
    if (!this.has(code)) throw new DwarfError(`no abbreviation ${code}`);
    return this.#codes === null ? code - 1 : (this.#codes.get(code) ?? 0);
  }

  has(code: number): boolean {
    return this.#codes === null ? code > 0 && code <= this.tags.length : this.#codes.has(code);
  }

  /** How entries are walked over in units of this encoding. */
  plan(encoding: Encoding): WalkPlan {
    const key = `${encoding.version} ${encoding.offsetSize} ${encoding.addressSize}`;
    let plan = this.#plans.get(key);
    if (plan === undefined) {
      plan = new WalkPlan(this, encoding);
      this.#plans.set(key, plan);
    }
    return plan;
  }
}

function readSpecs(cursor: ByteCursor, specs: number[], constants: Map<number, number>): void {
  for (let count = 0; ; count++) {
    const attribute = cursor.uleb();
    const form = cursor.uleb();
    if (attribute === 0 && form === 0) return;
    if (count === MAX_ATTRIBUTES)
      throw new DwarfError(`an abbreviation of more than ${MAX_ATTRIBUTES} attributes`);
    if (form === Form.implicitConst) constants.set(specs.length / 2, cursor.sleb());
    // Numbers that are too large are of no attribute or form that is known.
    specs.push(Math.min(attribute, 0xffff), Math.min(form, 0xffff));
  }
}

/**
 * The steps that go from one entry to the next. Values of fixed size that follow each other are one step, so that
 * walking takes time by bytes, not by attributes: some of these have none.
 */
export class WalkPlan {
  /** Steps of abbreviation `i` are `steps[2 * first[i]]` up to `first[i + 1]`: what to do, and its argument. */
  readonly steps: Int32Array;
  readonly first: Int32Array;
  /** 1 where entries are functions or inlined calls, whose places in the code the steps read. */
  readonly isFunction: Uint8Array;

  constructor(table: AbbreviationTable, encoding: Encoding) {
    const steps = new IntList();
    const count = table.tags.length;
    this.first = new Int32Array(count + 1);
    this.isFunction = new Uint8Array(count);
    for (let index = 0; index < count; index++) {
      const tag = table.tags[index];
      const isFunction = tag === Tag.subprogram || tag === Tag.inlinedSubroutine;
      this.isFunction[index] = isFunction ? 1 : 0;
      this.first[index] = steps.length / 2;
      addSteps(steps, table, index, encoding, isFunction);
    }
    this.first[count] = steps.length / 2;
    this.steps = steps.values.slice(0, steps.length);
  }
}

function addSteps(
  steps: IntList,
  { firstSpec, specs }: AbbreviationTable,
  index: number,
  encoding: Encoding,
  readsCode: boolean,
): void {
  let left = readsCode ? new Map(CODE_ATTRIBUTES) : NONE;
  let skipped = 0;
  const flush = () => {
    if (skipped === 0) return;
    steps.push(Step.skip);
    steps.push(skipped);
    skipped = 0;
  };
  for (let at = firstSpec[index] ?? 0; at < (firstSpec[index + 1] ?? 0); at++) {
    const attribute = specs[2 * at] ?? 0;
    const form = specs[2 * at + 1] ?? 0;
    const step = left.get(attribute);
    const size = fixedSize(form, encoding);
    if (step !== undefined) {
      // Only the first of a kind counts.
      left = new Map(left);
      left.delete(attribute);
      flush();
      steps.push(step);
      steps.push(form);
    } else if (size >= 0) {
      skipped += size;
    } else {
      flush();
      steps.push(Step.skipForm);
      steps.push(form);
    }
  }
  flush();
}

const NONE: Map<number, number> = new Map();

/** All tables of a section. */
export class Abbreviations {
  readonly #section: Uint8Array;
  readonly #tables = new Map<number, AbbreviationTable>();
  /** Tables of which not all was read. */
  readonly #beginnings = new Map<number, AbbreviationTable>();
  /** Tables that overlap could make much of little. Each byte is read as often as this at most, on average. */
  #budget: number;

  constructor(section: Uint8Array) {
    this.#section = section;
    this.#budget = 4 * section.length + 2 ** 16;
  }

  /** @throws DwarfError */
  at(offset: number): AbbreviationTable {
    let table = this.#tables.get(offset);
    if (table === undefined) {
      table = this.#read(offset);
      this.#tables.set(offset, table);
      this.#beginnings.delete(offset);
    }
    return table;
  }

  /** A table that has at least the abbreviation of this code: most units are only asked for their first entry. */
  upTo(offset: number, code: number): AbbreviationTable {
    const known = this.#tables.get(offset) ?? this.#beginnings.get(offset);
    if (known?.has(code)) return known;
    const table = this.#read(offset, code);
    this.#beginnings.set(offset, table);
    return table;
  }

  #read(offset: number, last?: number): AbbreviationTable {
    if (this.#budget <= 0) throw new DwarfError('too many tables of abbreviations');
    const cursor = new ByteCursor(this.#section, offset);
    try {
      return new AbbreviationTable(cursor, last);
    } finally {
      this.#budget -= cursor.position - offset + 16;
    }
  }
}
