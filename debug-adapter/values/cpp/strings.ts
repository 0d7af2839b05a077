import type { Shower } from '../show-value.ts';
import { addressOf, type Shown, type Value } from '../value.ts';

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
  if (isLong) {
    const data = await reader.number(await reader.member(long, '__data_'));
    const length = await reader.number(await reader.member(long, '__size_'));
    return await textAt(shower, data, length);
  }
  const data = await reader.member(short, '__data_');
  return await textAt(
    shower,
    data === null ? null : addressOf(data),
    named === null && isFirst ? number >> 1 : number,
  );
}

export async function showView(shower: Shower, value: Value): Promise<Shown | null> {
  const { reader } = shower;
  const data = (await reader.member(value, '__data_')) ?? (await reader.member(value, '__data'));
  const size = (await reader.member(value, '__size_')) ?? (await reader.member(value, '__size'));
  return await textAt(shower, await reader.number(data), await reader.number(size));
}

async function textAt(shower: Shower, address: number | null, length: number | null): Promise<Shown | null> {
  if (address === null || length === null) return null;
  return { ...shower.shownString(await shower.string(address, length), length), isMade: true };
}
