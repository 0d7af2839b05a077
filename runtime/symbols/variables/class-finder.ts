import { unlessMalformed } from '../dwarf/byte-cursor.ts';
import { At } from '../dwarf/constants.ts';
import type { Die } from '../dwarf/die.ts';
import type { Dwarf } from '../dwarf/dwarf.ts';
import { scopesOf } from '../dwarf/scope-path.ts';
import { Unit } from '../dwarf/unit.ts';
import { ClassIndex } from './class-index.ts';
import { ClassMangler } from './class-mangler.ts';
import { lastNameOf } from './class-name.ts';
import type { TypeId } from './type-info.ts';
import type { TypeReader } from './type-reader.ts';

const MAX_KNOWN = 4096;
/** Classes of the same last name that are compared. */
const MAX_NAMESAKES = 5000;
const ANONYMOUS_NAMESPACE = '_GLOBAL__N_1';

/** Finds classes of C++ by the names in their run-time type information. */
export class ClassFinder {
  readonly #dwarf: Dwarf;
  readonly #types: TypeReader;
  readonly #known = new Map<string, TypeId | null>();
  #index: ClassIndex | null = null;

  constructor(dwarf: Dwarf, types: TypeReader) {
    this.#dwarf = dwarf;
    this.#types = types;
  }

  /** Null if there is none, or if several may be meant. */
  find(mangled: string): TypeId | null {
    let found = this.#known.get(mangled);
    if (found === undefined) {
      // In the names of some compilers, a `*` says that another class may have the same name.
      found = this.#find(mangled.replace(/^\*/, ''));
      if (this.#known.size >= MAX_KNOWN) this.#known.clear();
      this.#known.set(mangled, found);
    }
    return found;
  }

  #find(mangled: string): TypeId | null {
    const name = lastNameOf(mangled);
    if (name === null) return null;
    const { file } = this.#dwarf;
    this.#index ??= new ClassIndex(file.units.map((unit) => this.#dwarf.whole(unit)));
    const mangler = new ClassMangler(this.#dwarf);
    // Behind a class of a function stands a number if the function has several of this name.
    const unnumbered = mangled.startsWith('Z') ? mangled.replace(/(?:_\d|__\d+_)$/, '') : mangled;
    const found: Die[] = [];
    let count = 0;
    for (const die of this.#index.named(name)) {
      if (++count > MAX_NAMESAKES) return null;
      const own = unlessMalformed(() => mangler.nameOf(die), null);
      if (own !== null && (own === mangled || own === unnumbered)) found.push(die);
    }
    const [first, ...others] = found;
    if (first === undefined) return null;
    const isOne = unlessMalformed(() => others.every((other) => this.#isSame(first, other, mangled)), false);
    if (!isOne) return null;
    return first.unit instanceof Unit ? this.#types.idOf(first, this.#types.fileOf(first.unit)) : null;
  }

  /** Whether two classes of one name are the same one, described in two units. */
  #isSame(one: Die, other: Die, mangled: string): boolean {
    if (one.unit === other.unit || mangled.includes(ANONYMOUS_NAMESPACE)) return false;
    const isShared = [one, other].every((die) => this.#isOfAll(die));
    return isShared && one.number(At.byteSize) === other.number(At.byteSize);
  }

  /** Whether a class is not of a function that only one unit has. */
  #isOfAll(die: Die): boolean {
    const around = die.unit instanceof Unit ? scopesOf(this.#dwarf, die.unit, die).at(-1) : undefined;
    return around?.isFunction !== true || [...around.origins()].some((origin) => origin.flag(At.external));
  }
}
