import type { SourcePlace } from '../symbols/symbols.ts';
import { printable } from '../text/printable.ts';
import type { Paint } from './colors.ts';
import { type Columns, columnsOf } from './columns.ts';
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
export async function excerpt(
  source: SourceLine,
  { line, column }: SourcePlace,
  paint: Paint,
): Promise<string> {
  const number = String(line);
  const gutter = ' '.repeat(number.length);
  let before = shown(source.before).trimStart();
  const rest = shown(source.after).trimEnd();
  const after = before === '' ? rest.trimStart() : rest;
  const columns = await columnsOf(`${before}${after}`);
  if (columns.widthOf(before) > BEFORE) before = `…${lastOf(before, BEFORE, columns)}`;
  const text = columns.cut(`${before}${after}`, MAX_WIDTH);
  const bar = paint('blue', '|');
  const lines = [`    ${paint('blue', number)} ${bar} ${text}`];
  // Without a column the whole line is meant.
  const caret = column > 0 ? `${' '.repeat(columns.widthOf(before))}${paint('red', '^')}` : '';
  const note = source.isNewer ? paint('dim', 'the file is newer than the module') : '';
  const below = [caret, note].filter((part) => part !== '').join(' ');
  if (below !== '') lines.push(`    ${gutter} ${bar} ${below}`);
  return lines.join('\n');
}

function shown(text: string): string {
  return printable(text.replaceAll('\t', TAB));
}

/** As much of the end of a text as fits into so many columns. */
function lastOf(text: string, most: number, { widthOf }: Columns): string {
  let start = text.length;
  for (let width = 0; start > 0 && width < most; start--) width += widthOf(text[start - 1] ?? '');
  return text.slice(start);
}
