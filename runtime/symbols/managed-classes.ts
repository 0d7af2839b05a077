import { printable } from '../text/printable.ts';
import { ModuleParts } from './module-parts.ts';

/** What a field of an object holds. */
export type FieldType = 'i8' | 'u8' | 'i16' | 'u16' | 'i32' | 'i64' | 'f32' | 'f64';

export interface ManagedField {
  readonly name: string;
  /** Bytes from the beginning of the object. */
  readonly offset: number;
  readonly type: FieldType;
  /** Whether it is a pointer to an object; null if the module does not tell. */
  readonly isManaged: boolean | null;
}

/** A class of AssemblyScript. */
export interface ManagedClass {
  /** As the compiler calls it: `shop/Basket`, `~lib/array/Array<i32>`. */
  readonly name: string;
  /** Those of the class that it extends come first. */
  readonly fields: readonly ManagedField[];
}

/** Bytes before an object, with its class and its length. Source: AssemblyScript's std/assembly/rt/common.ts. */
export const OBJECT_HEADER = 20;
/** Objects begin at multiples of this. */
export const OBJECT_ALIGNMENT = 16;
export const BUFFER_CLASS = 1;
export const STRING_CLASS = 2;

const NEW = /^~lib\/rt\/\w+\/__new$/;
const LINK = /^~lib\/rt\/\w+\/__link$/;
const VISIT_MEMBERS = '~lib/rt/__visit_members';
/** Classes of the language that every program has, by their numbers. */
const FIRST: readonly string[] = ['Object', 'ArrayBuffer', 'String', 'ArrayBufferView'];

/** By the instruction that reads it or writes it. */
const TYPES: ReadonlyMap<number, FieldType> = new Map([
  [0x28, 'i32'],
  [0x29, 'i64'],
  [0x2a, 'f32'],
  [0x2b, 'f64'],
  [0x2c, 'i8'],
  [0x2d, 'u8'],
  [0x2e, 'i16'],
  [0x2f, 'u16'],
  [0x36, 'i32'],
  [0x37, 'i64'],
  [0x38, 'f32'],
  [0x39, 'f64'],
  [0x3a, 'i8'],
  [0x3b, 'i16'],
]);

const MAX_CLASSES = 10_000;
const MAX_NAME = 512;
/** Bytes of a function that are looked at. */
const MAX_BODY = 2 ** 16;

/**
 * The classes of a module that AssemblyScript has compiled with the names of its functions, by the numbers that its objects carry.
 * The compiler tells nothing else of them: the functions that make objects, visit them, and read or write their fields do. Where
 * these were inlined, less is known.
 */
export function readManagedClasses(module: Uint8Array): ReadonlyMap<number, ManagedClass> {
  const parts = new ModuleParts(module);
  const names = parts.functionNames();
  const reader = new ClassReader(module, parts, names);
  return reader.read();
}

class ClassReader {
  readonly #module: Uint8Array;
  readonly #parts: ModuleParts;
  readonly #names: ReadonlyMap<number, string>;
  readonly #ids = new Map<number, string>();
  readonly #fields = new Map<string, Map<string, ManagedField>>();
  readonly #bases = new Map<string, string>();

  constructor(module: Uint8Array, parts: ModuleParts, names: ReadonlyMap<number, string>) {
    this.#module = module;
    this.#parts = parts;
    this.#names = names;
  }

  read(): Map<number, ManagedClass> {
    const classes = new Map<number, ManagedClass>();
    const allocators = new Set<number>();
    for (const [index, name] of this.#names) if (NEW.test(name)) allocators.add(index);
    for (const [index, name] of this.#names) {
      if (name === VISIT_MEMBERS) this.#visits(index);
      else if (name.endsWith('#constructor')) this.#construction(index, name.slice(0, -12), allocators);
      else this.#accessor(index, name);
    }
    if (this.#ids.size === 0) return classes;
    for (const [id, name] of FIRST.entries()) this.#ids.set(id, name);
    for (const [id, name] of this.#ids) {
      if (classes.size === MAX_CLASSES) break;
      classes.set(id, { name: printable(name.slice(0, MAX_NAME)), fields: this.#fieldsOf(name) });
    }
    return classes;
  }

  #body(index: number): Uint8Array {
    const { start, end } = this.#parts.bodyOf(index);
    return this.#module.subarray(start, Math.min(end, start + MAX_BODY));
  }

  /** After its table of jumps, it has what visits the objects of each class, in the order of their numbers. */
  #visits(index: number): void {
    const body = this.#body(index);
    const table = body.indexOf(0x0e);
    if (table < 0) return;
    let [count, at] = leb(body, table + 1);
    for (let i = 0; i <= count && at < body.length; i++) [, at] = leb(body, at);
    count = Math.min(count, MAX_CLASSES);
    for (let id = -1; id < count && at < body.length; ) {
      const op = body[at++];
      if (op === 0x0b) id++;
      else if (op === 0x20) [, at] = leb(body, at);
      else if (op === 0x10) {
        let called: number;
        [called, at] = leb(body, at);
        const name = this.#names.get(called);
        if (name?.endsWith('~visit') === true) this.#ids.set(id, name.slice(0, -6));
      } else if (op !== 0x0f && op !== 0x00) return;
    }
  }

  /** A constructor makes an object with the number of its class, and calls the one of the class that this one extends. */
  #construction(index: number, name: string, allocators: ReadonlySet<number>): void {
    const body = this.#body(index);
    for (let at = 0; at < body.length; at++) {
      if (body[at] !== 0x10) continue;
      const [called, end] = leb(body, at + 1);
      if (allocators.has(called)) {
        const id = constantBefore(body, at);
        if (id !== null && !this.#ids.has(id)) this.#ids.set(id, name);
      } else if (body[end] === 0x22 && body[end + 1] === 0) {
        const base = this.#names.get(called);
        if (base?.endsWith('#constructor') === true) this.#bases.set(name, base.slice(0, -12));
      }
    }
  }

  /** `shop/Basket#get:total`, which does nothing but read a field; `set:` writes it. */
  #accessor(index: number, name: string): void {
    const [, owner, kind, field] = /^(.+)#([gs])et:(.+)$/.exec(name) ?? [];
    if (owner === undefined || field === undefined) return;
    const body = this.#body(index);
    const start = kind === 'g' ? [0x00, 0x20, 0x00] : [0x00, 0x20, 0x00, 0x20, 0x01];
    if (start.some((byte, i) => body[i] !== byte)) return;
    const type = TYPES.get(body[start.length] ?? 0);
    if (type === undefined) return;
    const [, at] = leb(body, start.length + 1);
    const [offset] = leb(body, at);
    let fields = this.#fields.get(owner);
    if (fields === undefined) {
      fields = new Map();
      this.#fields.set(owner, fields);
    }
    const known = fields.get(field);
    // What reads it knows whether it has a sign, and what writes it whether the collector must be told.
    const isManaged = kind === 's' ? this.#links(body) : (known?.isManaged ?? null);
    const exact = kind === 's' ? (known?.type ?? type) : type;
    fields.set(field, { name: printable(field.slice(0, MAX_NAME)), offset, type: exact, isManaged });
  }

  #links(body: Uint8Array): boolean {
    const at = body.lastIndexOf(0x10);
    return at >= 0 && LINK.test(this.#names.get(leb(body, at + 1)[0]) ?? '');
  }

  #fieldsOf(name: string): ManagedField[] {
    const fields: ManagedField[] = [];
    const seen = new Set<string>();
    for (let at: string | undefined = name; at !== undefined && !seen.has(at); at = this.#bases.get(at)) {
      seen.add(at);
      fields.push(...(this.#fields.get(at)?.values() ?? []));
    }
    return fields.sort((a, b) => a.offset - b.offset);
  }
}

/** An unsigned LEB128 number of at most 32 bits, and where the next one is. */
function leb(bytes: Uint8Array, start: number): [value: number, end: number] {
  let value = 0;
  let at = start;
  for (let shift = 0; shift < 35; shift += 7) {
    const byte = bytes[at++] ?? 0;
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) break;
  }
  return [value >>> 0, at];
}

/** The constant that the instruction before a place pushes; null if it is another instruction. */
function constantBefore(body: Uint8Array, end: number): number | null {
  for (let at = end - 2; at >= Math.max(0, end - 6); at--) {
    if (body[at] !== 0x41) continue;
    const [value, behind] = leb(body, at + 1);
    if (behind === end) return value;
  }
  return null;
}
