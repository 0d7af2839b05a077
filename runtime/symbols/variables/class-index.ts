import { IntList } from '../../wasm/int-list.ts';
import { unlessMalformed } from '../dwarf/byte-cursor.ts';
import { At } from '../dwarf/constants.ts';
import type { Die } from '../dwarf/die.ts';
import type { Unit } from '../dwarf/unit.ts';
import { DieIndex, isClass } from './die-index.ts';

/** Finds the definitions of classes by their last names, in one walk over all units. It takes 12 bytes or so for each class. */
export class ClassIndex {
  readonly #units: readonly Unit[];
  readonly #unitOf: Int32Array;
  readonly #dies: Int32Array;
  /** Where the chain of classes begins whose names have a hash, and what follows a class in its chain; -1 for none. */
  readonly #first: Int32Array;
  readonly #next: Int32Array;

  constructor(units: readonly Unit[]) {
    this.#units = units;
    const [unitOf, dies, hashes] = [new IntList(), new IntList(), new IntList()];
    for (const [index, unit] of units.entries()) {
      for (const offset of new DieIndex(unit, isClass).dies) {
        const name = unlessMalformed(() => definedName(unit.dieAt(offset >>> 0)), null);
        if (name === null) continue;
        unitOf.push(index);
        dies.push(offset);
        hashes.push(hashOf(name));
      }
    }
    this.#unitOf = unitOf.values.slice(0, unitOf.length);
    this.#dies = dies.values.slice(0, dies.length);
    this.#first = new Int32Array(2 ** Math.ceil(Math.log2(dies.length + 1))).fill(-1);
    this.#next = new Int32Array(dies.length);
    for (let at = dies.length - 1; at >= 0; at--) {
      const slot = (hashes.values[at] ?? 0) & (this.#first.length - 1);
      this.#next[at] = this.#first[slot] ?? -1;
      this.#first[slot] = at;
    }
  }

  /** The classes that have this last name, whatever is around them and whatever their templates are given. */
  *named(name: string): Generator<Die> {
    let at = this.#first[hashOf(name) & (this.#first.length - 1)] ?? -1;
    for (; at >= 0; at = this.#next[at] ?? -1) {
      const unit = this.#units[this.#unitOf[at] ?? -1];
      const die = unlessMalformed(() => unit?.dieAt((this.#dies[at] ?? 0) >>> 0), null) ?? null;
      if (die !== null && unlessMalformed(() => definedName(die), null) === name) yield die;
    }
  }
}

/** The name of a class without what its template is given; null for a mere declaration. @throws DwarfError */
function definedName(die: Die | null): string | null {
  return die === null || die.flag(At.declaration) ? null : (die.name?.replace(/<.*/s, '') ?? null);
}

/** FNV-1a. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash ^ (hash >>> 15);
}
