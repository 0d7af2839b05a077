import stringWidth from 'string-width';
import type { SourcePlace } from '../symbols/symbols.ts';
import { printable } from '../text/printable.ts';
import type { Paint } from './colors.ts';
import { cutText } from './reporters/cut-text.ts';
import type { SourceLine } from './source-line.ts';

/** Columns of a line that are displayed at most, and those before the place if it is further to the right. */
const MAX_WIDTH = 100;
const BEFORE = 60;

const TAB = '    ';

/**
 *     12 |     a / b
 *        |       ^
 *
 * Without the end of the last line.
 */
export function excerpt(source: SourceLine, { line, column }: SourcePlace, paint: Paint): string {
  const number = String(line);
  const gutter = ' '.repeat(number.length);
  let before = shown(source.before).trimStart();
  const rest = shown(source.after).trimEnd();
  const after = before === '' ? rest.trimStart() : rest;
  if (stringWidth(before) > BEFORE) before = `…${lastColumns(before, BEFORE)}`;
  const text = cutText(`${before}${after}`, MAX_WIDTH);
  const bar = paint('blue', '|');
  const lines = [`    ${paint('blue', number)} ${bar} ${text}`];
  // Without a column the whole line is meant.
  const caret = column > 0 ? `${' '.repeat(stringWidth(before))}${paint('red', '^')}` : '';
  const note = source.isNewer ? paint('dim', 'the file is newer than the module') : '';
  const below = [caret, note].filter((part) => part !== '').join(' ');
  if (below !== '') lines.push(`    ${gutter} ${bar} ${below}`);
  return lines.join('\n');
}

function shown(text: string): string {
  return printable(text.replaceAll('\t', TAB));
}

function lastColumns(text: string, columns: number): string {
  let start = text.length;
  for (let width = 0; start > 0 && width < columns; start--) width += stringWidth(text[start - 1] ?? '');
  return text.slice(start);
}
