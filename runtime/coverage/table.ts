import { shortPath } from '../symbols/short-path.ts';
import { printable } from '../text/printable.ts';
import {
  type CoverageReport,
  type CoveredFile,
  type CoveredShare,
  functionsNotExecuted,
  percent,
  totalsOf,
} from './report.ts';

/** Runs of lines that are listed of a file. */
const MOST_LISTED = 12;

/** Files that have a row. */
const MOST_FILES = 1000;

/** A share that is low, fair or high, for colours. */
export type Grade = 'low' | 'fair' | 'high';

/** Formats a share, or leaves it as it is. */
export type PaintGrade = (grade: Grade, text: string) => string;

/** @returns as lcov grades: from 90 % on it is high, from 75 % on fair */
export function gradeOf({ covered, total }: CoveredShare): Grade {
  if (total === 0 || covered >= 0.9 * total) return 'high';
  return covered >= 0.75 * total ? 'fair' : 'low';
}

/** The coverage by file, with the lines that were not executed, as lines for a terminal. */
export function coverageTable(report: CoverageReport, paint: PaintGrade): string {
  const shown = report.files.slice(0, MOST_FILES);
  const rows = shown.map((file) => ({
    name: printable(shortPath(file.path)),
    totals: totalsOf([file]),
    missing: missingParts(file),
  }));
  const all = { name: 'all files', totals: totalsOf(report.files), missing: '' };
  const width = Math.max(...[...rows, all].map(({ name }) => name.length), 'file'.length);
  const lines = [`${'file'.padEnd(width)}    lines  functions  branches  not executed`];
  for (const { name, totals, missing } of [...rows, all]) {
    const cell = (share: CoveredShare, columns: number) =>
      paint(gradeOf(share), percent(share).padStart(columns));
    lines.push(
      `${name.padEnd(width)}  ${cell(totals.lines, 7)}  ${cell(totals.functions, 9)}  ${cell(totals.branches, 8)}  ${missing}`.trimEnd(),
    );
  }
  if (shown.length < report.files.length)
    lines.splice(-1, 0, `... ${report.files.length - shown.length} more files`);
  return `${lines.join('\n')}\n`;
}

/** What was not executed: lines, or functions where no lines are known. */
function missingParts(file: CoveredFile): string {
  if (file.lines.length > 0) return missingLines(file);
  const names = functionsNotExecuted(file).map(printable);
  const more = names.length > MOST_LISTED ? [`and ${names.length - MOST_LISTED} more`] : [];
  return [...names.slice(0, MOST_LISTED), ...more].join(', ');
}

/** `4-6, 12`: the lines that were not executed. Lines without code between two of them do not part them. */
function missingLines({ lines }: CoveredFile): string {
  const runs: string[] = [];
  let count = 0;
  for (let i = 0; i < lines.length; ) {
    const [first = 0, hits = 0] = lines[i] ?? [];
    if (hits > 0) {
      i++;
      continue;
    }
    let last = first;
    for (; i < lines.length && lines[i]?.[1] === 0; i++) last = lines[i]?.[0] ?? last;
    if (count++ < MOST_LISTED) runs.push(first === last ? `${first}` : `${first}-${last}`);
  }
  if (count > MOST_LISTED) runs.push(`and ${count - MOST_LISTED} more`);
  return runs.join(', ');
}
