import type { StructType, TypeInfo } from '../../../runtime/internal.ts';
import type { Shower } from '../show-value.ts';
import { addressOf, type Part, type Shown, type Value } from '../value.ts';
import { showAdapter } from './adapters.ts';
import { showAny } from './any.ts';
import { showContainer } from './containers.ts';
import { showIterator } from './iterators.ts';
import { showNodes } from './nodes.ts';
import { showString, showView } from './strings.ts';
import { showText } from './texts.ts';
import { showTime } from './times.ts';

/** Displays values of libc++ as they are meant. The names of its members are those from LLVM 14 on. */
export async function showCpp(
  shower: Shower,
  value: Value,
  type: TypeInfo,
  depth: number,
): Promise<Shown | null> {
  if (type.kind !== 'struct' || type.scope[0] !== 'std') return null;
  const name = /^[^<]*/.exec(type.name ?? '')?.[0] ?? '';
  switch (name) {
    case 'basic_string':
      return await showString(shower, value);
    case 'basic_string_view':
      return await showView(shower, value);
    case 'unique_ptr':
      return await showPointer(shower, await shower.reader.path(value, '__ptr_'), [], depth);
    case 'shared_ptr':
    case 'weak_ptr':
      return await showShared(shower, value, depth);
    case 'optional':
      return await showOptional(shower, value, depth);
    case 'pair':
    case 'tuple':
      return await showTuple(shower, value, type, depth);
    case 'atomic':
    case 'atomic_flag':
      return await showInner(shower, await shower.reader.path(value, '__a_.__a_value'), depth);
    case 'reference_wrapper':
    // An iterator over a vector, an array or a text.
    case '__wrap_iter':
      return await showInner(shower, await shower.reader.pointerIn(value), depth);
    case '__deque_iterator':
      return await showInner(shower, await shower.reader.member(value, '__ptr_'), depth);
    default:
      return (
        (await showContainer(shower, value, name, depth)) ??
        (await showNodes(shower, value, name, depth)) ??
        (await showIterator(shower, value, name, depth)) ??
        (await showAdapter(shower, value, name, type, depth)) ??
        (await showTime(shower, value, name, type)) ??
        (await showText(shower, value, type, name)) ??
        (name === 'any' ? await showAny(shower, value, depth) : null)
      );
  }
}

async function showInner(shower: Shower, inner: Value | null, depth: number): Promise<Shown | null> {
  return inner === null ? null : { ...(await shower.covered(inner, depth)), isMade: true };
}

/** A pointer that owns what it points to; the pointer itself may be in a pair. */
async function showPointer(
  shower: Shower,
  pointer: Value | null,
  counts: readonly Part[],
  depth: number,
): Promise<Shown | null> {
  const found = await shower.reader.pointerIn(pointer);
  if (found === null) return null;
  const shown = await shower.covered(found, depth);
  const named = async () => [...((await shown.named?.()) ?? []), ...counts];
  const { scalar: _, ...rest } = shown;
  return { ...rest, ...(shown.target === undefined && counts.length === 0 ? {} : { named }), isMade: true };
}

async function showShared(shower: Shower, value: Value, depth: number): Promise<Shown | null> {
  const { reader } = shower;
  const control = await reader.member(value, '__cntrl_');
  const block = control === null ? null : await reader.target(control);
  const address = block === null ? null : addressOf(block);
  // The program's own units need not say what the block consists of: a vtable, and then these counts.
  const bytes = address === null ? null : await reader.memory.bytes(address + 4, 8);
  const owners = bytes === null ? null : new DataView(bytes.buffer, bytes.byteOffset);
  // The owners count from 0.
  const counts = [
    { name: '(shared)', value: String(owners === null ? 0 : owners.getInt32(0, true) + 1), path: null },
    { name: '(weak)', value: String(owners?.getInt32(4, true) ?? 0), path: null },
  ];
  return await showPointer(shower, await reader.member(value, '__ptr_'), counts, depth);
}

async function showOptional(shower: Shower, value: Value, depth: number): Promise<Shown | null> {
  const { reader } = shower;
  const engaged = await reader.number(await reader.member(value, '__engaged_'));
  const inner = await reader.member(value, '__val_');
  if (engaged === null || inner === null) return null;
  return engaged === 0 ? { text: 'nullopt', isMade: true } : await showInner(shower, inner, depth);
}

async function showTuple(
  shower: Shower,
  value: Value,
  type: StructType,
  depth: number,
): Promise<Shown | null> {
  const { reader } = shower;
  const parts: Part[] = [];
  if (type.name?.startsWith('pair') === true) {
    for (const name of ['first', 'second']) {
      const part = await reader.member(value, name);
      if (part !== null) parts.push({ name, value: part, path: `.${name}` });
    }
  } else {
    const base = await reader.member(value, '__base_');
    if (base === null && type.arguments.length === 0) return { text: '()', isMade: true };
    const leaves = base === null ? null : await reader.typeOf(base);
    if (base === null || leaves?.kind !== 'struct') return null;
    for (const leaf of leaves.bases) {
      const part = reader.part(base, leaf);
      const inner = part === null ? null : await reader.member(part, '__value_');
      if (inner !== null) parts.push({ name: String(parts.length), value: inner, path: null });
    }
  }
  const named = async () => parts;
  return { text: `(${await shower.list(parts, depth, false)})`, named, isMade: true };
}
