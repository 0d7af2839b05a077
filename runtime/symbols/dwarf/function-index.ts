import { IntList } from '../../wasm/int-list.ts';
import { Step } from './abbreviations.ts';
import { isCode, readAddress } from './addresses.ts';
import { ByteCursor, DwarfError } from './byte-cursor.ts';
import { Form, Tag } from './constants.ts';
import { skipForm } from './encoding.ts';
import { lastAtMost, RangeCollector, type RangeMap } from './range-map.ts';
import { readRangeList } from './ranges.ts';
import type { Unit } from './unit.ts';
import { skipAttributes } from './walk.ts';

/** Entries whose names are part of the names of what is in them. */
const NAMED_SCOPES: ReadonlySet<number> = new Set([
  Tag.namespace,
  Tag.module,
  Tag.structureType,
  Tag.classType,
  Tag.unionType,
  Tag.enumerationType,
  Tag.subprogram,
]);

/** Forms whose values the steps cannot read alone. */
const NOT_READ = -2;

/**
 * The functions of a unit and the calls that were inlined into them: which one an address belongs to. Found in one walk over
 * all entries of the unit, of which nothing is kept but numbers.
 */
export class FunctionIndex {
  readonly #map: RangeMap;
  /** By function: the offset of its entry, and the function that it is inlined into; -1 for one that is not. */
  readonly #dies: Int32Array;
  readonly #callers: Int32Array;
  /** By named scope, in the order of the section: its offset, the offset behind it, the scope around it. */
  readonly #scopes: Int32Array;
  readonly #scopeEnds: Int32Array;
  readonly #scopeParents: Int32Array;

  constructor(unit: Unit) {
    const walk = new FunctionWalk(unit);
    try {
      walk.run();
    } catch (error) {
      // What stands before the break is good.
      if (!(error instanceof DwarfError)) throw error;
      walk.end();
    }
    this.#map = walk.ranges.innermost();
    this.#dies = cut(walk.dies);
    this.#callers = cut(walk.callers);
    this.#scopes = cut(walk.scopes);
    this.#scopeEnds = cut(walk.scopeEnds);
    this.#scopeParents = cut(walk.scopeParents);
  }

  /** The innermost function or inlined call at an address; -1 if there is none. */
  at(address: number): number {
    return this.#map.ownerOf(address);
  }

  get count(): number {
    return this.#dies.length;
  }

  /** The offset of the entry of a function. */
  die(index: number): number {
    return (this.#dies[index] ?? 0) >>> 0;
  }

  /** The function into which this one is inlined; -1 if it is not. */
  caller(index: number): number {
    return this.#callers[index] ?? -1;
  }

  /** Calls `visit` for each range of addresses of one function, in order. */
  forEachRange(visit: (low: number, high: number, index: number) => void): void {
    this.#map.forEachRange(visit);
  }

  /** The offset of the innermost namespace, type or function around the entry at `offset`; -1 if there is none. */
  scopeOf(offset: number): number {
    let index = lastAtMost(this.#scopes, this.#scopes.length, offset - 1);
    while (index >= 0 && (this.#scopeEnds[index] ?? 0) >>> 0 <= offset)
      index = this.#scopeParents[index] ?? -1;
    return index < 0 ? -1 : (this.#scopes[index] ?? 0) >>> 0;
  }

  get byteLength(): number {
    return this.#map.byteLength + 8 * this.#dies.length + 12 * this.#scopes.length;
  }
}

class FunctionWalk {
  readonly ranges = new RangeCollector();
  readonly dies = new IntList();
  readonly callers = new IntList();
  readonly scopes = new IntList();
  readonly scopeEnds = new IntList();
  readonly scopeParents = new IntList();
  readonly #unit: Unit;
  readonly #cursor: ByteCursor;
  readonly #add: (low: number, high: number) => void;
  /** For each entry around the present one: its function and its scope, or those around it; -1 for none. */
  readonly #functions = new IntList();
  readonly #inScopes = new IntList();
  /** What the attributes of the present entry said. */
  #low = -1;
  #high = -1;
  #added = 0;
  /** Bytes of lists of ranges that may still be read. */
  #budget: number;

  constructor(unit: Unit) {
    this.#unit = unit;
    this.#budget = rangeBudget(unit);
    this.#cursor = new ByteCursor(unit.bytes, unit.firstDie, unit.end);
    this.#add = (low, high) => {
      this.#added++;
      this.ranges.add(low, high, this.dies.length);
    };
  }

  run(): void {
    const cursor = this.#cursor;
    const { abbreviations, plan } = this.#unit;
    const { tags, hasChildren } = abbreviations;
    const functions = this.#functions;
    const inScopes = this.#inScopes;
    let depth = 0;
    do {
      const at = cursor.position;
      const code = cursor.uleb();
      if (code === 0) {
        if (depth === 0) break;
        depth--;
        this.#leaveScope(depth);
        continue;
      }
      const abbreviation = abbreviations.indexOf(code);
      const around = depth > 0 ? (functions.values[depth - 1] ?? -1) : -1;
      let inner = around;
      if (plan.isFunction[abbreviation] === 1) {
        inner = this.#function(at, abbreviation, tags[abbreviation] === Tag.subprogram, around);
      } else {
        skipAttributes(cursor, this.#unit, abbreviation);
      }
      if (hasChildren[abbreviation] !== 1) continue;
      functions.length = depth;
      inScopes.length = depth;
      functions.push(inner);
      this.#enterScope(at, tags[abbreviation] ?? 0, depth);
      depth++;
    } while (depth > 0 && !cursor.atEnd);
    this.end();
  }

  /** Closes what is open. */
  end(): void {
    for (let depth = this.#inScopes.length - 1; depth >= 0; depth--) this.#leaveScope(depth);
    this.#inScopes.length = 0;
  }

  #enterScope(at: number, tag: number, depth: number): void {
    const parent = depth > 0 ? (this.#inScopes.values[depth - 1] ?? -1) : -1;
    if (!NAMED_SCOPES.has(tag)) {
      this.#inScopes.push(parent);
      return;
    }
    this.#inScopes.push(this.scopes.length);
    this.scopes.push(at);
    this.scopeEnds.push(0);
    this.scopeParents.push(parent);
  }

  #leaveScope(depth: number): void {
    const scope = this.#inScopes.values[depth] ?? -1;
    if (scope >= 0 && this.scopeEnds.values[scope] === 0) {
      const parent = depth > 0 ? this.#inScopes.values[depth - 1] : -1;
      if (parent !== scope) this.scopeEnds.values[scope] = this.#cursor.position;
    }
  }

  /** Reads a function or an inlined call. Returns the function that what is inside of it belongs to. */
  #function(at: number, abbreviation: number, isSubprogram: boolean, around: number): number {
    this.#low = -1;
    this.#high = -1;
    this.#added = 0;
    this.#readCode(abbreviation);
    if (this.#low === NOT_READ || this.#high === NOT_READ) {
      const pairs = this.#unit.dieAt(at)?.ranges() ?? [];
      for (let i = 0; i + 1 < pairs.length; i += 2) this.#add(pairs[i] ?? 0, pairs[i + 1] ?? 0);
    } else if (this.#added === 0 && isCode(this.#low, this.#high)) {
      this.#add(this.#low, this.#high);
    }
    // What has no code of its own is only described for others, or dropped.
    if (this.#added === 0) return isSubprogram ? -1 : around;
    this.dies.push(at);
    this.callers.push(isSubprogram ? -1 : around);
    return this.dies.length - 1;
  }

  #readCode(abbreviation: number): void {
    const unit = this.#unit;
    const cursor = this.#cursor;
    const { steps, first } = unit.plan;
    const last = first[abbreviation + 1] ?? 0;
    let isLength = false;
    for (let at = first[abbreviation] ?? 0; at < last; at++) {
      const argument = steps[2 * at + 1] ?? 0;
      switch (steps[2 * at]) {
        case Step.skip:
          cursor.skip(argument);
          break;
        case Step.lowPc:
          this.#low = this.#addressOf(argument);
          break;
        case Step.highPc:
          isLength = isConstant(argument);
          this.#high = isLength ? constantOf(cursor, argument) : this.#addressOf(argument);
          break;
        case Step.ranges:
          this.#rangesOf(argument);
          break;
        default:
          skipForm(cursor, argument, unit);
      }
    }
    if (isLength && this.#low >= 0) this.#high += this.#low;
  }

  #addressOf(form: number): number {
    const address = readAddress(this.#unit, form, this.#cursor);
    if (address !== null) return address;
    skipForm(this.#cursor, form, this.#unit);
    return NOT_READ;
  }

  #rangesOf(form: number): void {
    const cursor = this.#cursor;
    const start = cursor.position;
    try {
      if (this.#budget > 0) this.#budget -= readRangeList(this.#unit, form, cursor, this.#add);
    } catch (error) {
      // A list that is malformed does not keep the next entry from being read.
      if (!(error instanceof DwarfError)) throw error;
      // It may have been read to the end of the section.
      this.#budget -= rangeBudget(this.#unit) / 4;
    }
    cursor.position = start;
    skipForm(cursor, form, this.#unit);
  }
}

/** How many bytes of lists of ranges are read for a unit at most, or for all units together. Lists do not overlap. */
export function rangeBudget({ inProgram, sections }: Unit): number {
  return 4 * (inProgram.sections.ranges.length + sections.rnglists.length) + 2 ** 16;
}

function isConstant(form: number): boolean {
  switch (form) {
    case Form.data1:
    case Form.data2:
    case Form.data4:
    case Form.data8:
    case Form.udata:
      return true;
    default:
      return false;
  }
}

function constantOf(cursor: ByteCursor, form: number): number {
  switch (form) {
    case Form.data1:
      return cursor.u8();
    case Form.data2:
      return cursor.u16();
    case Form.data4:
      return cursor.u32();
    case Form.data8:
      return cursor.u64();
    default:
      return cursor.uleb();
  }
}

function cut(list: IntList): Int32Array {
  return list.values.slice(0, list.length);
}
