import type { TypeId } from '../../../runtime/internal.ts';
import type { Entry } from '../entries.ts';
import { inMemory, type Value } from '../value.ts';
import type { ValueReader } from '../value-reader.ts';

/** Trees of more levels have more elements than a memory has bytes. */
const MAX_HEIGHT = 24;
/** Nodes that are looked at for a page. */
const MAX_NODES = 20_000;
/** Elements of a node. */
const MAX_LENGTH = 11;

/** Reads entries in their order. */
export type EntryPage = (start: number, count: number) => Promise<Entry[]>;

/** What is the same in all nodes of a tree. */
interface Layout {
  readonly leaf: TypeId | null;
  readonly key: TypeId | null;
  readonly value: TypeId | null;
  readonly internal: TypeId | null;
}

/** The entries of a `BTreeMap`; null if it is not built as it is known. */
export async function btreeEntries(reader: ValueReader, map: Value): Promise<EntryPage | null> {
  const root = await reader.member(map, 'root');
  const option = root === null ? null : await reader.typeOf(root);
  if (root === null || option?.kind !== 'struct') return null;
  const some = await reader.variant(root, option);
  if (some?.name === 'None') return async () => [];
  const node = await reader.path(root, '__0');
  const height = node === null ? null : await reader.number(await reader.member(node, 'height'));
  const pointer = node === null ? null : await reader.pointerIn(await reader.member(node, 'node'));
  const leaf = pointer === null ? null : await reader.target(pointer);
  if (leaf === null || height === null || height > MAX_HEIGHT) return null;
  const layout = {
    leaf: leaf.type,
    key: await reader.argument(leaf, 'K'),
    value: await reader.argument(leaf, 'V'),
    internal: await internalType(reader, leaf),
  };
  const address = leaf.place.kind === 'memory' ? leaf.place.address : 0;
  return async (start, count) => {
    const walk = new TreeWalk(reader, layout, start, count);
    await walk.node(address, height);
    return walk.found;
  };
}

/** The type of nodes with others below them: that of the parent of a leaf. */
async function internalType(reader: ValueReader, leaf: Value): Promise<TypeId | null> {
  const parent = await reader.member(leaf, 'parent');
  const option = parent === null ? null : await reader.typeOf(parent);
  if (parent === null || option?.kind !== 'struct') return null;
  for (const member of option.variantPart?.variants.flatMap((variant) => variant.members) ?? []) {
    const pointer = await reader.pointerIn(reader.part(parent, member));
    const type = pointer === null ? null : await reader.typeOf(pointer);
    if (type?.kind === 'pointer') return type.target;
  }
  return null;
}

class TreeWalk {
  readonly found: Entry[] = [];
  readonly #reader: ValueReader;
  readonly #layout: Layout;
  readonly #count: number;
  #skipped: number;
  #nodes = 0;

  constructor(reader: ValueReader, layout: Layout, start: number, count: number) {
    this.#reader = reader;
    this.#layout = layout;
    this.#skipped = start;
    this.#count = count;
  }

  async node(address: number, height: number): Promise<void> {
    if (++this.#nodes > MAX_NODES) return;
    const reader = this.#reader;
    const { leaf, internal, key, value } = this.#layout;
    const node = inMemory(leaf, address);
    const length = Math.min((await reader.number(await reader.member(node, 'len'))) ?? 0, MAX_LENGTH);
    const keys = await reader.member(node, 'keys');
    const values = await reader.member(node, 'vals');
    const edges = height === 0 ? null : await reader.member(inMemory(internal, address), 'edges');
    for (let i = 0; i <= length && this.found.length < this.#count; i++) {
      if (edges !== null) await this.#below(edges, i, height);
      if (i === length || this.found.length === this.#count) return;
      if (this.#skipped > 0) {
        this.#skipped--;
        continue;
      }
      const entryKey = keys === null ? null : await reader.element(keys, key, i);
      if (entryKey !== null)
        this.found.push({
          key: entryKey,
          value: values === null ? null : await reader.element(values, value, i),
        });
    }
  }

  async #below(edges: Value, index: number, height: number): Promise<void> {
    const bytes = await this.#reader.bytes({ ...edges, offset: edges.offset + 4 * index }, 4);
    if (bytes === null) return;
    await this.node(new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true), height - 1);
  }
}
