import type { Dwarf } from '../dwarf/dwarf.ts';
import { Unit } from '../dwarf/unit.ts';
import { ClassMangler } from './class-mangler.ts';
import { lastNameOf } from './class-name.ts';
import type { TypeId } from './type-info.ts';
import type { TypeReader } from './type-reader.ts';

const MAX_KNOWN = 4096;
const ANONYMOUS_NAMESPACE = '_GLOBAL__N_1';

/** Finds classes of C++ by the names in their run-time type information. */
export class ClassFinder {
  readonly #dwarf: Dwarf;
  readonly #types: TypeReader;
  readonly #known = new Map<string, TypeId | null>();

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
    const mangler = new ClassMangler(this.#dwarf);
    const { classes } = this.#types;
    const found = classes.named(name, (die) => mangler.nameOf(die) === mangled) ?? [];
    if (found.length > 1 && mangled.includes(ANONYMOUS_NAMESPACE)) return null;
    const die = classes.theOne(found);
    return die?.unit instanceof Unit ? this.#types.idOf(die, this.#types.fileOf(die.unit)) : null;
  }
}
