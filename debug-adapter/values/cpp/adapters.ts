import type { StructType } from '../../../runtime/internal.ts';
import type { Shower } from '../show-value.ts';
import { addressOf, type Part, type Shown, type Value } from '../value.ts';

/** The most bits of a `std::bitset` that are displayed. */
const MAX_BITS = 1024;

/** The most alternatives of a `std::variant`. */
const MAX_ALTERNATIVES = 250;

/** Units of durations by the part of a second that they are. */
const UNITS: ReadonlyMap<string, string> = new Map([
  ['1/1000000000', 'ns'],
  ['1/1000000', 'us'],
  ['1/1000', 'ms'],
  ['1/1', 's'],
  ['60/1', 'min'],
  ['3600/1', 'h'],
  ['86400/1', 'd'],
]);

/** What the library builds of other values: adapters of containers, alternatives, numbers of several parts. */
export async function showAdapter(
  shower: Shower,
  value: Value,
  name: string,
  type: StructType,
  depth: number,
): Promise<Shown | null> {
  switch (name) {
    case 'stack':
    case 'queue':
    case 'priority_queue': {
      const inner = await shower.reader.member(value, 'c');
      return inner === null ? null : { ...(await shower.covered(inner, depth)), isMade: true };
    }
    case 'variant':
      return await showVariant(shower, value, depth);
    case 'function':
      return await showFunction(shower, value);
    case 'bitset':
      return await showBits(shower, value, type);
    case 'complex':
      return await showComplex(shower, value, depth);
    case 'duration':
      return await showDuration(shower, value, type);
    default:
      return null;
  }
}

/** The alternative that it has: each is the head of a union in the tail of the one before. */
async function showVariant(shower: Shower, value: Value, depth: number): Promise<Shown | null> {
  const { reader } = shower;
  const holder = (await reader.member(value, '__impl')) ?? (await reader.member(value, '__impl_')) ?? value;
  const index = (await reader.member(holder, '__index')) ?? (await reader.member(holder, '__index_'));
  let data = (await reader.member(holder, '__data')) ?? (await reader.member(holder, '__data_'));
  const number = await reader.number(index);
  if (data === null || number === null) return null;
  // A number with all bits set is that of none.
  if (number > MAX_ALTERNATIVES) return { text: 'valueless', isMade: true };
  for (let i = 0; i < number && data !== null; i++) data = await reader.member(data, '__tail');
  const held = data === null ? null : await reader.path(data, '__head.__value');
  return held === null ? null : { ...(await shower.covered(held, depth)), isMade: true };
}

/** A `std::function`: what it calls, of which the function that calls it has the name in its own. */
async function showFunction(shower: Shower, value: Value): Promise<Shown | null> {
  const { reader } = shower;
  const caller =
    (await reader.path(value, '__f_.__invoker_.__call_')) ?? (await reader.path(value, '__f_.__func_'));
  const index = await reader.number(caller);
  const name = index === null ? null : await reader.functionText(index);
  if (name === null) return null;
  const [, called] =
    /__default_alloc_func<(.+), [^<>]*\([^()]*\) ?>/.exec(name) ??
    /__call_func(?:\[[^\]]*\])?<(.+)>(?:\(std::[^()]*__policy_storage const\*.*)?$/.exec(name) ??
    [];
  if (called === undefined)
    return /__call_empty|__empty_func/.test(name) ? { text: 'empty', isMade: true } : null;
  const held = called.includes('(*)') ? await reader.path(value, '__f_.__buf_') : null;
  const address = held === null ? null : addressOf(held);
  const word = address === null ? null : await reader.memory.bytes(address, 4);
  const pointer = word && new DataView(word.buffer, word.byteOffset).getUint32(0, true);
  const target = pointer === null ? null : await reader.functionText(pointer);
  return { text: target ?? called.replace(/\bstd::__\d+::/g, 'std::'), isMade: true };
}

/** The highest bit first, as it is printed. */
async function showBits(shower: Shower, value: Value, type: StructType): Promise<Shown | null> {
  const count = Number(/^bitset<(\d+)/.exec(type.name ?? '')?.[1] ?? Number.NaN);
  const address = addressOf(value);
  if (!(count >= 0 && count <= MAX_BITS) || address === null) return null;
  const bytes = await shower.reader.memory.bytes(address, Math.ceil(count / 8));
  if (bytes === null) return null;
  const digits = Array.from({ length: count }, (_, i) => ((bytes[i >> 3] ?? 0) >> (i & 7)) & 1);
  return { text: digits.reverse().join(''), isMade: true };
}

async function showComplex(shower: Shower, value: Value, depth: number): Promise<Shown | null> {
  const parts: Part[] = [];
  for (const [name, member] of [
    ['real', '__re_'],
    ['imag', '__im_'],
  ] as const) {
    const part = await shower.reader.member(value, member);
    if (part === null) return null;
    parts.push({ name, value: part, path: `.${member}` });
  }
  return { text: `(${await shower.list(parts, depth, false)})`, named: async () => parts, isMade: true };
}

async function showDuration(shower: Shower, value: Value, type: StructType): Promise<Shown | null> {
  const count = await shower.reader.member(value, '__rep_');
  if (count === null) return null;
  const [, part, whole = '1'] = /ratio<(\d+)[^,>]*(?:, (\d+)[^>]*)?>/.exec(type.name ?? '') ?? [];
  const unit = part === undefined ? undefined : (UNITS.get(`${part}/${whole}`) ?? ` * ${part}/${whole} s`);
  const shown = await shower.show(count);
  return unit === undefined ? null : { ...shown, text: `${shown.text}${unit}`, isMade: true };
}
