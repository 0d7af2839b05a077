import { type CharacterSize, wideText } from '../../../runtime/internal.ts';
import type { Shower } from '../show-value.ts';
import { addressOf, type Shown, type Value } from '../value.ts';

/** Bytes of a text of wide characters that are read. */
const MAX_BYTES = 2 ** 16;

/**
 * A `std::string`. A short one is inside of the object, beside a byte that says how long it is: with its highest bit, or else its lowest
 * one, this byte tells a long one, by whether it comes last or first in the object. Later versions have names for these bits.
 */
export async function showString(shower: Shower, value: Value): Promise<Shown | null> {
  const { reader } = shower;
  const rep = (await reader.path(value, '__r_.__value_')) ?? (await reader.member(value, '__rep_'));
  const short = rep === null ? null : await reader.member(rep, '__s');
  const long = rep === null ? null : await reader.member(rep, '__l');
  if (short === null || long === null) return null;
  const size = await reader.member(short, '__size_');
  const number = await reader.number(size);
  if (size === null || number === null) return { text: 'outside of the memory' };
  const named = await reader.member(short, '__is_long_');
  const isFirst = size.offset === short.offset;
  const isLong =
    named === null ? (number & (isFirst ? 0x01 : 0x80)) !== 0 : (await reader.number(named)) !== 0;
  const pointer = await reader.member(long, '__data_');
  const unit = await unitOf(shower, pointer);
  if (isLong) {
    const length = await reader.number(await reader.member(long, '__size_'));
    return await textAt(shower, await reader.number(pointer), length, unit);
  }
  const data = await reader.member(short, '__data_');
  return await textAt(
    shower,
    data === null ? null : addressOf(data),
    named === null && isFirst ? number >> 1 : number,
    unit,
  );
}

export async function showView(shower: Shower, value: Value): Promise<Shown | null> {
  const { reader } = shower;
  const data = (await reader.member(value, '__data_')) ?? (await reader.member(value, '__data'));
  const size = (await reader.member(value, '__size_')) ?? (await reader.member(value, '__size'));
  const unit = await unitOf(shower, data);
  return await textAt(shower, await reader.number(data), await reader.number(size), unit);
}

/** @param unit bytes of each of its characters */
async function textAt(
  shower: Shower,
  address: number | null,
  length: number | null,
  unit: CharacterSize,
): Promise<Shown | null> {
  if (address === null || length === null) return null;
  const text = await (unit === 1 ? shower.string(address, length) : wide(shower, address, length, unit));
  return { ...shower.shownString(text, length * unit), isMade: true };
}

async function wide(shower: Shower, address: number, length: number, unit: 2 | 4): Promise<string | null> {
  const bytes = await shower.reader.memory.bytes(address, Math.min(length * unit, MAX_BYTES));
  return bytes && wideText(bytes, unit);
}

/** Bytes of what a pointer points to. */
async function unitOf(shower: Shower, pointer: Value | null): Promise<CharacterSize> {
  const type = pointer === null ? null : await shower.reader.typeOf(pointer);
  const size = type?.kind === 'pointer' ? await shower.reader.types.sizeOf(type.target) : null;
  return size === 2 || size === 4 ? size : 1;
}
