import type { Member, Place, SourceLanguage, StructType, TypeId, TypeInfo } from '../../runtime/internal.ts';
import type { ProcessMemory } from './process-memory.ts';
import { Steps } from './steps.ts';
import type { TypeTable } from './type-table.ts';
import { addressOf, inMemory, type Value } from './value.ts';

/** Structures in structures through which a member is looked for. */
const MAX_DEPTH = 12;
/** Bytes of a value that is not in memory. */
const MAX_BYTES = 2 ** 16;
/** Bytes of the largest number: a `long double _Complex`. */
const MAX_SCALAR = 32;
/** Characters of the name of a class. */
const MAX_CLASS_NAME = 2000;

/** Exceptions of C++'s library, which programs only declare. */
const EXCEPTION = /^(?:exception|\w+_error|invalid_argument|out_of_range)$/;

export function isException({ isDeclaration, scope, name }: StructType): boolean {
  return isDeclaration && scope[0] === 'std' && EXCEPTION.test(name ?? '');
}

/** What the values of a frame are read with. */
export interface FrameReaders {
  readonly types: TypeTable;
  readonly memory: ProcessMemory;
  readonly locals: ReadonlyMap<number, Uint8Array>;
  readonly globals: ReadonlyMap<number, Uint8Array>;
  readonly language: SourceLanguage;
  /** Of the frame, in the module. */
  readonly offset: number;
  /** What a process is called. */
  processText(id: number): Promise<string>;
  /** The name of the function that the table had at an index when the program began; null if that is not known. */
  functionText(index: number): Promise<string | null>;
  /** The index at which the table has the function of a name; null if it is not there. */
  functionIndex(name: string): Promise<number | null>;
}

/** Reads values, and finds their parts. Methods return null where something is not there, or not known. */
export class ValueReader {
  readonly types: TypeTable;
  readonly memory: ProcessMemory;
  readonly language: SourceLanguage;
  /** What is left for this request. */
  readonly steps: Steps;
  readonly #frame: FrameReaders;

  constructor(frame: FrameReaders, steps = new Steps()) {
    this.types = frame.types;
    this.memory = frame.memory;
    this.language = frame.language;
    this.steps = steps;
    this.#frame = frame;
  }

  /** Reads the same with other steps. */
  with(steps: Steps): ValueReader {
    return new ValueReader(this.#frame, steps);
  }

  /** @throws StepsError if that was one too many */
  async typeOf(value: Value): Promise<TypeInfo | null> {
    await this.#step();
    return await this.types.resolve(value.type);
  }

  async bytes({ place, offset }: Value, size: number): Promise<Uint8Array | null> {
    if (place.kind === 'memory') return await this.memory.bytes(place.address + offset, size);
    const whole = offset < 0 ? null : await this.#placeBytes(place, offset + size);
    return whole === null ? null : whole.subarray(offset, offset + size);
  }

  /** All bytes of a local or global. */
  stored({ store, index }: Extract<Place, { kind: 'wasm' }>): Uint8Array | null {
    const { locals, globals } = this.#frame;
    return (store === 'local' ? locals : globals).get(index) ?? null;
  }

  /** The bits of an integer, a pointer, a bit field: without a sign. */
  async bits(value: Value): Promise<bigint | null> {
    const { bits } = value;
    const size =
      bits === undefined ? await this.types.sizeOf(value.type) : Math.ceil((bits.offset + bits.size) / 8);
    if (size === null || size > MAX_SCALAR) return null;
    const bytes = await this.bytes(value, size);
    if (bytes === null) return null;
    let number = 0n;
    for (let i = bytes.length - 1; i >= 0; i--) number = (number << 8n) | BigInt(bytes[i] ?? 0);
    return bits === undefined ? number : BigInt.asUintN(bits.size, number >> BigInt(bits.offset));
  }

  /** The bits as a number: an address, a length. */
  async number(value: Value | null): Promise<number | null> {
    let at = value;
    for (let depth = 0; at !== null && depth <= MAX_DEPTH; depth++) {
      const type = await this.typeOf(at);
      if (type?.kind !== 'struct') {
        const bits = await this.bits(at);
        return bits === null ? null : Number(bits);
      }
      // A number in a structure of its own.
      at = await this.only(at);
    }
    return null;
  }

  /** The member of a structure by its name, also one of a base or of a part without a name. */
  async member(value: Value, name: string): Promise<Value | null> {
    return await this.#member(value, name, 0);
  }

  /** The member of a member: `buf.ptr`. */
  async path(value: Value, path: string): Promise<Value | null> {
    let at: Value | null = value;
    for (const name of path.split('.')) at = at === null ? null : await this.member(at, name);
    return at;
  }

  /** The part of a structure that a member is. */
  part(value: Value, { type, bitOffset, bitSize }: Member): Value | null {
    if (bitOffset === null) return null;
    const raw = value.isRaw === true ? { isRaw: true } : {};
    const { place } = value;
    const offset = value.offset + Math.floor(bitOffset / 8);
    if (bitSize === null) return { type, place, offset, ...raw };
    return { type, place, offset, bits: { offset: bitOffset % 8, size: bitSize }, ...raw };
  }

  /** The part of a structure that a base is; that of a virtual base is where its vtable says. */
  async base(value: Value, member: Member): Promise<Value | null> {
    const { beforeVtable, type } = member;
    if (beforeVtable === undefined) return this.part(value, member);
    const address = addressOf(value);
    const vtable = address === null ? null : await this.#wordAt(address);
    const distance = vtable === null ? null : await this.#wordAt(vtable - beforeVtable);
    return address === null || distance === null ? null : inMemory(type, (address + distance) >>> 0);
  }

  /** What a pointer or reference points to. */
  async target(value: Value): Promise<Value | null> {
    const type = await this.typeOf(value);
    if (type?.kind !== 'pointer' || type.form === 'member') return null;
    const address = await this.number(value);
    if (address === null || address === 0) return null;
    return { ...inMemory(type.target, address), ...(value.isRaw === true ? { isRaw: true } : {}) };
  }

  /** An element of elements that begin where `first` is. */
  async element(first: Value, type: TypeId | null, index: number): Promise<Value | null> {
    await this.#step();
    const size = await this.types.sizeOf(type);
    if (size === null) return null;
    return { ...first, type, offset: first.offset + size * index };
  }

  /** The first pointer in a structure, through all that is around it. */
  async pointerIn(value: Value | null, depth = 0): Promise<Value | null> {
    if (value === null) return null;
    const type = await this.typeOf(value);
    if (type?.kind === 'pointer') return value;
    if (type?.kind !== 'struct' || depth === MAX_DEPTH) return null;
    for (const member of [...type.bases, ...type.members]) {
      const part = this.part(value, member);
      const found = await this.pointerIn(part, depth + 1);
      if (found !== null) return found;
    }
    return null;
  }

  /** A type by its name; null if there is none. */
  async typeNamed(name: string): Promise<TypeId | null> {
    return await this.types.named(name, this.#frame.offset);
  }

  /** Bytes of a type by its name; null if there is none. */
  async sizeNamed(name: string): Promise<number | null> {
    return await this.types.sizeNamed(name, this.#frame.offset);
  }

  /** The only part of a structure that takes any bytes. */
  async only(value: Value): Promise<Value | null> {
    const type = await this.typeOf(value);
    if (type?.kind !== 'struct') return null;
    let found: Value | null = null;
    for (const member of [...type.bases, ...type.members]) {
      await this.#step();
      const size = await this.types.sizeOf(member.type);
      if (size === 0) continue;
      if (found !== null) return null;
      found = this.part(value, member);
    }
    return found;
  }

  /** The type that a generic type is given by this name. */
  async argument(value: Value, name: string): Promise<TypeId | null> {
    const type = await this.typeOf(value);
    if (type?.kind !== 'struct') return null;
    return type.arguments.find((argument) => argument.name === name)?.type ?? null;
  }

  /** What a process of the same environment is called. */
  processText(id: number): Promise<string> {
    return this.#frame.processText(id);
  }

  /** What the function is called that a pointer leads to. */
  functionText(index: number): Promise<string | null> {
    return this.#frame.functionText(index);
  }

  /** What a pointer to the function of a name is; null if nothing points to it. */
  functionIndex(name: string): Promise<number | null> {
    return this.#frame.functionIndex(name);
  }

  /** The member of a variant part that a value has at the moment; null if none is described. */
  async variant(value: Value, { variantPart }: StructType): Promise<Member | null> {
    if (variantPart === null) return null;
    const { discriminant, variants } = variantPart;
    if (discriminant === null) return variants[0]?.members[0] ?? null;
    const part = this.part(value, discriminant);
    const bits = part === null ? null : await this.bits(part);
    if (bits === null) return null;
    const width = 8 * ((await this.types.sizeOf(discriminant.type)) ?? 8);
    const isThis = (wanted: bigint) => BigInt.asUintN(width, wanted) === bits;
    const found =
      variants.find(({ discriminants }) => discriminants?.some(isThis) === true) ??
      variants.find(({ discriminants }) => discriminants === null);
    return found?.members[0] ?? null;
  }

  /** The type whose vtable a trait object has. */
  async concrete(vtable: Value): Promise<TypeId | null> {
    const address = await this.number(vtable);
    return address === null || address === 0 ? null : await this.types.concrete(address, this.#frame.offset);
  }

  /**
   * The most derived object of C++ of which a value is a base, by the run-time type information of its vtable. Null if that is the
   * value itself, or not known, or if an object of that class has no such base there: what a dangling pointer leads to is anything.
   */
  async mostDerived(value: Value): Promise<Value | null> {
    const address = addressOf(value);
    const type = await this.typeOf(value);
    if (
      this.language !== 'C++' ||
      address === null ||
      type?.kind !== 'struct' ||
      !(await this.#hasVtable(type, 0))
    )
      return null;
    const vtable = await this.#wordAt(address);
    // Before the functions stand the distance to the beginning of the object, and its dynamic type.
    const distance = vtable === null ? null : await this.#wordAt(vtable - 8);
    const info = vtable === null ? null : await this.#wordAt(vtable - 4);
    const name = info === null || info === 0 ? null : await this.#wordAt(info + 4);
    const bytes = name === null || name === 0 ? null : await this.memory.upTo(name, MAX_CLASS_NAME);
    const end = bytes?.indexOf(0) ?? -1;
    if (bytes === null || end <= 0 || distance === null) return null;
    const mangled = Buffer.from(bytes.subarray(0, end)).toString('latin1');
    const found = await this.types.classNamed(mangled);
    const dynamic = await this.types.resolve(found);
    const offset = -(distance | 0);
    if (found === null || dynamic?.kind !== 'struct') return null;
    if (offset < 0 || offset + (type.size ?? 0) > (dynamic.size ?? 0)) return null;
    if (!(await this.#hasBase(dynamic, type, offset, 0))) return null;
    return inMemory(found, address - offset);
  }

  /**
   * Whether objects of a class have a base at an offset. Types do not say where virtual bases stand, so that these fit everywhere.
   * Other units have types of their own for the same class.
   */
  async #hasBase(type: StructType, base: StructType, offset: number | null, depth: number): Promise<boolean> {
    for (const { type: id, bitOffset } of type.bases) {
      await this.#step();
      const one = await this.types.resolve(id);
      if (one?.kind !== 'struct' || depth > MAX_DEPTH) continue;
      const rest = offset === null || bitOffset === null ? null : offset - bitOffset / 8;
      if ((rest === null || rest === 0) && one.label === base.label && one.size === base.size) return true;
      // Nothing is known of their own bases.
      if (rest === 0 && isException(one) && isException(base)) return true;
      if (await this.#hasBase(one, base, rest, depth + 1)) return true;
    }
    return false;
  }

  /** Whether objects of a class begin with the address of a vtable. */
  async #hasVtable(type: StructType, depth: number): Promise<boolean> {
    const { members, bases } = type;
    if (isException(type)) return true;
    if (members.some(({ name }) => name?.startsWith('_vptr') === true)) return true;
    const first = bases.find(({ bitOffset }) => bitOffset === 0);
    await this.#step();
    const base = first === undefined || depth > MAX_DEPTH ? null : await this.types.resolve(first.type);
    return base?.kind === 'struct' && (await this.#hasVtable(base, depth + 1));
  }

  async #wordAt(address: number): Promise<number | null> {
    const bytes = await this.memory.bytes(address, 4);
    return bytes === null ? null : new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  }

  async #step(): Promise<void> {
    const turn = this.steps.take();
    if (turn !== undefined) await turn;
  }

  async #member(value: Value, name: string, depth: number): Promise<Value | null> {
    const type = await this.typeOf(value);
    if (type?.kind !== 'struct' || depth > MAX_DEPTH) return null;
    const member = type.members.find((one) => one.name === name || one.name === `__${name}`);
    if (member !== undefined) return this.part(value, member);
    // Parts of an enum are those of the variant that it is.
    const variant = await this.variant(value, type);
    const inVariant = variant === null ? null : this.part(value, variant);
    if (inVariant !== null) return await this.#member(inVariant, name, depth + 1);
    for (const around of [...type.bases, ...unnamed(type)]) {
      const part = await this.base(value, around);
      const found = part === null ? null : await this.#member(part, name, depth + 1);
      if (found !== null) return found;
    }
    return null;
  }

  async #placeBytes(place: Place, size: number): Promise<Uint8Array | null> {
    switch (place.kind) {
      case 'memory':
        return await this.memory.bytes(place.address, size);
      case 'wasm': {
        const { locals, globals } = this.#frame;
        return sized((place.store === 'local' ? locals : globals).get(place.index) ?? null, size);
      }
      case 'value':
        return sized(place.bytes, size);
      case 'pieces':
        return await this.#pieces(place, size);
      default:
        return null;
    }
  }

  async #pieces({ pieces }: Extract<Place, { kind: 'pieces' }>, size: number): Promise<Uint8Array | null> {
    if (!canHave(size)) return null;
    const whole = new Uint8Array(size);
    let at = 0;
    for (const { place, bits, bitOffset } of pieces) {
      const end = Math.min(at + bits, 8 * size);
      if (end <= at) continue;
      const part = await this.#placeBytes(place, Math.ceil((bitOffset + end - at) / 8));
      if (part === null) return null;
      for (let bit = at; bit < end; bit++) {
        const from = bitOffset + bit - at;
        const value = ((part[from >> 3] ?? 0) >> (from & 7)) & 1;
        whole[bit >> 3] = (whole[bit >> 3] ?? 0) | (value << (bit & 7));
      }
      at = end;
    }
    return whole;
  }
}

function unnamed(type: StructType): readonly Member[] {
  return type.members.filter((member) => member.name === null);
}

/** Members may be said to stand before the beginning, too. */
function canHave(size: number): boolean {
  return size >= 0 && size <= MAX_BYTES;
}

/** As many bytes as wanted, filled up with zeros. */
function sized(bytes: Uint8Array | null, size: number): Uint8Array | null {
  if (bytes === null || !canHave(size)) return null;
  const whole = new Uint8Array(size);
  whole.set(bytes.subarray(0, size));
  return whole;
}
