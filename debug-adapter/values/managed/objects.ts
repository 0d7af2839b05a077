import { setImmediate as turn } from 'node:timers/promises';
import type { FieldType, ManagedClass } from '../../../runtime/internal.ts';
import {
  BUFFER_CLASS,
  keySlot,
  kindOf,
  OBJECT_ALIGNMENT,
  OBJECT_HEADER,
  quoted,
  type SlotType,
  STRING_CLASS,
  tableLayout,
  valueSlot,
} from '../../../runtime/internal.ts';
import type { ProcessMemory } from '../process-memory.ts';
import { shortName } from './classes.ts';
import { numberText } from './numbers.ts';

const MAX_STRING = 1000;
const MAX_STRING_BYTES = 2 ** 16;
const MAX_DEPTH = 3;
const MAX_PARTS = 6;
/** Entries of a table, with those that were deleted, that are looked at. */
const MAX_ENTRIES = 100_000;
/** Those that are looked at for one request, of all tables in each other. */
const MAX_LOOKED = 500_000;
/** Entries after which something else has its turn. */
const LOOKED_AT_ONCE = 10_000;

/** A part of an object: a number, or a pointer to another one. */
export interface ManagedPart {
  readonly name: string;
  readonly text: string;
  readonly type: string;
  /** Of an object. */
  readonly pointer: number | null;
  /** Of a number that is in memory: where, and as what. */
  readonly at?: { readonly address: number; readonly type: SlotType['type'] };
}

/** An object as it is displayed. */
export interface ManagedShown {
  readonly text: string;
  readonly type: string;
  readonly named: () => Promise<readonly ManagedPart[]>;
  /** How many numbered parts it has. */
  readonly count: number;
  readonly page: (start: number, count: number) => Promise<readonly ManagedPart[]>;
}

interface Header {
  readonly id: number;
  readonly size: number;
}

/** Finds and reads the objects of AssemblyScript in the memory of a process. */
export class ManagedObjects {
  readonly #memory: ProcessMemory;
  readonly #classes: ReadonlyMap<number, ManagedClass>;
  /** Where what is said of each class begins. */
  readonly #typeInfo: number;
  #looked = 0;

  constructor(memory: ProcessMemory, classes: ReadonlyMap<number, ManagedClass>, typeInfo: number) {
    this.#memory = memory;
    this.#classes = classes;
    this.#typeInfo = typeInfo;
  }

  /** The object at an address; null if there is none, as far as can be told. */
  async show(pointer: number, depth = 0): Promise<ManagedShown | null> {
    const header = await this.#header(pointer);
    if (header === null) return null;
    const { id, size } = header;
    if (id === STRING_CLASS) return await this.#string(pointer, size);
    const type = shortName(this.#classes.get(id)?.name ?? `class ${id}`);
    if (id === BUFFER_CLASS) return await this.#elements(type, pointer, BYTE, size, depth);
    const flags = (await this.#u32(this.#typeInfo + 4 + 4 * id)) ?? 0;
    const slot = valueSlot(flags);
    switch (kindOf(flags)) {
      case 'array': {
        const start = await this.#u32(pointer + 4);
        return await this.#elements(type, start ?? 0, slot, (await this.#u32(pointer + 12)) ?? 0, depth);
      }
      case 'view': {
        const start = await this.#u32(pointer + 4);
        const length = Math.floor(((await this.#u32(pointer + 8)) ?? 0) / slot.size);
        return await this.#elements(type, start ?? 0, slot, length, depth);
      }
      case 'static array':
        return await this.#elements(type, pointer, slot, Math.floor(size / slot.size), depth);
      case 'map':
        return await this.#table(type, pointer, keySlot(flags), slot, depth);
      case 'set':
        return await this.#table(type, pointer, slot, null, depth);
      default:
        return await this.#object(type, pointer, id, depth);
    }
  }

  /** What stands before an object, if it is one: its class is known, and its block is long enough. */
  async #header(pointer: number): Promise<Header | null> {
    if (pointer < OBJECT_HEADER || pointer % OBJECT_ALIGNMENT !== 0) return null;
    const bytes = await this.#memory.bytes(pointer - OBJECT_HEADER, OBJECT_HEADER);
    if (bytes === null) return null;
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    const block = view.getUint32(0, true) & ~3;
    const id = view.getUint32(12, true);
    const size = view.getUint32(16, true);
    const count = await this.#u32(this.#typeInfo);
    if (count === null || id >= count || block < size + 16 || block > size + 16 + 2 ** 20) return null;
    return { id, size };
  }

  async #string(pointer: number, size: number): Promise<ManagedShown> {
    const bytes = await this.#memory.bytes(pointer, Math.min(size, MAX_STRING_BYTES));
    const all = bytes === null ? '' : Buffer.from(bytes).toString('utf16le');
    const isCut = all.length > MAX_STRING || size > MAX_STRING_BYTES;
    const text =
      bytes === null ? 'outside of the memory' : quoted(all.slice(0, MAX_STRING)) + (isCut ? '…' : '');
    return { ...NO_PARTS, text, type: 'String' };
  }

  async #elements(
    type: string,
    start: number,
    slot: SlotType,
    count: number,
    depth: number,
  ): Promise<ManagedShown> {
    const page = async (from: number, wanted: number) => {
      const parts: ManagedPart[] = [];
      for (let i = from; i < Math.min(count, from + wanted); i++) {
        const part = await this.#slot(`[${i}]`, start + i * slot.size, slot, depth + 1);
        if (part === null) break;
        parts.push(part);
      }
      return parts;
    };
    const first = depth >= MAX_DEPTH ? [] : await page(0, Math.min(count, MAX_PARTS));
    const texts = first.map(({ text }) => text);
    if (texts.length < count) texts.push('…');
    return { ...NO_PARTS, text: `(${count}) [${texts.join(', ')}]`, type, count, page };
  }

  /** Entries stand one behind the other: a key, a value, and the next one of the same bucket, with a bit that says that it was deleted. */
  async #table(
    type: string,
    pointer: number,
    key: SlotType,
    value: SlotType | null,
    depth: number,
  ): Promise<ManagedShown> {
    const entries = (await this.#u32(pointer + 8)) ?? 0;
    const used = Math.min((await this.#u32(pointer + 16)) ?? 0, MAX_ENTRIES);
    const count = (await this.#u32(pointer + 20)) ?? 0;
    const { valueAt, nextAt, stride } = tableLayout(key, value);
    const page = async (from: number, wanted: number) => {
      const parts: ManagedPart[] = [];
      let index = 0;
      for (let i = 0; i < used && parts.length < wanted && this.#looked < MAX_LOOKED; i++) {
        if (++this.#looked % LOOKED_AT_ONCE === 0) await turn();
        const at = entries + i * stride;
        const next = await this.#u32(at + nextAt);
        if (next === null) break;
        if ((next & 1) === 1 || index++ < from) continue;
        const found = await this.#slot(`[${index - 1}]`, at, key, depth + 1);
        if (found === null) break;
        const held =
          value === null ? found : await this.#slot(`[${found.text}]`, at + valueAt, value, depth + 1);
        if (held !== null) parts.push(held);
      }
      return parts;
    };
    const first = depth >= MAX_DEPTH ? [] : await page(0, Math.min(count, MAX_PARTS));
    const texts = first.map(({ name, text }) => (value === null ? text : `${name.slice(1, -1)}: ${text}`));
    if (texts.length < count) texts.push('…');
    return { ...NO_PARTS, text: `(${count}) {${texts.join(', ')}}`, type, count, page };
  }

  async #object(type: string, pointer: number, id: number, depth: number): Promise<ManagedShown> {
    const fields = this.#classes.get(id)?.fields ?? [];
    const read = async (some: ManagedClass['fields']) => {
      const parts: ManagedPart[] = [];
      for (const { name, offset, type: held, isManaged } of some) {
        const slot: SlotType = {
          type: held,
          size: SIZES[held],
          // Whatever a function may do with the field: a pointer has four bytes.
          isManaged: held === 'i32' && isManaged !== false,
          isCertain: isManaged === true,
        };
        const part = await this.#slot(name, pointer + offset, slot, depth + 1);
        if (part !== null) parts.push(part);
      }
      return parts;
    };
    const named = () => read(fields);
    if (depth >= MAX_DEPTH || fields.length === 0) return { ...NO_PARTS, text: `${type} {…}`, type, named };
    const parts = (await read(fields.slice(0, MAX_PARTS + 2))).map(({ name, text }) => `${name}: ${text}`);
    if (parts.length < fields.length) parts.push('…');
    return { ...NO_PARTS, text: `${type} {${parts.join(', ')}}`, type, named };
  }

  /** A number in memory, or the object that it points to. */
  async #slot(name: string, address: number, slot: SlotType, depth: number): Promise<ManagedPart | null> {
    const bytes = await this.#memory.bytes(address, slot.size);
    if (bytes === null) return null;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    if (slot.isManaged && depth <= 2 * MAX_DEPTH) {
      const pointer = view.getUint32(0, true);
      const shown = await this.show(pointer, depth);
      if (shown !== null) return { name, text: shown.text, type: shown.type, pointer };
      if (pointer === 0 && slot.isCertain !== false)
        return { name, text: 'null', type: 'null', pointer: null };
    }
    const at = { address, type: slot.type };
    return { name, text: numberText(view, slot.type), type: slot.type, pointer: null, at };
  }

  async #u32(address: number): Promise<number | null> {
    const bytes = await this.#memory.bytes(address, 4);
    return bytes === null ? null : new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  }
}

const NO_PARTS = { named: async () => [], count: 0, page: async () => [] } as const;
const BYTE: SlotType = { type: 'u8', size: 1, isManaged: false };
const SIZES: Readonly<Record<FieldType, number>> = {
  i8: 1,
  u8: 1,
  i16: 2,
  u16: 2,
  i32: 4,
  i64: 8,
  f32: 4,
  f64: 8,
};
