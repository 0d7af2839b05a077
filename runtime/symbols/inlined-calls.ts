import type { FunctionIndex } from './dwarf/function-index.ts';
import type { LineTable } from './dwarf/line-table.ts';

/** Calls around one another that begin at one place. */
const MAX_DEPTH = 200;

/**
 * Where inlined calls have their first lines: the addresses of the first statements that begin within them, be it in another call that
 * was inlined there. Calls without such a statement are left out.
 * @param isWanted tells by their numbers which of the functions and calls are looked for
 * @param isLine whether a statement at an address is one at which processes can stop for such a call
 */
export function inlinedCallStarts(
  functions: FunctionIndex,
  lines: LineTable,
  isWanted: (index: number) => boolean,
  isLine: (address: number) => boolean,
): Set<number> {
  /** By function or call: the innermost wanted one of itself and those around it; -1 for none. */
  const wanted = new Int32Array(functions.count);
  for (let index = 0; index < wanted.length; index++)
    wanted[index] = isWanted(index) ? index : (wanted[functions.caller(index)] ?? -1);
  const found = new Set<number>();
  const starts = new Set<number>();
  functions.forEachRange((low, high, owner) => {
    const missing: number[] = [];
    let index = wanted[owner] ?? -1;
    for (let depth = 0; index >= 0 && depth < MAX_DEPTH; depth++) {
      if (!found.has(index)) missing.push(index);
      index = wanted[functions.caller(index)] ?? -1;
    }
    const start = missing.length === 0 ? null : firstStart(lines, low, high, isLine);
    if (start === null) return;
    starts.add(start);
    for (const call of missing) found.add(call);
  });
  return starts;
}

function firstStart(
  lines: LineTable,
  low: number,
  high: number,
  isLine: (address: number) => boolean,
): number | null {
  let file = -1;
  let line = -1;
  for (const row of lines.rowsFrom(low, high)) {
    const begins = row.isStmt && row.line > 0 && (row.file !== file || row.line !== line);
    if (begins && row.address >= low && isLine(row.address)) return row.address;
    ({ file, line } = row);
  }
  return null;
}
