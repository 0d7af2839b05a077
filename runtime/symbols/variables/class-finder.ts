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
    const found: Die[] = [];
    let count = 0;
    for (const die of this.#index.named(name)) {
      if (++count > MAX_NAMESAKES) return null;
      if (unlessMalformed(() => mangler.nameOf(die), null) === mangled) found.push(die);
    }
    const [first] = found;
    if (first === undefined || !(first.unit instanceof Unit)) return null;
    const isOne = found.length === 1 || unlessMalformed(() => this.#areOne(found, mangled), false);
    return isOne ? this.#types.idOf(first, this.#types.fileOf(first.unit)) : null;
  }

  /** Whether classes of one name are the same one, described in several units. */
  #areOne(found: readonly Die[], mangled: string): boolean {
    if (mangled.includes(ANONYMOUS_NAMESPACE)) return false;
    const units = new Set(found.map(({ unit }) => unit));
    const sizes = new Set(found.map((die) => die.number(At.byteSize)));
    return units.size === found.length && sizes.size === 1 && found.every((die) => this.#isOfAll(die));
  }

  /** Whether a class is not of a function that only one unit has. */
  #isOfAll(die: Die): boolean {
    const around = die.unit instanceof Unit ? scopesOf(this.#dwarf, die.unit, die).at(-1) : undefined;
    return around?.isFunction !== true || [...around.origins()].some((origin) => origin.flag(At.external));
  }
}
