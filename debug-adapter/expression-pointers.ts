/** Cells, guards and smart pointers, which expressions take as what they lead to. */
import type { ValueType } from '../runtime/inspect/protocol.ts';
import type { StructType, TypeId } from '../runtime/internal.ts';
import type { TypeFinder } from './expression-libraries.ts';
import { type TypePart, TypeParts } from './type-parts.ts';
import { WRAPPERS } from './values/rust/cells.ts';
import { baseName } from './values/rust/names.ts';

/** The part of a structure that it stands for, and where in what this leads to that begins. */
interface Inner {
  readonly at: number;
  readonly to: TypeId | null;
  /** Of a pointer: bytes from the address that it has to what is meant; missing if the part itself is meant. */
  readonly skip?: number;
  /** Whether it is a pointer with an address of its own, as those of C++ are. */
  readonly isOwner?: true;
}

/** What a type gets along with its members, if it stands for something else. */
export async function innerOf(
  type: StructType,
  { resolve, add }: TypeFinder,
  push: (type: ValueType) => number,
): Promise<{ readonly at: number; readonly type: number } | null> {
  const found = await new Pointers(type, new TypeParts(resolve)).find();
  if (found === null) return null;
  const { at, to, skip, isOwner } = found;
  const of = await add(to);
  if (skip === undefined) return { at, type: of };
  const how = isOwner === true ? { isOwner } : { isReference: true };
  return { at, type: push({ kind: 'pointer', to: of, ...how, ...(skip === 0 ? {} : { skip }) }) };
}

/** `Rc<str>`, `Arc<[T]>`: elements behind counters; null for anything else. */
export async function sharedList(type: StructType, { resolve, add }: TypeFinder): Promise<ValueType | null> {
  const parts = new TypeParts(resolve);
  const name = baseName(type);
  if (type.scope[0] !== 'alloc' || (name !== 'Rc' && name !== 'Arc')) return null;
  const whole = parts.whole(type);
  const pointer = await parts.pointer(whole);
  const count = await parts.one(whole, 'length');
  const value = await sharedValue(parts, await parts.target(pointer));
  if (pointer === null || count === null || value === null) return null;
  const of = await add(value.id);
  return {
    ...{ kind: 'list', name: type.label, start: pointer.at, count: count.at, of, skip: value.at },
    isText: /^\w+<str\b/.test(type.name ?? ''),
    ...(type.size === null ? {} : { bytes: type.size }),
  };
}

/** What stands behind the counters of `Rc` and `Arc`. */
async function sharedValue(parts: TypeParts, box: TypePart | null): Promise<TypePart | null> {
  return (await parts.own(box, 'value')) ?? (await parts.own(box, 'data'));
}

class Pointers {
  readonly #type: StructType;
  readonly #whole: TypePart;
  readonly #parts: TypeParts;

  constructor(type: StructType, parts: TypeParts) {
    this.#type = type;
    this.#whole = parts.whole(type);
    this.#parts = parts;
  }

  async find(): Promise<Inner | null> {
    const { scope } = this.#type;
    const [crate] = scope;
    const name = baseName(this.#type);
    if (crate === 'std' && /^(?:unique|shared)_ptr$/.test(name)) {
      const led = await this.#led('__ptr_');
      return led === null ? null : { ...led, isOwner: true };
    }
    if (crate === 'std' && name === 'atomic')
      return this.#inside(await this.#parts.one(this.#whole, '__a_value'));
    if (crate === 'lunatic' && name === 'State') return await this.#led('state');
    if (crate !== 'std' && crate !== 'core' && crate !== 'alloc') return null;
    if (WRAPPERS.has(name)) return await this.#only();
    switch (name) {
      case 'RefCell':
        return this.#inside(await this.#parts.own(this.#whole, 'value', 'value'));
      case 'Mutex':
      case 'RwLock':
        return this.#inside(await this.#parts.own(this.#whole, 'data', 'value'));
      case 'Ref':
      case 'RefMut':
        return await this.#led('value');
      case 'RwLockReadGuard':
        return await this.#led('data');
      case 'MutexGuard':
      case 'RwLockWriteGuard': {
        const lock = await this.#parts.own(this.#whole, 'lock');
        const value = await this.#parts.own(await this.#parts.target(lock), 'data', 'value');
        return lock === null || value === null ? null : { at: lock.at, to: value.id, skip: value.at };
      }
      case 'Rc':
      case 'Arc': {
        const pointer = await this.#parts.pointer(this.#whole);
        const value = await sharedValue(this.#parts, await this.#parts.target(pointer));
        // Those with a table of functions have their value where its alignment lets it be.
        const isFat = (await this.#parts.one(this.#whole, 'vtable')) !== null;
        return pointer === null || value === null || isFat
          ? null
          : { at: pointer.at, to: value.id, skip: value.at };
      }
      default:
        return null;
    }
  }

  /** What the first pointer in a part of this name leads to. */
  async #led(name: string): Promise<Inner | null> {
    const pointer = await this.#parts.pointer(await this.#parts.own(this.#whole, name));
    return pointer?.type?.kind === 'pointer' ? { at: pointer.at, to: pointer.type.target, skip: 0 } : null;
  }

  #inside(part: TypePart | null): Inner | null {
    return part === null ? null : { at: part.at, to: part.id };
  }

  /** The only part that takes any bytes. */
  async #only(): Promise<Inner | null> {
    const all = await Promise.all(
      this.#type.members.map(({ name }) => this.#parts.own(this.#whole, name ?? '')),
    );
    const [part, ...others] = all.filter((one) => one !== null && one.type?.size !== 0);
    return others.length > 0 ? null : this.#inside(part ?? null);
  }
}
