import { At, Tag } from '../dwarf/constants.ts';
import type { Die } from '../dwarf/die.ts';
import type { Dwarf } from '../dwarf/dwarf.ts';
import { MAX_SCOPES, scopesOf } from '../dwarf/scope-path.ts';
import { Unit } from '../dwarf/unit.ts';
import { group, keyOf, NameWriter, type Part, type Step, text } from './mangled-name.ts';

/** Types in types; deeper ones are circles. */
const MAX_DEPTH = 40;
const MAX_ARGUMENTS = 256;
/** Characters of a name in which nothing is abbreviated, and of all such names. Arguments of arguments are very long soon. */
const MAX_NAME = 20_000;
const MAX_NAMES = 2 ** 25;

const BASES: ReadonlyMap<string, string> = new Map(
  Object.entries({
    ...{ bool: 'b', char: 'c', 'signed char': 'a', 'unsigned char': 'h', short: 's', 'unsigned short': 't' },
    ...{ int: 'i', 'unsigned int': 'j', long: 'l', 'unsigned long': 'm', 'long long': 'x' },
    ...{ 'unsigned long long': 'y', __int128: 'n', 'unsigned __int128': 'o' },
    ...{ float: 'f', double: 'd', 'long double': 'e' },
    ...{ wchar_t: 'w', char8_t: 'Du', char16_t: 'Ds', char32_t: 'Di', 'decltype(nullptr)': 'Dn' },
  }),
);
const POINTERS: ReadonlyMap<number, string> = new Map([
  [Tag.pointerType, 'P'],
  [Tag.referenceType, 'R'],
  [Tag.rvalueReferenceType, 'O'],
]);
const NAMED: ReadonlySet<number> = new Set([
  Tag.structureType,
  Tag.classType,
  Tag.unionType,
  Tag.enumerationType,
]);

/** Thrown where debug information does not say what a name consists of. */
class UnknownNameError extends Error {}

/**
 * Gives classes the names that their run-time type information has: `N4shop5AppleE`. A name is whole, or null: for classes of
 * which debug information does not say everything, such as those without a name, and templates that are given a class of a function.
 *
 * Source: Itanium C++ ABI, 5.1. The abbreviations for names of `std` itself (`Sa`, `Ss`) are left out, since libc++ has an inline
 * namespace.
 */
export class ClassMangler {
  readonly #dwarf: Dwarf;
  /** Of each section, by the offset of the entry; null for what is not known. */
  readonly #types = new Map<Uint8Array, Map<number, Part | null>>();
  readonly #given = new Map<Uint8Array, Map<number, readonly Part[] | 'none' | null>>();
  #left = MAX_NAMES;

  constructor(dwarf: Dwarf) {
    this.#dwarf = dwarf;
  }

  /** @throws DwarfError */
  nameOf(die: Die): string | null {
    try {
      const around = this.#scopesOf(die).at(-1);
      if (around?.isFunction !== true) return new NameWriter().written(this.#type(die, 0));
      // The name of a function is given, and so are its abbreviations.
      const { linkageName } = around;
      if (linkageName !== null && !linkageName.startsWith('_Z')) return null;
      return `Z${linkageName?.slice(2) ?? encoded(around.name)}E${encoded(die.name)}`;
    } catch (error) {
      if (error instanceof UnknownNameError) return null;
      throw error;
    }
  }

  #scopesOf(die: Die): Die[] {
    const { unit } = die;
    if (!(unit instanceof Unit)) throw new UnknownNameError();
    const scopes = scopesOf(this.#dwarf, unit, die);
    if (scopes.length === MAX_SCOPES) throw new UnknownNameError();
    return scopes;
  }

  #type(die: Die | null, depth: number): Part {
    if (die === null) return text('v');
    if (depth > MAX_DEPTH) throw new UnknownNameError();
    return once(this.#types, die, () => this.#limited(this.#typeOf(die, depth)));
  }

  #limited(part: Part): Part {
    this.#left -= part.key.length;
    if (part.key.length > MAX_NAME || this.#left < 0) throw new UnknownNameError();
    return part;
  }

  #typeOf(die: Die, depth: number): Part {
    const { tag } = die;
    const pointer = POINTERS.get(tag);
    if (pointer !== undefined) return group(pointer, [this.#type(die.type, depth + 1)]);
    if (NAMED.has(tag)) return this.#path(die, depth);
    switch (tag) {
      case Tag.typedef:
        return this.#type(die.type, depth + 1);
      case Tag.constType:
      case Tag.volatileType:
        return this.#qualified(die, depth);
      case Tag.baseType:
      case Tag.unspecifiedType: {
        const base = BASES.get(die.name ?? '');
        if (base === undefined) throw new UnknownNameError();
        return text(base);
      }
      case Tag.arrayType:
        return this.#array(die, depth, '');
      case Tag.subroutineType:
        return this.#function(die, depth);
      default:
        throw new UnknownNameError();
    }
  }

  /** Qualifiers stand in one order in names, and count together. */
  #qualified(die: Die, depth: number): Part {
    const signs = new Set<string>();
    let at: Die | null = die;
    for (let count = 0; count < MAX_DEPTH && at !== null; count++) {
      if (at.tag === Tag.constType) signs.add('K');
      else if (at.tag === Tag.volatileType) signs.add('V');
      else if (at.tag !== Tag.typedef) break;
      at = at.type;
    }
    const qualifiers = [...signs].sort().reverse().join('');
    if (at?.tag === Tag.arrayType) return this.#array(at, depth, qualifiers);
    return group(qualifiers, [this.#type(at, depth + 1)]);
  }

  /** Qualifiers of an array are those of its elements. */
  #array(die: Die, depth: number, qualifiers: string): Part {
    const counts = [...die.children()].filter(({ tag }) => tag === Tag.subrangeType);
    const sizes = counts.map((one) => one.number(At.count) ?? (one.number(At.upperBound) ?? -1) + 1);
    if (sizes.length > MAX_DEPTH) throw new UnknownNameError();
    const element = this.#type(die.type, depth + 1);
    let made = qualifiers === '' ? element : group(qualifiers, [element]);
    for (const size of sizes.reverse()) made = group(`A${size === 0 ? '' : size}_`, [made]);
    return made;
  }

  #function(die: Die, depth: number): Part {
    const parts = [this.#type(die.type, depth + 1)];
    for (const { tag, type } of die.children()) {
      if (tag !== Tag.formalParameter && tag !== Tag.unspecifiedParameters) throw new UnknownNameError();
      if (parts.length > MAX_ARGUMENTS) throw new UnknownNameError();
      parts.push(tag === Tag.formalParameter ? this.#type(type, depth + 1) : text('z'));
    }
    return group('F', parts.length === 1 ? [...parts, text('v')] : parts, 'E');
  }

  #path(die: Die, depth: number): Part {
    const path: Step[] = [];
    for (const step of [...this.#scopesOf(die), die]) {
      const { tag } = step;
      if (tag !== Tag.namespace && !NAMED.has(tag)) throw new UnknownNameError();
      const before = path.at(-1)?.key ?? '';
      const isStd = path.length === 0 && tag === Tag.namespace && step.name === 'std';
      const isHidden = tag === Tag.namespace && step.name === null;
      const name = isStd ? 'St' : encoded(isHidden ? '_GLOBAL__N_1' : step.name);
      const given = tag === Tag.namespace ? null : this.#arguments(step, depth);
      const bareKey = `${before}${name}`;
      const key = given === null ? bareKey : `${bareKey}I${keyOf(given)}E`;
      path.push({ name, bareKey, arguments: given, key });
    }
    return { kind: 'path', path, key: path.at(-1)?.key ?? '' };
  }

  /** What a template is given; null for what is no template. */
  #arguments(die: Die, depth: number): readonly Part[] | null {
    const given = once(this.#given, die, () => {
      const found = this.#argumentsIn(die, depth);
      // Declarations do not always tell.
      if (found.length === 0 && die.name?.includes('<') === true) throw new UnknownNameError();
      return found.length === 0 ? 'none' : found;
    });
    return given === 'none' ? null : given;
  }

  #argumentsIn(die: Die, depth: number): Part[] {
    const found: Part[] = [];
    for (const child of die.children()) {
      const one = this.#argument(child, depth);
      if (one !== null) found.push(one);
      if (found.length > MAX_ARGUMENTS) throw new UnknownNameError();
    }
    return found;
  }

  #argument(die: Die, depth: number): Part | null {
    switch (die.tag) {
      case Tag.templateTypeParameter:
        return this.#type(die.type, depth + 1);
      case Tag.templateValueParameter: {
        const value = die.bigint(At.constValue, true);
        if (value === null) throw new UnknownNameError();
        const digits = text(value < 0n ? `n${-value}` : `${value}`);
        return group('L', [this.#type(die.type, depth + 1), digits], 'E', false);
      }
      case Tag.gnuTemplateParameterPack:
        return depth > MAX_DEPTH ? null : group('J', this.#argumentsIn(die, depth + 1), 'E', false);
      case Tag.gnuTemplateTemplateParameter:
        throw new UnknownNameError();
      default:
        return null;
    }
  }
}

/** A name with its number of bytes in front, without what its template is given. */
function encoded(name: string | null): string {
  const bare = name?.replace(/<.*/s, '') ?? '';
  if (!/^\w+$/.test(bare)) throw new UnknownNameError();
  return `${bare.length}${bare}`;
}

/** What was made of an entry before, or is made now. @throws UnknownNameError if it cannot be made, also the next time */
function once<Made>(
  known: Map<Uint8Array, Map<number, Made | null>>,
  { unit, offset }: Die,
  make: () => Made,
): Made {
  const ofSection = known.get(unit.bytes) ?? new Map<number, Made | null>();
  known.set(unit.bytes, ofSection);
  let made = ofSection.get(offset);
  if (made === undefined) {
    // What is a part of itself is not known.
    ofSection.set(offset, null);
    made = make();
    ofSection.set(offset, made);
  }
  if (made === null) throw new UnknownNameError();
  return made;
}
