import { ByteCache } from '../dwarf/byte-cache.ts';
import { unlessMalformed } from '../dwarf/byte-cursor.ts';
import { At, Tag } from '../dwarf/constants.ts';
import type { Die } from '../dwarf/die.ts';
import type { Dwarf } from '../dwarf/dwarf.ts';
import { scopePath } from '../dwarf/scope-path.ts';
import type { Unit } from '../dwarf/unit.ts';
import { type ClassName, lastNameIn, readClassName } from './class-name.ts';
import { DieIndex, isClass } from './die-index.ts';
import type { TypeId } from './type-info.ts';
import type { TypeReader } from './type-reader.ts';

/** Longer names are not read: programs have them in their memory. */
const MAX_NAME = 2000;
const MAX_KNOWN = 4096;
/** Pointers and qualifiers before the name of a type. */
const MAX_LEVELS = 8;

/** Signs of types in names. */
const BASES: ReadonlyMap<string, string> = new Map(
  Object.entries({
    ...{ bool: 'b', char: 'c', 'signed char': 'a', 'unsigned char': 'h', short: 's', 'unsigned short': 't' },
    ...{ int: 'i', 'unsigned int': 'j', long: 'l', 'unsigned long': 'm', 'long long': 'x' },
    ...{ 'unsigned long long': 'y', float: 'f', double: 'd', wchar_t: 'w', char16_t: 'Ds', char32_t: 'Di' },
  }),
);
const PREFIXES: ReadonlyMap<number, string> = new Map([
  [Tag.pointerType, 'P'],
  [Tag.referenceType, 'R'],
  [Tag.rvalueReferenceType, 'O'],
  [Tag.constType, 'K'],
  [Tag.volatileType, 'V'],
]);

/** Finds classes of C++ by the names in their run-time type information. */
export class ClassFinder {
  readonly #dwarf: Dwarf;
  readonly #types: TypeReader;
  readonly #classes: ByteCache<Unit, DieIndex>;
  readonly #known = new Map<string, TypeId | null>();

  constructor(dwarf: Dwarf, types: TypeReader) {
    this.#dwarf = dwarf;
    this.#types = types;
    this.#classes = new ByteCache(dwarf.file.sections.info.length / 8 + 2 ** 18);
  }

  /** Null if there is none in these units, or if several may be meant. */
  find(mangled: string, units: Iterable<Unit>): TypeId | null {
    let found = this.#known.get(mangled);
    if (found === undefined) {
      const name = mangled.length > MAX_NAME ? null : readClassName(mangled);
      found = name === null ? null : this.#find(name, units);
      if (this.#known.size >= MAX_KNOWN) this.#known.clear();
      this.#known.set(mangled, found);
    }
    return found;
  }

  #find(wanted: ClassName, units: Iterable<Unit>): TypeId | null {
    for (const unit of units) {
      const named = [...this.#named(wanted, unit)];
      const isIt = (one: Die) => unlessMalformed(() => hasArguments(one, wanted.arguments), false);
      const fits = named.length < 2 ? named : named.filter(isIt);
      const [die, ...others] = fits;
      if (die !== undefined)
        return others.length > 0 ? null : this.#types.idOf(die, this.#types.fileOf(unit));
    }
    return null;
  }

  /** The classes of a unit that are called so, whatever the arguments of their templates. */
  *#named({ name, scope }: ClassName, unit: Unit): Generator<Die> {
    for (const offset of this.#classes.get(unit, () => new DieIndex(unit, isClass)).dies) {
      const die = unlessMalformed(() => {
        const found = unit.dieAt(offset >>> 0);
        const own = found?.name ?? '';
        if (own !== name && !own.startsWith(`${name}<`)) return null;
        if (found === null || found.flag(At.declaration)) return null;
        const isThere = scope === null || isSame(scope, scopePath(this.#dwarf, unit, found));
        return isThere ? found : null;
      }, null);
      if (die !== null) yield die;
    }
  }
}

/** Scopes are templates with their arguments in debug information. */
function isSame(scope: readonly string[], path: readonly string[]): boolean {
  return scope.length === path.length && scope.every((name, i) => name === path[i]?.replace(/<.*/s, ''));
}

/** Whether the template of a class is given these arguments, as far as that can be told. */
function hasArguments(die: Die, wanted: readonly string[]): boolean {
  let index = 0;
  for (const child of die.children()) {
    if (child.tag !== Tag.templateTypeParameter && child.tag !== Tag.templateValueParameter) continue;
    const text = wanted[index++] ?? '';
    const value = child.tag === Tag.templateTypeParameter ? null : (child.bigint(At.constValue, true) ?? 0n);
    const isIt =
      value === null ? isType(text, child.type) : text.endsWith(`${value < 0n ? `n${-value}` : value}E`);
    if (!isIt) return false;
  }
  return index === wanted.length;
}

/** Whether a type is the one that a name means. */
function isType(text: string, type: Die | null): boolean {
  let rest = text;
  let at = type;
  for (let level = 0; at !== null && level < MAX_LEVELS; level++) {
    const prefix = at.tag === Tag.typedef ? '' : PREFIXES.get(at.tag);
    if (prefix === undefined) break;
    if (!rest.startsWith(prefix)) return false;
    rest = rest.slice(prefix.length);
    at = at.type;
  }
  if (at === null) return rest === 'v';
  const name = at.name ?? '';
  if (at.tag === Tag.baseType) return BASES.get(name) === rest;
  const last = lastNameIn(rest);
  return last === null ? rest.startsWith('S') : last === name.replace(/<.*/s, '');
}
