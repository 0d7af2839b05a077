import { unlessMalformed } from '../dwarf/byte-cursor.ts';
import { At } from '../dwarf/constants.ts';
import type { Die } from '../dwarf/die.ts';
import type { Dwarf } from '../dwarf/dwarf.ts';
import { scopePath, scopesOf } from '../dwarf/scope-path.ts';
import { Unit } from '../dwarf/unit.ts';
import { ClassIndex } from './class-index.ts';
import { languageOf } from './language.ts';

/** Classes of the same last name that are compared. */
const MAX_NAMESAKES = 5000;
/** Comparisons for all declarations together: many could have the same name. */
const MAX_COMPARED = 500_000;

/** The definitions of classes and structures in all units. Those of libraries may only be declared in units that use them. */
export class ClassDefinitions {
  readonly #dwarf: Dwarf;
  #index: ClassIndex | null = null;
  #compared = 0;

  constructor(dwarf: Dwarf) {
    this.#dwarf = dwarf;
  }

  /** Those with a last name, whatever is around them and whatever their templates are given. Null if there are too many. */
  named(name: string, isWanted: (die: Die) => boolean): Die[] | null {
    const { file } = this.#dwarf;
    this.#index ??= new ClassIndex(file.units.map((unit) => this.#dwarf.whole(unit)));
    const found: Die[] = [];
    let count = 0;
    for (const die of this.#index.named(name)) {
      if (++count > MAX_NAMESAKES) return null;
      if (unlessMalformed(() => isWanted(die), false)) found.push(die);
    }
    return found;
  }

  /** The definition of a class that a unit only declares; null if there is none, or if several may be meant. */
  definitionOf(declaration: Die): Die | null {
    const { name, unit } = declaration;
    if (name === null || !(unit instanceof Unit)) return null;
    const { language } = languageOf(unit);
    const scope = this.#scopeOf(declaration);
    const found = this.named(name.replace(/<.*/s, ''), (die) => {
      if (die.name !== name || ++this.#compared > MAX_COMPARED) return false;
      return (
        this.#scopeOf(die) === scope && die.unit instanceof Unit && languageOf(die.unit).language === language
      );
    });
    // Among those that were not compared, there may be another one.
    if (found === null || this.#compared > MAX_COMPARED || scope.includes('(anonymous')) return null;
    return this.theOne(found);
  }

  /** The first of classes of one name, if they are the same one, described in several units. */
  theOne(found: readonly Die[]): Die | null {
    const [first] = found;
    if (first === undefined) return null;
    return found.length === 1 || unlessMalformed(() => this.#areOne(found), false) ? first : null;
  }

  #areOne(found: readonly Die[]): boolean {
    const units = new Set(found.map(({ unit }) => unit));
    const sizes = new Set(found.map((die) => die.number(At.byteSize)));
    return units.size === found.length && sizes.size === 1 && found.every((die) => this.#isOfAll(die));
  }

  /** Whether a class is not of a function that only one unit has. */
  #isOfAll(die: Die): boolean {
    const around = die.unit instanceof Unit ? scopesOf(this.#dwarf, die.unit, die).at(-1) : undefined;
    return around?.isFunction !== true || [...around.origins()].some((origin) => origin.flag(At.external));
  }

  #scopeOf(die: Die): string {
    return die.unit instanceof Unit ? scopePath(this.#dwarf, die.unit, die).join('::') : '';
  }
}
