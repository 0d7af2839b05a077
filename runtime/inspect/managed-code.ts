import {
  type Code,
  ExpressionError,
  INTEGER,
  inMemory,
  TEXT,
  type Type,
  type Value,
} from '../expressions/index.ts';
import { OBJECT_ALIGNMENT, OBJECT_HEADER, STRING_CLASS } from '../symbols/managed-classes.ts';
import {
  keySlot,
  kindOf,
  type ManagedKind,
  type SlotType,
  tableLayout,
  valueSlot,
} from '../symbols/managed-flags.ts';
import type { CallContext } from './call-context.ts';
import { BYTES_AS_ENTRY, noEntry } from './map-code.ts';
import { elementsText, entriesText, keysText, recordText } from './parts-text.ts';
import type { ValueType } from './protocol.ts';

/** An object takes at most so many bytes more than it says. */
const MOST_SPARE = 2 ** 20;
/** The most bytes of a string that are read. */
const MOST_STRING = 0x1_0000;

/** Fields that are displayed, and objects in each other. */
const MOST_FIELDS = 8;
const MOST_LEVELS = 3;

type ObjectType = Extract<ValueType, { readonly kind: 'object' }>;

/**
 * Objects of AssemblyScript in expressions that are evaluated once: what stands before an object tells its class, so types are only
 * known when it is there.
 */
export class ManagedCode {
  readonly #context: CallContext;
  readonly #memory: DataView;
  /** The address at which the runtime of the language describes its classes. */
  readonly #typeInfo: number;
  readonly #type: ObjectType;

  constructor(context: CallContext, type: ObjectType) {
    this.#context = context;
    this.#memory = context.memory;
    this.#typeInfo = Number(context.global(type.typeInfo)) >>> 0;
    this.#type = type;
  }

  /** The object at an address; null if there is none, as far as can be told. */
  object(pointer: number): Code<CallContext> | null {
    const header = this.#header(pointer);
    if (header === null) return null;
    const { id, size } = header;
    if (id === STRING_CLASS) return this.#string(pointer, size);
    const flags = this.#u32(this.#typeInfo + 4 + 4 * id);
    const found = this.#type.classes.find((candidate) => candidate.id === id);
    const type: Type = { kind: 'pointer', to: { kind: 'record', name: found?.name ?? `class ${id}` } };
    const own: Code<CallContext> = { type, value: () => pointer };
    const kind = kindOf(flags);
    if (kind === 'map' || kind === 'set') return this.#table(own, pointer, flags, kind);
    if (kind !== 'object') return this.#list(own, pointer, size, valueSlot(flags), kind);
    if (found === undefined) return own;
    const { name: title, fields } = found;
    const part = ({ at, type: slot, isNumber }: (typeof fields)[number]) =>
      this.#slot(pointer + at, {
        type: slot,
        size: 4,
        isManaged: slot === 'i32' && isNumber !== true,
      });
    return {
      ...own,
      member(name) {
        const field = fields.find((candidate) => candidate.name === name);
        return field && part(field);
      },
      text(context, depth) {
        if (depth >= MOST_LEVELS) return `${title} {…}`;
        const parts = fields
          .slice(0, MOST_FIELDS + 1)
          .map((field) => ({ name: field.name, code: part(field) }));
        return parts.length === 0 ? `${title} {…}` : recordText(title, parts, context, depth, MOST_FIELDS);
      },
    };
  }

  #string(pointer: number, size: number): Code<CallContext> {
    if (!this.#context.look(Math.min(size, MOST_STRING) / BYTES_AS_ENTRY))
      throw new ExpressionError('its texts are longer than an expression may read');
    const bytes = new Uint8Array(
      this.#memory.buffer,
      this.#memory.byteOffset + pointer,
      Math.min(size, MOST_STRING),
    );
    const text = Buffer.from(bytes).toString('utf16le');
    return { type: TEXT, value: () => text, ...withLength(size >> 1) };
  }

  #list(
    own: Code<CallContext>,
    pointer: number,
    size: number,
    slot: SlotType,
    kind: ManagedKind,
  ): Code<CallContext> {
    const word = (at: number) => this.#u32(pointer + at);
    const isStatic = kind === 'static array';
    const start = isStatic ? pointer : word(4);
    const bytes = kind === 'view' ? word(8) : size;
    const count = kind === 'array' ? word(12) : Math.floor(bytes / slot.size);
    return {
      ...own,
      ...withLength(count),
      text: (context, depth) =>
        elementsText(count, (index) => this.#slot(start + index * slot.size, slot), context, depth),
      entry: (key) => {
        const index = this.#key(key);
        if (typeof index !== 'number' || !(index >= 0 && index < count))
          throw new ExpressionError(`there is no element ${index}`);
        return this.#slot(start + index * slot.size, slot);
      },
    };
  }

  /** Entries stand one behind the other: a key, a value, and the next one of the same bucket, with a bit that says that it was deleted. */
  #table(own: Code<CallContext>, pointer: number, flags: number, kind: 'map' | 'set'): Code<CallContext> {
    const value = kind === 'map' ? valueSlot(flags) : null;
    const key = kind === 'map' ? keySlot(flags) : valueSlot(flags);
    const entries = this.#u32(pointer + 8);
    const used = this.#u32(pointer + 16);
    const { valueAt, nextAt, stride } = tableLayout(key, value);
    const count = this.#u32(pointer + 20);
    const slots = function* (of: ManagedCode): Generator<readonly [Code<CallContext>, Code<CallContext>]> {
      for (let i = 0; i < used && of.#context.look(1); i++) {
        const at = entries + i * stride;
        if ((of.#u32(at + nextAt) & 1) === 1) continue;
        const found = of.#slot(at, key);
        yield [found, value === null ? found : of.#slot(at + valueAt, value)];
      }
    };
    const textOf = value === null ? keysText : entriesText;
    return {
      ...own,
      ...withLength(count),
      text: (context, depth) => textOf(count, slots(this), context, depth),
      entry: (wanted) => {
        const sought = this.#key(wanted);
        let index = 0;
        let looked = 0;
        for (; looked < used && this.#context.look(1); looked++) {
          const at = entries + looked * stride;
          if ((this.#u32(at + nextAt) & 1) === 1) continue;
          const found = value === null ? index++ : this.#key(this.#slot(at, key));
          if (found === sought) return value === null ? this.#slot(at, key) : this.#slot(at + valueAt, value);
        }
        throw noEntry(sought, looked, used);
      },
    };
  }

  /** A text or a number by which elements are found. */
  #key({ type, value }: Code<CallContext>): Value {
    if (value === undefined || type.kind === 'record')
      throw new ExpressionError('only a number or a text can be an index');
    return value(this.#context);
  }

  /** A number in memory, or the object that it points to. */
  #slot(address: number, { type, isManaged }: SlotType): Code<CallContext> {
    if (isManaged) {
      const pointer = this.#u32(address);
      const object = this.object(pointer);
      if (object !== null) return { ...object, address: () => address };
      if (pointer === 0) return { ...inMemory(SLOTS[type], () => address), text: () => 'null' };
    }
    return inMemory(SLOTS[type], () => address);
  }

  /** What stands before an object, if it is one: its class is known, and its block is long enough. */
  #header(pointer: number): { readonly id: number; readonly size: number } | null {
    if (pointer < OBJECT_HEADER || pointer % OBJECT_ALIGNMENT !== 0 || pointer > this.#memory.byteLength)
      return null;
    const block = this.#u32(pointer - OBJECT_HEADER) & ~3;
    const id = this.#u32(pointer - 8);
    const size = this.#u32(pointer - 4);
    if (id >= this.#u32(this.#typeInfo) || block < size + 16 || block > size + 16 + MOST_SPARE) return null;
    return pointer + size > this.#memory.byteLength ? null : { id, size };
  }

  #u32(address: number): number {
    if (!(address >= 0 && address + 4 <= this.#memory.byteLength))
      throw new ExpressionError('it is not in the memory');
    return this.#memory.getUint32(address, true);
  }
}

/** What is called `length` of strings and arrays, and `size` of tables. */
function withLength(count: number): Pick<Code<CallContext>, 'length' | 'member'> {
  const length: Code<CallContext> = { type: INTEGER, value: () => count };
  return {
    length: () => count,
    member: (name) => (name === 'length' || name === 'size' ? length : undefined),
  };
}

const integer = (bytes: 1 | 2 | 4 | 8, isSigned: boolean): Type => ({ kind: 'integer', bytes, isSigned });

const SLOTS: Readonly<Record<SlotType['type'], Type>> = {
  i8: integer(1, true),
  u8: integer(1, false),
  i16: integer(2, true),
  u16: integer(2, false),
  i32: integer(4, true),
  u32: integer(4, false),
  i64: integer(8, true),
  u64: integer(8, false),
  f32: { kind: 'float', bytes: 4 },
  f64: { kind: 'float', bytes: 8 },
};
