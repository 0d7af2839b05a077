import {
  type ArrayType,
  cCharacterText,
  constantText,
  type EnumType,
  type PointerType,
  quoted,
  type StructType,
  type TypeId,
  type TypeInfo,
  untilZero,
  wideText,
} from '../../runtime/internal.ts';
import { baseText, hexText } from './scalar-text.ts';
import type { Steps } from './steps.ts';
import { isWideCharacter, typeName } from './type-names.ts';
import { addressOf, inMemory, type Part, type Shown, type Value } from './value.ts';
import type { ValueReader } from './value-reader.ts';

/** Values in values whose texts are a part of the text of the outermost. */
const MAX_DEPTH = 3;
/** A value that is nothing but a cover of another one is a part of a level: covers of covers end somewhere. */
const COVER = 1 / 16;
/** Parts of a value that are in its text. */
const MAX_PARTS = 6;
/** Characters after which the text of a value is not continued with further parts. */
const MAX_TEXT = 120;
/** Characters of a string that are in a text. */
const MAX_STRING = 1000;
const MAX_STRING_BYTES = 2 ** 16;

/** Names for a type in each other. */
const MAX_ALIASES = 32;

/** Parts without names in parts without names. */
const MAX_ANONYMOUS = 8;
/** Members of a structure, with those of its parts without names. */
const MAX_MEMBERS = 10_000;
const UNKNOWN_PLACE = 'known to the running program alone';

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

/** Displays values as a language writes them. Returns null for those that it does not know better than what they consist of. */
export type Formatter = (
  shower: Shower,
  value: Value,
  type: TypeInfo,
  depth: number,
) => Promise<Shown | null>;

/** Tells what values look like. */
export class Shower {
  readonly reader: ValueReader;
  readonly #formatter: Formatter;

  constructor(reader: ValueReader, formatter: Formatter) {
    this.reader = reader;
    this.#formatter = formatter;
  }

  /** Displays the same with other steps. */
  with(steps: Steps): Shower {
    return new Shower(this.reader.with(steps), this.#formatter);
  }

  /** @param depth how many values it is inside of, of whose texts its own is a part */
  async show(value: Value, depth = 0): Promise<Shown> {
    const { place } = value;
    if (place.kind === 'nowhere') return { text: 'optimised away' };
    if (place.kind === 'unknown') return { text: `not known: ${place.why}` };
    const type = await this.reader.typeOf(value);
    if (type === null) return { text: 'void' };
    if (depth > 2 * MAX_DEPTH) return { text: '…' };
    const made = value.isRaw === true ? null : await this.#formatter(this, value, type, depth);
    if (made !== null) return made;
    switch (type.kind) {
      case 'base':
      case 'enum':
        return await this.#number(value, type);
      case 'pointer':
        return await this.#pointer(value, type, depth);
      case 'struct':
        return await this.struct(value, type, depth);
      case 'array':
        return await this.#array(value, type, depth);
      case 'function':
        return { text: type.label };
      default:
        return { text: type.name === 'decltype(nullptr)' ? 'nullptr' : (type.name ?? 'of an unknown type') };
    }
  }

  /** What is all that there is to see of the value around it. */
  covered(value: Value, depth: number): Promise<Shown> {
    return this.show(value, depth + COVER);
  }

  /** What a reference leads to: the outermost one is a cover; what is in itself ends soon. */
  referred(value: Value, depth: number): Promise<Shown> {
    return this.show(value, depth + (depth < 1 ? COVER : 1));
  }

  /** The text of a value in that of another one. */
  async text(value: Value | string, depth: number): Promise<string> {
    if (typeof value === 'string') return value;
    return (await this.show(value, depth)).text;
  }

  /** The parts in one text: `x: 3, y: -4`. */
  async list(parts: readonly Part[], depth: number, withNames: boolean, isMore = false): Promise<string> {
    const texts: string[] = [];
    let length = 0;
    for (const { name, value } of parts.slice(0, MAX_PARTS)) {
      if (length > MAX_TEXT) break;
      const text = await this.text(value, depth + 1);
      texts.push(withNames ? `${name}: ${text}` : text);
      length += texts.at(-1)?.length ?? 0;
    }
    if (isMore || texts.length < parts.length) texts.push('…');
    return texts.join(', ');
  }

  /** Something with numbered elements. */
  async elements(
    count: number,
    page: (start: number, count: number) => Promise<readonly Part[]>,
    depth: number,
  ): Promise<Shown> {
    if (depth >= MAX_DEPTH) return { text: `(${count}) […]`, count, page };
    const first = await page(0, Math.min(count, MAX_PARTS));
    const text = `(${count}) [${await this.list(first, depth, false, first.length < count)}]`;
    return { text, count, page };
  }

  /** Elements of a type that stand behind one another. */
  page(first: Value, type: TypeId | null): (start: number, count: number) => Promise<readonly Part[]> {
    return async (start, count) => {
      const parts: Part[] = [];
      for (let index = start; index < start + count; index++) {
        const value = await this.reader.element(first, type, index);
        if (value === null) break;
        parts.push({ name: `[${index}]`, value, path: `[${index}]` });
      }
      return parts;
    };
  }

  /** The bytes at an address as a text; null if they are not there. */
  async string(address: number, length: number): Promise<string | null> {
    const bytes = await this.reader.memory.bytes(address, Math.min(length, MAX_STRING_BYTES));
    return bytes === null ? null : utf8.decode(bytes);
  }

  /** A text of known length. */
  shownString(text: string | null, length: number, prefix = ''): Shown {
    if (text === null) return { text: 'outside of the memory' };
    return { text: prefix + stringText(text, length), string: text };
  }

  /** A structure as its members. */
  async struct(value: Value, type: StructType, depth: number): Promise<Shown> {
    if (type.isDeclaration) return { text: `${type.label}, of which only the name is known` };
    const named = () => this.members(value, type);
    if (depth >= MAX_DEPTH) return { text: '{…}', named };
    return { text: `{${await this.list(await named(), depth, true)}}`, named };
  }

  /** The members of a structure; those of a part without a name count as its own. */
  async members(value: Value, type: StructType): Promise<Part[]> {
    const parts: Part[] = [];
    await this.#addMembers(parts, value, type, 0);
    await this.#addVariant(parts, value, type);
    return parts;
  }

  async #addMembers(parts: Part[], value: Value, type: StructType, depth: number): Promise<void> {
    for (const base of type.bases) {
      const part = await this.reader.base(value, base);
      const name = (await this.reader.types.resolve(base.type))?.name;
      parts.push({ name: name ?? '(base)', value: part ?? UNKNOWN_PLACE, path: '' });
    }
    for (const member of type.members) {
      if (parts.length >= MAX_MEMBERS) return;
      // Where the virtual functions are says nothing to anybody.
      if (member.name?.startsWith('_vptr') === true && value.isRaw !== true) continue;
      const part = this.reader.part(value, member);
      const inner = member.name === null && part !== null ? await this.reader.typeOf(part) : null;
      if (inner?.kind === 'struct' && part !== null && depth < MAX_ANONYMOUS)
        await this.#addMembers(parts, part, inner, depth + 1);
      else {
        const { name } = member;
        parts.push({
          name: name ?? '(anonymous)',
          value: part ?? UNKNOWN_PLACE,
          path: name === null ? null : `.${name}`,
        });
      }
    }
  }

  /** What an enum of Rust consists of: the number of its variant, and what this has. */
  async #addVariant(parts: Part[], value: Value, type: StructType): Promise<void> {
    const { discriminant } = type.variantPart ?? {};
    if (discriminant != null) {
      const part = this.reader.part(value, discriminant);
      parts.push({ name: '(discriminant)', value: part ?? UNKNOWN_PLACE, path: null });
    }
    const variant = await this.reader.variant(value, type);
    const inside = variant === null ? null : this.reader.part(value, variant);
    if (variant !== null && inside !== null)
      parts.push({ name: variant.name ?? '(variant)', value: inside, path: null });
  }

  async #number(value: Value, type: EnumType | Extract<TypeInfo, { kind: 'base' }>): Promise<Shown> {
    if (type.size === 0) return { text: type.name ?? '' };
    const bits = await this.reader.bits(value);
    if (bits === null) return { text: 'outside of the memory' };
    const width = value.bits?.size ?? 8 * (type.size ?? 4);
    if (type.kind === 'base') {
      const number = type.isSigned ? BigInt.asIntN(width, bits) : bits;
      const size = type.size ?? 4;
      const wide = await this.#wideSize(value.type);
      const text =
        wide === null
          ? baseText(type, BigInt.asUintN(8 * size, number), size, this.reader.language)
          : cCharacterText(Number(number), wide);
      return { text, scalar: value };
    }
    const underlying = await this.reader.types.resolve(type.underlying);
    const isSigned =
      underlying?.kind === 'base' ? underlying.isSigned : type.enumerators.some((one) => one.value < 0n);
    const number = isSigned ? BigInt.asIntN(width, bits) : bits;
    return { text: constantText(type.enumerators, number), scalar: value };
  }

  async #pointer(value: Value, type: PointerType, depth: number): Promise<Shown> {
    const address = await this.reader.number(value);
    if (address === null) return { text: 'outside of the memory' };
    if (type.form === 'member')
      return { text: await this.#memberPointer(value, type, address), scalar: value };
    if (type.form !== 'pointer' && (await this.reader.types.resolve(type.target))?.kind === 'function')
      return { text: (await this.reader.functionText(address)) ?? hexText(address), scalar: value };
    if (type.form !== 'pointer' && address !== 0) {
      const referred = {
        ...inMemory(type.target, address),
        ...(value.isRaw === true ? { isRaw: true } : {}),
      };
      const { target, name } = await this.#mostDerived(referred);
      const shown = await this.referred(target, depth);
      return { ...shown, text: name + shown.text, target };
    }
    if (address === 0) return { text: this.reader.language === 'C++' ? 'nullptr' : 'NULL', scalar: value };
    const found = await this.reader.target(value);
    const { target, name } = found === null ? { target: null, name: '' } : await this.#mostDerived(found);
    const pointed = target === null ? null : await this.reader.typeOf(target);
    const text = hexText(address);
    if (pointed?.kind === 'function')
      return {
        text: (await this.reader.functionText(address)) ?? `function ${address} of the table`,
        scalar: value,
      };
    if (target === null || pointed === null) return { text, scalar: value };
    if (isText(pointed)) {
      const string = await this.#terminated(address);
      const named = async () => [{ name: '*', value: target, path: '*' }];
      return string === null
        ? { text, scalar: value, named, target }
        : { text: `${text} ${string.text}`, string: string.string, scalar: value, named, target };
    }
    const wide = await this.#wideSize(type.target);
    if (wide !== null) {
      const bytes = await this.reader.memory.upTo(address, wide * (MAX_STRING + 1));
      const named = async () => [{ name: '*', value: target, path: '*' }];
      const string = wideText(untilZero(bytes, wide), wide);
      return { text: `${text} ${stringText(string, string.length)}`, string, scalar: value, named, target };
    }
    const shown = depth < MAX_DEPTH ? await this.show(target, depth + 1) : { text: '…' };
    const isStruct = pointed.kind === 'struct';
    const named =
      isStruct && shown.named !== undefined
        ? shown.named
        : async () => [{ name: '*', value: target, path: '*' }];
    return { text: `${text} ${isStruct ? name : '→ '}${shown.text}`, scalar: value, named, target };
  }

  /** A pointer to a member of a class: a distance, or a function of the table or the vtable with what is added to the object's address. */
  async #memberPointer(
    value: Value,
    { target, container = null }: PointerType,
    first: number,
  ): Promise<string> {
    const { reader } = this;
    const type = await reader.types.resolve(container);
    const name = type === null ? '' : `${typeName(type.label, reader.language)}::`;
    if ((await reader.types.resolve(target))?.kind !== 'function') {
      if (first === 0xffff_ffff) return 'nullptr';
      const members = type?.kind === 'struct' ? type.members : [];
      return `&${name}${members.find(({ bitOffset }) => bitOffset === 8 * first)?.name ?? hexText(first)}`;
    }
    const bytes = await reader.bytes(value, 8);
    const isVirtual = bytes !== null && ((bytes[4] ?? 0) & 1) === 1;
    if (isVirtual) return `virtual function ${first / 4} of ${name.slice(0, -2)}`;
    return first === 0 ? 'nullptr' : ((await reader.functionText(first)) ?? hexText(first));
  }

  /** The most derived object that a pointer to a base class of C++ leads to, and the name of its class if that is another one. */
  async #mostDerived(target: Value): Promise<{ target: Value; name: string }> {
    const whole = target.isRaw === true ? null : await this.reader.mostDerived(target);
    const type = whole === null ? null : await this.reader.typeOf(whole);
    if (whole === null || type === null) return { target, name: '' };
    return { target: whole, name: `${typeName(type.label, this.reader.language)} ` };
  }

  /** Bytes of a character, if a type is one of C's for wide characters; null for any other. */
  async #wideSize(id: TypeId | null): Promise<2 | 4 | null> {
    let at = id;
    for (let count = 0; at !== null && count < MAX_ALIASES; count++) {
      const type = await this.reader.types.get(at);
      if (type !== null && isWideCharacter(type.name)) {
        const size = await this.reader.types.sizeOf(at);
        return size === 2 || size === 4 ? size : null;
      }
      if (type?.kind !== 'alias') return null;
      at = type.target;
    }
    return null;
  }

  /** The C string at an address; null if there is none. */
  async #terminated(address: number): Promise<{ text: string; string: string } | null> {
    const bytes = await this.reader.memory.upTo(address, MAX_STRING + 1);
    const end = bytes.indexOf(0);
    if (bytes.length === 0) return null;
    if (end >= 0) {
      const string = utf8.decode(bytes.subarray(0, end));
      return { text: quoted(string), string };
    }
    const whole = await this.reader.memory.upTo(address, MAX_STRING_BYTES);
    const last = whole.indexOf(0);
    const string = utf8.decode(whole.subarray(0, last < 0 ? whole.length : last));
    return { text: stringText(string, Number.POSITIVE_INFINITY), string };
  }

  async #array(value: Value, type: ArrayType, depth: number): Promise<Shown> {
    const { dimension = 0 } = value;
    const count = type.counts[dimension] ?? 0;
    const isLast = dimension + 1 >= type.counts.length;
    const element = await this.reader.types.resolve(type.element);
    const elementSize = (await this.reader.types.sizeOf(type.element)) ?? 0;
    if (isLast) {
      const page = this.page(
        { ...value, ...(value.dimension === undefined ? {} : { dimension: 0 }) },
        type.element,
      );
      const wide = await this.#wideSize(type.element);
      if (wide !== null) {
        const bytes = await this.reader.bytes(value, Math.min(count * wide, MAX_STRING_BYTES));
        const string = bytes === null ? null : wideText(untilZero(bytes, wide), wide);
        if (string !== null) return { text: stringText(string, string.length), string, count, page };
      }
      if (!isText(element)) return await this.elements(count, page, depth);
      // Of an array whose length is not said, the text is as long as that of a pointer.
      const address = type.counts[0] === null ? addressOf(value) : null;
      const flexible = address === null ? null : await this.#terminated(address);
      if (flexible !== null) return flexible;
      const bytes = await this.reader.bytes(value, Math.min(count, MAX_STRING_BYTES));
      if (bytes === null) return { text: 'outside of the memory' };
      const end = bytes.indexOf(0);
      const string = utf8.decode(bytes.subarray(0, end < 0 ? bytes.length : end));
      return { text: stringText(string, string.length), string, count, page };
    }
    const rest = type.counts
      .slice(dimension + 1)
      .reduce((size: number, one) => size * (one ?? 0), elementSize);
    const page = async (start: number, wanted: number): Promise<Part[]> =>
      Array.from({ length: Math.max(0, Math.min(wanted, count - start)) }, (_, i) => ({
        name: `[${start + i}]`,
        value: { ...value, offset: value.offset + (start + i) * rest, dimension: dimension + 1 },
        path: `[${start + i}]`,
      }));
    return await this.elements(count, page, depth);
  }
}

/** Whether a byte of this type is a part of a text. */
function isText(type: TypeInfo | null): boolean {
  return type?.kind === 'base' && type.size === 1 && (type.name === 'char' || type.name === 'char8_t');
}

function stringText(text: string, length: number): string {
  if (text.length <= MAX_STRING && length <= MAX_STRING_BYTES) return quoted(text);
  return `${quoted(text.slice(0, MAX_STRING))}…`;
}
