import type { MapEntries, ValueType } from '../runtime/inspect/protocol.ts';
import type { StructType, TypeId } from '../runtime/internal.ts';
import { type Resolve, type TypePart, TypeParts } from './type-parts.ts';

/** What types are found with. */
export interface TypeFinder {
  readonly resolve: Resolve;
  /** Adds a type to the list of an expression. @returns its place there */
  readonly add: (id: TypeId | null) => Promise<number>;
}

/** `HashMap` and `BTreeMap` of Rust, `std::map` and `std::unordered_map` of C++, as expressions use them; null for anything else. */
export async function mapType(type: StructType, types: TypeFinder): Promise<ValueType | null> {
  const name = /^\w+(?=<)/.exec(type.name ?? '')?.[0];
  const parts = new MapParts(type, types);
  switch (`${type.scope[0]} ${name}`) {
    case 'std HashMap':
    case 'hashbrown HashMap':
      return await parts.hashTable();
    case 'alloc BTreeMap':
      return await parts.bTree();
    case 'std map':
    case 'std multimap':
      return await parts.tree();
    case 'std unordered_map':
    case 'std unordered_multimap':
      return await parts.chain();
    default:
      return null;
  }
}

/** A `std::string` of C++ as expressions use it; null for anything else. */
export async function stringType(type: StructType, { resolve, add }: TypeFinder): Promise<ValueType | null> {
  if (type.scope[0] !== 'std' || type.name?.startsWith('basic_string<') !== true) return null;
  const character = type.arguments[0]?.type ?? null;
  const size = (await resolve(character))?.size;
  if (size !== 1 && size !== 2 && size !== 4) return null;
  const parts = new TypeParts(resolve);
  const [short, long] = await parts.all(parts.whole(type), '__s', '__l');
  const [length, inside] = await parts.all(short, '__size_', '__data_');
  const [start, count] = await parts.all(long, '__data_', '__size_');
  if (!short || !length || !inside || !start || !count) return null;
  return {
    ...{ kind: 'list', name: type.label, isText: true, of: await add(character) },
    ...(size === 1 ? {} : { characterBytes: size }),
    ...{ start: start.at, count: count.at },
    // The length may be a bit field.
    inside: { at: inside.at, length: Math.floor(length.at) },
    ...(type.size === null ? {} : { bytes: type.size }),
  };
}

/**
 * Finds the parts of a map. The names are those of Rust's library from 1.63 on, and of libc++ from LLVM 14 on, where later versions have no
 * pairs.
 */
class MapParts {
  readonly #map: StructType;
  readonly #whole: TypePart;
  readonly #types: TypeFinder;
  readonly #parts: TypeParts;

  constructor(map: StructType, types: TypeFinder) {
    this.#map = map;
    this.#types = types;
    this.#parts = new TypeParts(types.resolve);
    this.#whole = this.#parts.whole(map);
  }

  async hashTable(): Promise<ValueType | null> {
    const table = await this.#parts.one(this.#whole, 'table');
    const pair = await this.#parts.argument(table, 'T');
    const [control, mask, length] = await this.#parts.all(table, 'ctrl', 'bucket_mask', 'items');
    const [key, value] = await this.#parts.all(pair, '__0', '__1');
    const stride = pair?.type?.size;
    if (!control || !mask || !length || !key || !value || stride == null) return null;
    return await this.#made(length, key, value, {
      ...{ form: 'table', control: control.at, mask: mask.at, stride },
      ...{ keyAt: key.at, valueAt: value.at },
    });
  }

  async bTree(): Promise<ValueType | null> {
    const [root, length] = await this.#parts.all(this.#whole, 'root', 'length');
    const [height, pointer] = await this.#parts.all(root, 'height', 'node');
    const leaf = await this.#parts.target(pointer);
    const [count, keys, values, parent] = await this.#parts.all(leaf, 'len', 'keys', 'vals', 'parent');
    const edges = await this.#parts.one(await this.#parts.target(parent), 'edges');
    const key = await this.#parts.argument(leaf, 'K');
    const value = await this.#parts.argument(leaf, 'V');
    if (!length || !height || !pointer || !count || !keys || !values || !edges) return null;
    if (key?.type?.size == null || value?.type?.size == null) return null;
    return await this.#made(length, key, value, {
      ...{ form: 'b-tree', root: pointer.at, height: height.at, count: count.at, edges: edges.at },
      ...{ keyAt: keys.at, valueAt: values.at, keyBytes: key.type.size, valueBytes: value.type.size },
    });
  }

  async tree(): Promise<ValueType | null> {
    const tree = await this.#parts.one(this.#whole, '__tree_');
    const pair = await this.#parts.one(tree, '__pair1_');
    const root = await this.#parts.one(pair ?? (await this.#parts.one(tree, '__end_node_')), '__left_');
    const node = await this.#node(pair ?? (await this.#parts.one(tree, '__node_alloc_')));
    const [left, right, key, value] = await this.#parts.all(node, '__left_', '__right_', 'first', 'second');
    const length = await this.#count(tree, '__pair3_');
    if (!root || !left || !right || !key || !value || !length) return null;
    return await this.#made(length, key, value, {
      ...{ form: 'tree', root: root.at, left: left.at, right: right.at },
      ...{ keyAt: key.at, valueAt: value.at },
    });
  }

  async chain(): Promise<ValueType | null> {
    const table = await this.#parts.one(this.#whole, '__table_');
    const pair = await this.#parts.one(table, '__p1_');
    const first = await this.#parts.one(pair ?? (await this.#parts.one(table, '__first_node_')), '__next_');
    const node = await this.#node(pair ?? (await this.#parts.one(table, '__node_alloc_')));
    const [next, key, value] = await this.#parts.all(node, '__next_', 'first', 'second');
    const length = await this.#count(table, '__p2_');
    if (!first || !next || !key || !value || !length) return null;
    return await this.#made(length, key, value, {
      ...{ form: 'chain', first: first.at, next: next.at, keyAt: key.at, valueAt: value.at },
    });
  }

  async #made(length: TypePart, key: TypePart, value: TypePart, entries: MapEntries): Promise<ValueType> {
    const { label, size } = this.#map;
    return {
      ...{ kind: 'map', name: label, length: length.at, entries },
      ...{ key: await this.#types.add(key.id), value: await this.#types.add(value.id) },
      ...(size === null ? {} : { bytes: size }),
    };
  }

  /** The number of nodes, which may be in a pair. */
  async #count(container: TypePart | null, pair: string): Promise<TypePart | null> {
    const whole = await this.#parts.one(container, pair);
    return whole === null
      ? await this.#parts.one(container, '__size_')
      : await this.#parts.one(whole, '__value_');
  }

  /** The type of nodes: what the allocator allocates, which may be the second part of a pair. */
  async #node(pair: TypePart | null): Promise<TypePart | null> {
    return await this.#parts.argument((await this.#parts.argument(pair, '_T2')) ?? pair, '_Tp');
  }
}
