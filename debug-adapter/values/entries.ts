import type { Shower } from './show-value.ts';
import type { Part, Shown, Value } from './value.ts';

/** Characters of a key that are in the name of its value. */
const MAX_KEY = 60;
/** Values in values of whose texts their entries are a part. */
const MAX_DEPTH = 3;
/** Entries that are in the text of a table. */
const SHOWN = 5;

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
  const page = async (start: number, wanted: number): Promise<Part[]> => {
    const parts: Part[] = [];
    for (const [i, { key, value }] of (await entries(start, wanted)).entries()) {
      const index = `[${start + i}]`;
      if (value === null) parts.push({ name: index, value: key, path: index });
      else parts.push({ name: `[${shortened(await shower.text(key, depth + 1))}]`, value, path: null });
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
  return { text: `(${count}) {${texts.join(', ')}}`, count, page };
}

function shortened(text: string): string {
  return text.length > MAX_KEY ? `${text.slice(0, MAX_KEY)}…` : text;
}
