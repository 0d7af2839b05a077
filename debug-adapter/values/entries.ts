import { characterText, quoted } from '../../runtime/internal.ts';
import type { Shower } from './show-value.ts';
import type { Part, Shown, Value } from './value.ts';
import { codeOf, NO_MEMORY } from './value-code.ts';

/** Characters of a key that are in the name of its value. */
const MAX_KEY = 60;
/** Values in values of whose texts their entries are a part. */
const MAX_DEPTH = 3;
/** Entries that are in the text of a table. */
const SHOWN = 5;
/** Entries that are looked at for a key, and how many of them first: each page is looked for from the first entry on. */
const MOST_ENTRIES = 50_000;
const FIRST_ENTRIES = 500;
/** How much longer the pages become. */
const MORE = 10;

/** What is at a key; null in a set. */
export interface Entry {
  readonly key: Value;
  readonly value: Value | null;
}

/** A table or a set: its entries by their keys. */
export async function entriesShown(
  shower: Shower,
  count: number,
  entries: (start: number, count: number) => Promise<readonly Entry[]>,
  depth: number,
): Promise<Shown> {
  const lookUp = async (isIt: (key: Value) => Promise<boolean>): Promise<Value | null> => {
    for (let start = 0, end = FIRST_ENTRIES; start < Math.min(count, MOST_ENTRIES); end *= MORE) {
      const wanted = Math.min(end, MOST_ENTRIES) - start;
      const found = await entries(start, wanted);
      for (const { key, value } of found) if (await isIt(key)) return value;
      if (found.length < wanted) break;
      start += wanted;
    }
    return null;
  };
  const page = async (start: number, wanted: number): Promise<Part[]> => {
    const parts: Part[] = [];
    for (const [i, { key, value }] of (await entries(start, wanted)).entries()) {
      const index = `[${start + i}]`;
      if (value === null) parts.push({ name: index, value: key, path: index });
      else {
        const name = `[${shortened(await shower.text(key, depth + 1))}]`;
        parts.push({ name, value, path: await keyPath(shower, key) });
      }
    }
    return parts;
  };
  const first = depth >= MAX_DEPTH ? [] : await entries(0, Math.min(count, SHOWN));
  const texts: string[] = [];
  for (const { key, value } of first) {
    const text = await shower.text(key, depth + 1);
    texts.push(value === null ? text : `${text}: ${await shower.text(value, depth + 1)}`);
  }
  if (texts.length < count) texts.push('…');
  const hasKeys = first.every(({ value }) => value !== null);
  const keys = { lookUp, most: MOST_ENTRIES, type: first[0]?.value?.type ?? null };
  return { text: `(${count}) {${texts.join(', ')}}`, count, page, ...(hasKeys ? { keys } : {}) };
}

/** What stands behind an expression of a table to mean the value of a key: `["two"]`, `[3]`. Null if there is no such expression. */
async function keyPath(shower: Shower, key: Value): Promise<string | null> {
  const { type, value } = await codeOf(shower, key, true);
  if (value === undefined) return null;
  const found = value(NO_MEMORY);
  switch (type.kind) {
    case 'text':
      return String(found).length > MAX_KEY ? null : `[${quoted(String(found))}]`;
    case 'character':
      return `[${characterText(Number(found))}]`;
    case 'integer':
    case 'boolean':
      return `[${found}]`;
    default:
      return null;
  }
}

function shortened(text: string): string {
  return text.length > MAX_KEY ? `${text.slice(0, MAX_KEY)}…` : text;
}
