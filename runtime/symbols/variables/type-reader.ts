import { printable } from '../../text/printable.ts';
import { unlessMalformed } from '../dwarf/byte-cursor.ts';
import { At, Tag } from '../dwarf/constants.ts';
import type { Die } from '../dwarf/die.ts';
import type { Dwarf } from '../dwarf/dwarf.ts';
import { scopePath } from '../dwarf/scope-path.ts';
import { Unit } from '../dwarf/unit.ts';
import { ClassDefinitions } from './class-definitions.ts';
import { languageOf } from './language.ts';
import { readStruct } from './struct-reader.ts';
import type {
  AliasType,
  ArrayType,
  BaseEncoding,
  Enumerator,
  PointerType,
  TypeId,
  TypeInfo,
} from './type-info.ts';
import { typeLabel } from './type-label.ts';

/** Names are cut behind this. Those of generic types can be very long. */
const MAX_NAME = 2048;

/** Of so many bytes of debug information, one type is kept. */
const KNOWN_SIZE = 1000;

/** No enumeration and no array has more that people look at. */
const MAX_ENUMERATORS = 4096;
const MAX_DIMENSIONS = 16;
const MAX_PARAMETERS = 256;
/** Types that are other names for themselves. */
const MAX_ALIASES = 32;

const POINTERS: ReadonlyMap<number, PointerType['form']> = new Map([
  [Tag.pointerType, 'pointer'],
  [Tag.referenceType, 'reference'],
  [Tag.rvalueReferenceType, 'rvalue'],
  [Tag.pointerToMemberType, 'member'],
]);

const ALIASES: ReadonlyMap<number, AliasType['form']> = new Map([
  [Tag.typedef, 'typedef'],
  [Tag.templateAlias, 'typedef'],
  [Tag.constType, 'const'],
  [Tag.volatileType, 'volatile'],
  [Tag.restrictType, 'restrict'],
  [Tag.atomicType, 'atomic'],
]);

/** Namespaces of libc++ that nobody writes. */
const INLINE_NAMESPACE = /^__\d+$/;

/** By `DW_AT_encoding`. Source: DWARF 5, 7.8. */
const ENCODINGS: readonly BaseEncoding[] = [
  'unknown',
  'address',
  'boolean',
  'complex',
  'float',
  'signed',
  'character',
  'unsigned',
  'character',
];
/** `DW_ATE_signed` and `DW_ATE_signed_char`. */
const SIGNED: ReadonlySet<number> = new Set([5, 6]);
const UTF_ENCODINGS: ReadonlySet<number> = new Set([0x10, 0x11, 0x12]);

/** A type as a message to whoever has not got the debug information. */
export interface TypeAt {
  readonly die: Die;
  /** Of a type in a split unit: what begins the ids of all types there. */
  readonly file: string;
}

/** Reads types. */
export class TypeReader {
  readonly classes: ClassDefinitions;
  readonly #dwarf: Dwarf;
  /** Those of the frames that somebody steps through are read again and again. */
  readonly #known = new Map<TypeId, TypeInfo | null>();
  readonly #maxKnown: number;

  constructor(dwarf: Dwarf) {
    this.classes = new ClassDefinitions(dwarf);
    this.#dwarf = dwarf;
    this.#maxKnown = 500 + dwarf.file.sections.info.length / KNOWN_SIZE;
  }

  /** What begins the ids of the types that a unit refers to. */
  fileOf(unit: Unit): string {
    return unit.skeleton === null ? '' : `${unit.skeleton.start}/`;
  }

  idOf(die: Die, file: string): TypeId {
    const { unit } = die;
    return `${file}${unit.bytes === unit.sections.types ? 't' : 'i'}${die.offset}`;
  }

  /** The id of the type that an entry has; null is `void`, or a type that cannot be found. */
  typeOf(die: Die, file: string): TypeId | null {
    const type = unlessMalformed(() => valueType(die), null);
    return type === null ? null : this.idOf(type, file);
  }

  /** Returns null if there is no such type. */
  read(id: TypeId): TypeInfo | null {
    let type = this.#known.get(id);
    if (type === undefined) {
      type = unlessMalformed(() => {
        const found = this.find(id);
        return found === null ? null : this.#read(found);
      }, null);
      if (this.#known.size >= this.#maxKnown) this.#known.clear();
      this.#known.set(id, type);
    }
    return type;
  }

  /** @throws DwarfError */
  find(id: TypeId): TypeAt | null {
    const [, skeleton, section, offset] = /^(?:(\d{1,10})\/)?([it])(\d{1,10})$/.exec(id) ?? [];
    if (offset === undefined) return null;
    let home = this.#dwarf.file as Unit['home'];
    if (skeleton !== undefined) {
      const unit = this.#dwarf.file.unitAt(Number(skeleton));
      if (unit === null) return null;
      home = this.#dwarf.whole(unit).home;
    }
    const at = Number(offset);
    const die = (section === 't' ? home.typeUnitAt(at) : home.unitAt(at))?.dieAt(at) ?? null;
    return die === null ? null : { die, file: skeleton === undefined ? '' : `${skeleton}/` };
  }

  #read(at: TypeAt): TypeInfo {
    const { die } = at;
    const { tag } = die;
    const pointer = POINTERS.get(tag);
    if (pointer !== undefined)
      return {
        kind: 'pointer',
        ...this.#described(at),
        size: die.number(At.byteSize) ?? die.unit.addressSize,
        form: pointer,
        target: this.#target(at),
        ...(pointer === 'member' ? { container: this.#containerOf(at) } : {}),
      };
    const alias = ALIASES.get(tag);
    if (alias !== undefined)
      return { kind: 'alias', ...this.#described(at), form: alias, target: this.#target(at) };
    switch (tag) {
      case Tag.baseType:
        return { kind: 'base', ...this.#described(at), encoding: encodingOf(die), isSigned: isSigned(die) };
      case Tag.structureType:
      case Tag.classType:
      case Tag.unionType: {
        const struct = readStruct(die, (entry) => this.typeOf(entry, at.file));
        const defined = struct.isDeclaration ? this.#definitionOf(die) : null;
        if (defined === null) return { ...struct, ...this.#described(at) };
        const whole = readStruct(defined.die, (entry) => this.typeOf(entry, defined.file));
        return { ...whole, ...this.#described(defined) };
      }
      case Tag.enumerationType:
        return {
          kind: 'enum',
          ...this.#described(at),
          underlying: this.#target(at),
          enumerators: enumeratorsOf(die),
        };
      case Tag.arrayType:
        return {
          kind: 'array',
          ...this.#described(at),
          element: this.#target(at),
          counts: countsOf(die),
          ...lengthsOf(die),
        };
      case Tag.subroutineType:
      case Tag.subprogram:
        return {
          kind: 'function',
          ...this.#described(at),
          result: this.#target(at),
          parameters: this.#parametersOf(at),
        };
      default:
        return { kind: 'opaque', ...this.#described(at) };
    }
  }

  /** The definition, in another unit, of a structure that is only declared where it is used. */
  #definitionOf(die: Die): TypeAt | null {
    const found = this.classes.definitionOf(die);
    return found?.unit instanceof Unit ? { die: found, file: this.fileOf(found.unit) } : null;
  }

  #described({ die }: TypeAt): Pick<TypeInfo, 'label' | 'name' | 'scope' | 'size'> {
    const { name } = die;
    return {
      label: unlessMalformed(() => typeLabel(die, (type) => this.#nameOf(type), isRust(die)), '?'),
      name: name === null ? null : printable(name.slice(0, MAX_NAME)),
      scope: unlessMalformed(() => this.#scopeOf(die), []),
      size: unlessMalformed(() => sizeOf(die), null),
    };
  }

  /** The name of a type with its namespaces; in Rust, where those of parameters have theirs anyway, without. */
  #nameOf(die: Die): string {
    const name = (die.name ?? '').slice(0, MAX_NAME);
    if (isRust(die)) return name;
    const scope = this.#scopeOf(die).filter((part) => !INLINE_NAMESPACE.test(part));
    return [...scope, name].join('::');
  }

  #scopeOf(die: Die): string[] {
    // Nothing is anywhere but what has a name.
    return die.unit instanceof Unit && die.name !== null ? scopePath(this.#dwarf, die.unit, die) : [];
  }

  #containerOf({ die, file }: TypeAt): TypeId | null {
    const container = die.reference(At.containingType);
    return container === null ? null : this.idOf(container, file);
  }

  #target({ die, file }: TypeAt): TypeId | null {
    return this.typeOf(die, file);
  }

  #parametersOf({ die, file }: TypeAt): (TypeId | null)[] {
    const parameters: (TypeId | null)[] = [];
    for (const child of die.children()) {
      if (child.tag === Tag.formalParameter) parameters.push(this.typeOf(child, file));
      if (parameters.length === MAX_PARAMETERS) break;
    }
    return parameters;
  }
}

/**
 * The type of an entry. Where Rust has a function itself, which takes no bytes, it describes a pointer to one: then that of the function.
 */
function valueType(die: Die): Die | null {
  const { type } = die;
  if (type?.tag !== Tag.pointerType || type.type?.tag !== Tag.subroutineType) return type;
  const isEmpty = die.number(At.alignment) === 1 || die.number(At.bitSize) === 0;
  return isEmpty ? type.type : type;
}

function isRust({ unit }: Die): boolean {
  return unit instanceof Unit && languageOf(unit).language === 'Rust';
}

function sizeOf(die: Die): number | null {
  for (const origin of die.origins()) {
    const size = origin.number(At.byteSize);
    if (size !== null) return isCount(size) ? size : null;
  }
  return null;
}

function encodingOf(die: Die): BaseEncoding {
  const encoding = die.number(At.encoding) ?? 0;
  return UTF_ENCODINGS.has(encoding) ? 'character' : (ENCODINGS[encoding] ?? 'unknown');
}

function enumeratorsOf(die: Die): Enumerator[] {
  const isSigned = isSignedEnum(die);
  const bits = 8 * (die.number(At.byteSize) ?? 8);
  const enumerators: Enumerator[] = [];
  for (const child of die.children()) {
    if (child.tag !== Tag.enumerator) continue;
    const value = child.bigint(At.constValue, isSigned);
    if (child.name !== null && value !== null)
      enumerators.push({
        name: printable(child.name.slice(0, MAX_NAME)),
        // Rust writes the bits of a negative one.
        value: isSigned ? BigInt.asIntN(bits, value) : value,
      });
    if (enumerators.length === MAX_ENUMERATORS) break;
  }
  return enumerators;
}

function isSigned(die: Die): boolean {
  return SIGNED.has(die.number(At.encoding) ?? 0);
}

function isSignedEnum(die: Die): boolean {
  let underlying = die.type;
  for (let i = 0; underlying !== null && ALIASES.has(underlying.tag) && i < MAX_ALIASES; i++)
    underlying = underlying.type;
  return underlying === null || isSigned(underlying);
}

/** The variables that have the lengths of an array. */
function lengthsOf(die: Die): Pick<ArrayType, 'lengths'> {
  const lengths: (string | null)[] = [];
  for (const child of die.children()) {
    if (child.tag === Tag.subrangeType)
      lengths.push((child.reference(At.count) ?? child.reference(At.upperBound))?.name ?? null);
    if (lengths.length === MAX_DIMENSIONS) break;
  }
  return lengths.some((length) => length !== null) ? { lengths } : {};
}

function countsOf(die: Die): (number | null)[] {
  const counts: (number | null)[] = [];
  for (const child of die.children()) {
    if (child.tag !== Tag.subrangeType) continue;
    const last = child.number(At.upperBound);
    const count = child.number(At.count) ?? (last === null ? null : Math.max(0, last + 1));
    // Forms with a sign may say less than nothing, and some say more than any memory has.
    counts.push(count !== null && isCount(count) ? count : null);
    if (counts.length === MAX_DIMENSIONS) break;
  }
  return counts;
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}
