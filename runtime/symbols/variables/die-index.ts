import { IntList } from '../../wasm/int-list.ts';
import { ByteCursor, unlessMalformed } from '../dwarf/byte-cursor.ts';
import { Tag } from '../dwarf/constants.ts';
import type { Unit } from '../dwarf/unit.ts';
import { skipAttributes } from '../dwarf/walk.ts';

/** Whether an entry is wanted, by its tag and whether it is in a function. */
export type IsWanted = (tag: number | undefined, isInFunction: boolean) => boolean;

/** Variables outside of functions. Those inside of functions are found with their function, if it is said which one that is. */
export const isStatic: IsWanted = (tag, isInFunction) => tag === Tag.variable && !isInFunction;

/** Structures and classes, wherever they are. */
export const isClass: IsWanted = (tag) => tag === Tag.structureType || tag === Tag.classType;

/** Types that have names in expressions. */
export const isNamedType: IsWanted = (tag) =>
  tag === Tag.structureType ||
  tag === Tag.classType ||
  tag === Tag.unionType ||
  tag === Tag.enumerationType ||
  tag === Tag.typedef;

/** Entries of a unit, found in one walk over all of them. */
export class DieIndex {
  /** Offsets of the entries, ascending. */
  readonly dies: Int32Array;

  constructor(unit: Unit, isWanted: IsWanted) {
    const dies = new IntList();
    // What stands before a break is good.
    unlessMalformed(() => walk(unit, isWanted, dies), undefined);
    this.dies = dies.values.slice(0, dies.length);
  }

  get byteLength(): number {
    return this.dies.byteLength;
  }
}

function walk(unit: Unit, isWanted: IsWanted, dies: IntList): void {
  const cursor = new ByteCursor(unit.bytes, unit.firstDie, unit.end);
  const { abbreviations } = unit;
  const { tags, hasChildren, firstSpec } = abbreviations;
  let depth = 0;
  /** The depth below which everything is in a function; 0 outside of functions. */
  let inFunction = 0;
  do {
    const at = cursor.position;
    const code = cursor.uleb();
    if (code === 0) {
      depth--;
      if (depth < inFunction) inFunction = 0;
      continue;
    }
    const abbreviation = abbreviations.indexOf(code);
    const tag = tags[abbreviation];
    if (isWanted(tag, inFunction > 0)) dies.push(at);
    skipAttributes(cursor, unit, abbreviation);
    if (hasChildren[abbreviation] !== 1) continue;
    depth++;
    // For statics of what is inlined everywhere, LLVM up to 14 makes a function of which it says nothing.
    const isNothing = firstSpec[abbreviation] === firstSpec[abbreviation + 1];
    if (tag === Tag.subprogram && inFunction === 0 && !isNothing) inFunction = depth;
  } while (depth > 0 && !cursor.atEnd);
}
