import { quoted, type StructType } from '../../../runtime/internal.ts';
import type { Shower } from '../show-value.ts';
import { addressOf, type Shown, type Value } from '../value.ts';
import { isException } from '../value-reader.ts';

/** Bytes of the text of an exception that are read. */
const MAX_TEXT = 1000;

/** Of streams of texts: bytes before their buffer, where the program does not describe them itself. */
const STREAMS: ReadonlyMap<string, number> = new Map([
  ['basic_ostringstream', 4],
  ['basic_istringstream', 8],
  ['basic_stringstream', 12],
]);
/** Streams and exceptions, by the text in them. */
export async function showText(
  shower: Shower,
  value: Value,
  type: StructType,
  name: string,
): Promise<Shown | null> {
  const address = addressOf(value);
  const distance = STREAMS.get(name);
  if (distance !== undefined && address !== null) {
    const buffer = await shower.reader.member(value, '__sb_');
    return await showBuffer(shower, (buffer === null ? null : addressOf(buffer)) ?? address + distance);
  }
  if (isException(type) && address !== null) return await showException(shower, address, name);
  return null;
}

/** An exception of the library, by its run-time type information, with what is wrong. Only the library describes what it consists of. */
async function showException(shower: Shower, address: number, declared: string): Promise<Shown | null> {
  const [vtable = 0, text = 0] = (await words(shower, address, 2)) ?? [];
  const [info = 0] = (await words(shower, vtable - 4, 1)) ?? [];
  const [, mangled = 0] = (await words(shower, info, 2)) ?? [];
  const [, name = declared] = /^St\d+(\w+)$/.exec((await terminated(shower, mangled)) ?? '') ?? [];
  const what = name === 'exception' ? null : await terminated(shower, text);
  return { text: `std::${name}${what === null ? '' : ` ${quoted(what)}`}`, isMade: true };
}

async function terminated(shower: Shower, address: number): Promise<string | null> {
  const bytes = await shower.reader.memory.upTo(address, MAX_TEXT);
  const end = bytes.indexOf(0);
  return end < 0 ? null : await shower.string(address, end);
}

/**
 * All text of a `std::stringbuf`. Behind its vtable and its locale stand three pointers to what is read and three to what is written; the
 * text, and a pointer to where it was written last.
 */
async function showBuffer(shower: Shower, address: number): Promise<Shown | null> {
  const all = await words(shower, address, 12);
  if (all === null) return null;
  const [, , read = 0, , readEnd = 0, written = 0, next = 0] = all;
  const [from, to] = written === 0 ? [read, readEnd] : [written, Math.max(next, all[11] ?? 0)];
  const size = Math.max(0, to - from);
  return { ...shower.shownString(await shower.string(from, size), size), isMade: true };
}

async function words(shower: Shower, address: number, count: number): Promise<number[] | null> {
  const bytes = await shower.reader.memory.bytes(address, 4 * count);
  if (bytes === null) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return Array.from({ length: count }, (_, i) => view.getUint32(4 * i, true));
}
