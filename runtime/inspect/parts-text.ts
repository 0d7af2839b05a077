/** What log points print of values that are no single ones: what variables are displayed as, but for rare types. */
import { type CharacterSize, type Code, ExpressionError, stringAt, valueText } from '../expressions/index.ts';
import { quoted } from '../text/quoted.ts';
import type { CallContext } from './call-context.ts';

/** Values in each other that are displayed; what only stands for another one is as much of one. */
export const MAX_DEPTH = 3;
export const COVER = 0.25;
/** Parts of a value that are displayed, and characters of all. */
const MAX_PARTS = 6;
const MAX_ENTRIES = 5;
const MAX_TEXT = 120;

/** A value in another one. */
export interface Part {
  readonly name: string;
  readonly code: Code<CallContext>;
}

/** `Point {x: 3, y: -4}`, `Some(5)`, `(1, 2.5)`. */
export function recordText(
  title: string,
  parts: readonly Part[],
  context: CallContext,
  depth: number,
  most = MAX_PARTS,
): string {
  if (parts.length === 0) return title === '' ? '()' : title;
  const isNumbered = parts.every(({ name }, i) => name === String(i));
  const isMore = parts.length > most;
  const text = listText(parts.slice(0, most), context, depth, !isNumbered, isMore, most);
  return isNumbered ? `${title}(${text})` : `${title}${title === '' ? '' : ' '}{${text}}`;
}

/** `(3) [1, 2, 3]` */
export function elementsText(
  count: number,
  element: (index: number) => Code<CallContext>,
  context: CallContext,
  depth: number,
): string {
  const shown = Math.max(0, Math.min(count, MAX_PARTS));
  const parts = Array.from({ length: shown }, (_, i) => ({ name: '', code: element(i) }));
  return `(${count}) [${listText(parts, context, depth, false, count > shown)}]`;
}

/** `(2) {"one": 1, "two": 2}`, of some of the entries. */
export function entriesText(
  count: number,
  entries: Iterable<readonly [key: Code<CallContext>, value: Code<CallContext>]>,
  context: CallContext,
  depth: number,
): string {
  const parts: Part[] = [];
  for (const [key, code] of entries) {
    if (parts.length === MAX_ENTRIES) break;
    parts.push({ name: partText(key, context, depth + 1), code });
  }
  return `(${count}) {${listText(parts, context, depth, true, parts.length < count)}}`;
}

/** `(2) {5, 6}`: the same without values. */
export function keysText(
  count: number,
  entries: Iterable<readonly [key: Code<CallContext>, value: Code<CallContext>]>,
  context: CallContext,
  depth: number,
): string {
  const parts: Part[] = [];
  for (const [code] of entries) {
    if (parts.length === MAX_ENTRIES) break;
    parts.push({ name: '', code });
  }
  return `(${count}) {${listText(parts, context, depth, false, parts.length < count)}}`;
}

/**
 * `0x400 {x: 3}`: an address, and what is there.
 * @param character bytes of a character if it points to a text
 */
export function pointerText(
  address: number,
  to: Code<CallContext>,
  { isFunction, character }: { readonly isFunction: boolean; readonly character: CharacterSize | null },
  context: CallContext,
  depth: number,
): string {
  const hex = `0x${address.toString(16)}`;
  if (address === 0) return 'NULL';
  if (isFunction) return context.functionInTable(address) ?? `function ${address} of the table`;
  if (character !== null) {
    try {
      const text = stringAt(context.memory, address, undefined, character);
      return depth === 0 ? text : `${hex} ${quoted(text)}`;
    } catch (error) {
      if (error instanceof ExpressionError) return hex;
      throw error;
    }
  }
  return to.type.kind !== 'record' || depth >= MAX_DEPTH ? hex : `${hex} ${partText(to, context, depth + 1)}`;
}

function listText(
  parts: readonly Part[],
  context: CallContext,
  depth: number,
  withNames: boolean,
  isMore = parts.length > MAX_PARTS,
  most = MAX_PARTS,
): string {
  if (depth >= MAX_DEPTH) return '…';
  const texts: string[] = [];
  let length = 0;
  for (const { name, code } of parts.slice(0, most)) {
    if (length > MAX_TEXT) break;
    const text = partText(code, context, depth + 1);
    texts.push(withNames ? `${name}: ${text}` : text);
    length += text.length;
  }
  if (isMore || texts.length < Math.min(parts.length, most)) texts.push('…');
  return texts.join(', ');
}

function partText(code: Code<CallContext>, context: CallContext, depth: number): string {
  try {
    if (code.text !== undefined) return code.text(context, depth);
    const text = valueText(code, context);
    return code.type.kind === 'text' ? quoted(text) : text;
  } catch (error) {
    if (error instanceof ExpressionError) return '…';
    throw error;
  }
}
