import type { ValueType } from '../runtime/inspect/protocol.ts';
import type {
  BaseType,
  Member,
  PointerType,
  SourceLanguage,
  StructType,
  TypeId,
  TypeInfo,
} from '../runtime/internal.ts';
import { mapType, stringType, type TypeFinder } from './expression-libraries.ts';
import { innerOf, sharedList } from './expression-pointers.ts';
import { byteOf } from './type-parts.ts';
import { baseName, standardName } from './values/rust/names.ts';
import { isWideCharacter } from './values/type-names.ts';

/** The most types that one expression takes along, and all that share a list. */
const MOST_TYPES = 300;
const MOST_SHARED = 10_000;
/** Places that are kept free in that list: for `VOID`, and for the type of objects of AssemblyScript. */
const RESERVED = 2;
/** The most constants of the enums of a list that are displayed. */
const MOST_CONSTANTS = 10_000;
/** The most members of a structure that have names in expressions. */
const MOST_MEMBERS = 1000;
/** Structures in each other through which a part without a name, or the address of a list, is looked for. */
const MOST_LEVELS = 8;
/** Types that are looked at for one expression. */
const MOST_STEPS = 100_000;

const VOID: ValueType = { kind: 'integer', bytes: 1, isSigned: false };

/** A type, and whether one of its names is that of a wide character of C. */
interface Resolved {
  readonly id: TypeId;
  readonly type: TypeInfo;
  readonly isWide: boolean;
}

/** Gets types by their ids, with some that they are made of. */
type ReadTypes = (ids: readonly TypeId[]) => Promise<ReadonlyMap<TypeId, TypeInfo>>;

/** The types of debug information as expressions use them: a list in which they refer to each other. */
export class ExpressionTypes {
  readonly list: ValueType[] = [];
  /** The language of the types. */
  language: SourceLanguage = 'other';
  /** By depth and id. */
  readonly #places = new Map<string, number>();
  /** The keys of the types that the present expression has added, and whether there was no room for some that it needs. */
  readonly #added: string[] = [];
  #isCut = false;

  /** Whether there was no room for some types of the present expression. */
  get isCut(): boolean {
    return this.#isCut;
  }
  /** The place of what stands for types that are not known, or for which there is no room. */
  #void: number | undefined;
  readonly #infos = new Map<TypeId, TypeInfo>();
  readonly #read: ReadTypes;
  #steps = 0;
  /** Constants of enums for which there is room. */
  #constants = MOST_CONSTANTS;
  #most = MOST_TYPES;
  /** The place of the type of objects of AssemblyScript. */
  #objects: number | undefined;

  constructor(read: ReadTypes) {
    this.#read = read;
  }

  /** Begins with another expression. What those before had counts no more. Of types that were cut short for one, the next gets its own. */
  begin(): void {
    if (this.#isCut) for (const key of this.#added) this.#places.delete(key);
    this.#added.length = 0;
    this.#isCut = false;
    this.#steps = 0;
    this.#most = Math.min(this.list.length + MOST_TYPES, MOST_SHARED - RESERVED);
  }

  /** Adds a type if there is room. @returns its place, or that of `VOID` */
  #push(type: ValueType): number {
    if (this.list.length < this.#most) return this.list.push(type) - 1;
    this.#isCut = true;
    return this.#voidPlace();
  }

  #voidPlace(): number {
    this.#void ??= this.list.push(VOID) - 1;
    return this.#void;
  }

  /** Adds the type of objects of AssemblyScript, which is one for all. @returns its place in the list */
  addObjects(type: ValueType): number {
    this.#objects ??= this.list.push(type) - 1;
    return this.#objects;
  }

  know(types: ReadonlyMap<TypeId, TypeInfo>): void {
    for (const [id, info] of types) this.#infos.set(id, info);
  }

  /** The value of a constant of an enum among the types that are known. */
  constant(name: string): bigint | undefined {
    for (const type of this.#infos.values()) {
      const found = type.kind === 'enum' ? type.enumerators.find((one) => one.name === name) : undefined;
      if (found !== undefined) return found.value;
    }
    return undefined;
  }

  /** Bytes of a type; null if it is not known. */
  async sizeOf(id: TypeId | null): Promise<number | null> {
    return (await this.#resolved(id))?.type.size ?? null;
  }

  /**
   * Adds a type and those of which it is made.
   * @param depth how far an expression goes into it: parts of parts that it cannot reach are left out
   * @returns its place in the list
   */
  async add(id: TypeId | null, depth: number): Promise<number> {
    const info = depth < 0 ? null : await this.#resolved(id);
    if (info === null) return this.#voidPlace();
    const key = `${depth} ${info.id} ${info.type.name === null ? info.type.label : ''}${info.isWide ? 'wide' : ''}`;
    const known = this.#places.get(key);
    if (known !== undefined) return known;
    const place = this.#push(VOID);
    if (place === this.#void) return place;
    this.#places.set(key, place);
    this.#added.push(key);
    this.list[place] = info.isWide
      ? (wideCharacter(info.type) ?? (await this.#convert(info.type, depth)))
      : await this.#convert(info.type, depth);
    return place;
  }

  /** A type behind the names and qualifiers that it has. Null if there is none, or if too many were looked at. */
  async #resolved(first: TypeId | null): Promise<Resolved | null> {
    if (++this.#steps > MOST_STEPS) {
      this.#isCut = true;
      return null;
    }
    let id = first;
    let alias: string | null = null;
    let isWide = false;
    for (let i = 0; id !== null && i < 32; i++) {
      if (!this.#infos.has(id)) this.know(await this.#read([id]));
      const type = this.#infos.get(id);
      if (type === undefined) return null;
      isWide ||= isWideCharacter(type.name);
      // What has no name of its own is called as it is in a typedef.
      if (type.kind !== 'alias')
        return { id, type: type.name === null && alias !== null ? { ...type, label: alias } : type, isWide };
      if (type.form === 'typedef') alias = type.label;
      id = type.target;
    }
    return null;
  }

  async #convert(type: TypeInfo, depth: number): Promise<ValueType> {
    switch (type.kind) {
      case 'base':
        return baseType(type);
      case 'pointer':
        // A reference is no step for an expression.
        return isReference(type)
          ? { kind: 'pointer', to: await this.add(type.target, depth), isReference: true }
          : {
              ...{ kind: 'pointer', to: await this.add(type.target, depth - 1) },
              ...((await this.#resolved(type.target))?.type.kind === 'function' ? { isFunction: true } : {}),
            };
      case 'enum': {
        const underlying = await this.#resolved(type.underlying);
        const own =
          underlying?.type.kind === 'base'
            ? baseType(underlying.type)
            : (integer(type.size, false) ?? unknown(type));
        const constants = type.enumerators
          .slice(0, this.#constants)
          .map(({ name, value }) => ({ name, value: String(value) }));
        this.#constants -= constants.length;
        return own.kind === 'integer' ? { ...own, constants } : own;
      }
      case 'array': {
        let of = await this.add(type.element, depth - 1);
        for (const count of type.counts.slice(1).toReversed())
          of = this.#push({ kind: 'array', of, ...(count === null ? {} : { count }) });
        const [count] = type.counts;
        return { kind: 'array', of, ...(count == null ? {} : { count }) };
      }
      case 'struct':
        return (
          (await this.#rustList(type, depth)) ??
          (await this.#vector(type, depth)) ??
          (await this.#library(type, depth)) ??
          (await this.#enum(type, depth)) ??
          (await this.#record(type, depth))
        );
      default:
        return unknown(type);
    }
  }

  async #record(type: StructType, depth: number): Promise<ValueType> {
    const members: { name: string; at: number; type: number }[] = [];
    const add = async (member: Member, from: number, level: number): Promise<void> => {
      if (members.length === MOST_MEMBERS) return;
      const begin = byteOf(member);
      if (begin === null || member.bitSize !== null) return;
      const at = from + begin;
      if (member.name !== null) {
        // The fields of Rust's tuples.
        const name = /^__(\d+)$/.exec(member.name)?.[1] ?? member.name;
        members.push({ name, at, type: await this.add(member.type, depth - 1) });
        return;
      }
      if (level === MOST_LEVELS) return;
      const inner = await this.#resolved(member.type);
      if (inner?.type.kind === 'struct')
        for (const part of [...inner.type.bases, ...inner.type.members]) await add(part, at, level + 1);
    };
    for (const base of type.bases) {
      const inner = await this.#resolved(base.type);
      const at = byteOf(base);
      if (inner?.type.kind !== 'struct' || at === null) continue;
      for (const part of inner.type.members) await add(part, at, 0);
    }
    for (const member of type.members) await add(member, 0, 0);
    const length = await this.#lengthIn(type);
    const inner = await innerOf(type, this.#finder(depth), (made) => this.#push(made));
    return {
      ...{ kind: 'record', name: type.label, members },
      ...(type.size === null ? {} : { bytes: type.size }),
      ...(length === null ? {} : { length }),
      ...(inner === null ? {} : { inner }),
      ...this.#shownAs(type),
    };
  }

  /** How a structure is displayed. */
  #shownAs(type: StructType): { title?: string; process?: number } {
    const isOfEnum = this.language === 'Rust' && /^[A-Z]/.test(type.scope.at(-1) ?? '');
    // What is in the types of libraries tells nobody anything.
    if (standardName(type) !== null && !isOfEnum) return {};
    if (this.language !== 'Rust') return { title: '' };
    const name = baseName(type);
    const isProcess = type.scope[0] === 'lunatic' && name === 'Process';
    const id = isProcess ? byteNamed(type, 'id') : null;
    return {
      ...(/^\w+$/.test(name) ? { title: name } : name.startsWith('(') ? { title: '' } : {}),
      ...(id === null ? {} : { process: id }),
    };
  }

  /** An enum of Rust with parts; null for anything else. */
  async #enum({ label, size, variantPart }: StructType, depth: number): Promise<ValueType | null> {
    if (variantPart === null) return null;
    const { discriminant, variants } = variantPart;
    const bytes = (await this.#resolved(discriminant?.type ?? null))?.type.size;
    const isTag = bytes === 1 || bytes === 2 || bytes === 4 || bytes === 8;
    const tagAt = discriminant === null ? null : byteOf(discriminant);
    if (discriminant !== null && (!isTag || tagAt === null)) return null;
    const found: Extract<ValueType, { kind: 'enum' }>['variants'][number][] = [];
    for (const { discriminants, members } of variants.slice(0, MOST_MEMBERS)) {
      const [member] = members;
      const at = member === undefined ? null : byteOf(member);
      if (member === undefined || at === null || member.name === null) continue;
      const tags = discriminants?.map((value) => String(BigInt.asUintN(8 * (bytes ?? 8), value)));
      found.push({
        ...{ name: member.name, at, type: await this.add(member.type, depth) },
        ...(tags === undefined ? {} : { tags: tags.slice(0, MOST_MEMBERS) }),
      });
    }
    return {
      ...{ kind: 'enum', name: label, variants: found },
      ...(size === null ? {} : { bytes: size }),
      ...(tagAt === null || !isTag ? {} : { tag: { at: tagAt, bytes } }),
    };
  }

  /** `&str`, `String`, slices and `Vec` of Rust; null for anything else. */
  async #rustList(type: StructType, depth: number): Promise<ValueType | null> {
    const name = type.name ?? '';
    const bytes = type.size === null ? {} : { bytes: type.size };
    if (/^(?:&|(?:alloc::boxed::)?Box<)/.test(name)) {
      const [start, count] = [byteNamed(type, 'data_ptr'), byteNamed(type, 'length')];
      const pointer = await this.#resolved(memberNamed(type, 'data_ptr')?.type ?? null);
      if (start === null || count === null || pointer?.type.kind !== 'pointer') return null;
      const of = await this.add(pointer.type.target, depth - 1);
      const isText = /^&(?:mut )?str$|^(?:alloc::boxed::)?Box<str\b/.test(name);
      return { kind: 'list', name, start, count, of, isText, ...bytes };
    }
    if (name === 'String' && type.scope[0] === 'alloc') {
      const at = byteNamed(type, 'vec');
      const inner = await this.#resolved(memberNamed(type, 'vec')?.type ?? null);
      const isVector = inner?.type.kind === 'struct' && inner.type.name?.startsWith('Vec<') === true;
      const list = isVector ? await this.#rustList(inner.type, depth) : null;
      if (list?.kind !== 'list' || at === null) return null;
      return { ...list, name, start: list.start + at, count: list.count + at, isText: true };
    }
    if (!name.startsWith('Vec<') || type.scope[0] !== 'alloc') return null;
    const count = byteNamed(type, 'len');
    const buffer = memberNamed(type, 'buf');
    const start = buffer === undefined ? null : await this.#pointerIn(buffer);
    if (start === null || count === null) return null;
    const of = await this.add(type.arguments[0]?.type ?? null, depth - 1);
    return { kind: 'list', name, start, count, of, isText: false, ...bytes };
  }

  /** Maps and texts of libraries; null for anything else. */
  async #library(type: StructType, depth: number): Promise<ValueType | null> {
    const finder = this.#finder(depth - 1);
    return (
      (await mapType(type, finder)) ?? (await stringType(type, finder)) ?? (await sharedList(type, finder))
    );
  }

  #finder(depth: number): TypeFinder {
    return {
      resolve: async (id) => (await this.#resolved(id))?.type ?? null,
      add: (id) => this.add(id, depth),
    };
  }

  /** A `std::vector` of C++, but that of bits; null for anything else. */
  async #vector(type: StructType, depth: number): Promise<ValueType | null> {
    if (type.scope[0] !== 'std' || type.name?.startsWith('vector<') !== true) return null;
    const [start, count] = [byteNamed(type, '__begin_'), byteNamed(type, '__end_')];
    const pointer = await this.#resolved(memberNamed(type, '__begin_')?.type ?? null);
    if (start === null || count === null || pointer?.type.kind !== 'pointer') return null;
    const of = await this.add(pointer.type.target, depth - 1);
    const bytes = type.size === null ? {} : { bytes: type.size };
    return {
      ...{ kind: 'list', name: type.label, start, count, of },
      ...{ isText: false, isEnd: true, ...bytes },
    };
  }

  /** Where the number of elements is in a collection of Rust; null if it is none, or not known. */
  async #lengthIn({ name, scope, members }: StructType): Promise<number | null> {
    const [, collection] = /^(HashMap|HashSet|BTreeMap|BTreeSet|VecDeque)</.exec(name ?? '') ?? [];
    if (collection === undefined || !/^(?:std|alloc|hashbrown)$/.test(scope[0] ?? '')) return null;
    const wanted = collection.startsWith('Hash') ? 'items' : collection === 'VecDeque' ? 'len' : 'length';
    return await this.#memberIn(members, wanted, 0);
  }

  async #memberIn(members: readonly Member[], wanted: string, level: number): Promise<number | null> {
    for (const member of members) {
      const at = byteOf(member);
      if (at === null) continue;
      if (member.name === wanted) return at;
      const inner = level < MOST_LEVELS ? await this.#resolved(member.type) : null;
      const found =
        inner?.type.kind === 'struct' ? await this.#memberIn(inner.type.members, wanted, level + 1) : null;
      if (found !== null) return at + found;
    }
    return null;
  }

  /** Where the first pointer is in a part of a structure, in bytes from the beginning of that; null if there is none. */
  async #pointerIn(member: Member, level = 0): Promise<number | null> {
    const found = await this.#resolved(member.type);
    const at = byteOf(member);
    if (at === null || found === null || level > MOST_LEVELS) return null;
    if (found.type.kind === 'pointer') return at;
    if (found.type.kind !== 'struct') return null;
    for (const part of found.type.members) {
      const inner = await this.#pointerIn(part, level + 1);
      if (inner !== null) return at + inner;
    }
    return null;
  }
}

function memberNamed({ members }: StructType, name: string): Member | undefined {
  return members.find((member) => member.name === name);
}

function byteNamed(type: StructType, name: string): number | null {
  const member = memberNamed(type, name);
  return member === undefined ? null : byteOf(member);
}

/** Whether a pointer is one that its language follows on its own; Rust gives names to all of them. */
function isReference({ form, name }: PointerType): boolean {
  return form === 'reference' || form === 'rvalue' || (name !== null && !name.startsWith('*'));
}

/** The wide characters of C; null for what only has their name. */
function wideCharacter(type: TypeInfo): ValueType | null {
  if (type.kind !== 'base' || (type.size !== 2 && type.size !== 4)) return null;
  return { kind: 'integer', bytes: type.size, isSigned: type.isSigned, isCharacter: true };
}

function baseType(type: BaseType): ValueType {
  const { encoding, size, isSigned } = type;
  switch (encoding) {
    case 'float':
      return size === 4 || size === 8 ? { kind: 'float', bytes: size } : unknown(type);
    case 'boolean':
      return size === 1 ? { kind: 'boolean' } : (integer(size, false) ?? unknown(type));
    case 'character':
      if (size === 4) return { kind: 'character' };
      if (size === 1 && type.name === 'char')
        return { kind: 'integer', bytes: size, isSigned, isCharacter: true };
      return integer(size, isSigned) ?? unknown(type);
    case 'signed':
    case 'unsigned':
    case 'address':
      return integer(size, isSigned) ?? unknown(type);
    default:
      return unknown(type);
  }
}

function integer(bytes: number | null, isSigned: boolean): ValueType | null {
  return bytes === 1 || bytes === 2 || bytes === 4 || bytes === 8 || bytes === 16
    ? { kind: 'integer', bytes, isSigned }
    : null;
}

/** What has no parts that could be named. */
function unknown({ label, size }: TypeInfo): ValueType {
  return { kind: 'record', name: label, members: [], ...(size === null ? {} : { bytes: size }) };
}
