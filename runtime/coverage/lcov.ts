import { printable } from '../text/printable.ts';
import { type CoverageReport, type CoveredFile, totalsOf } from './report.ts';

/**
 * The format that lcov and most other tools read. `DA`, `FNDA` and `BRDA` tell hits: how many tests have executed something, and 1 or
 * 0 where a program has run.
 * Source: geninfo(1), "Tracefile format".
 */
export function lcovOf({ files }: CoverageReport): string {
  // It has no functions without lines.
  return files
    .filter(({ lines }) => lines.length > 0)
    .map(recordOf)
    .join('');
}

function recordOf(file: CoveredFile): string {
  const { lines, functions, branches } = totalsOf([file]);
  const records: string[] = ['TN:', `SF:${printable(file.path)}`];
  // A reader takes a name for a function. Names of one line each have a number.
  const names = new Map<string, number>();
  const named = file.functions.map(({ name, line, hits }) => {
    const count = (names.get(name) ?? 0) + 1;
    names.set(name, count);
    return { line, hits, name: (count === 1 ? name : `${name}#${count}`).replaceAll(',', ';') };
  });
  for (const { name, line } of named) records.push(`FN:${line},${name}`);
  for (const { name, hits } of named) records.push(`FNDA:${hits},${name}`);
  records.push(`FNF:${functions.total}`, `FNH:${functions.covered}`);
  const hitsOf = new Map(file.lines);
  for (const [block, { line, ways }] of file.branches.entries()) {
    // A dash says that the branch was not reached at all.
    const isReached = (hitsOf.get(line) ?? 0) > 0;
    for (const [way, hits] of ways.entries())
      records.push(`BRDA:${line},${block},${way},${isReached ? hits : '-'}`);
  }
  records.push(`BRF:${branches.total}`, `BRH:${branches.covered}`);
  for (const [line, hits] of file.lines) records.push(`DA:${line},${hits}`);
  records.push(`LF:${lines.total}`, `LH:${lines.covered}`, 'end_of_record');
  return `${records.join('\n')}\n`;
}
