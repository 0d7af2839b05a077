import { straightWay } from './code-reading.ts';
import { unlessMalformed } from './dwarf/byte-cursor.ts';
import type { Dwarf } from './dwarf/dwarf.ts';
import type { LineTable } from './dwarf/line-table.ts';
import type { ModuleParts } from './module-parts.ts';

/** Rows in which the end of a prologue is looked for. */
const MOST_ROWS = 256;

/** Functions whose prologues are kept. */
const MAX_FUNCTIONS = 2 ** 14;

/**
 * Where the prologues of functions end, as their compilers have said in the line table, or else where their second lines begin.
 * Up to there, parameters are not yet where debug information says that they are.
 */
export class Prologues {
  readonly #dwarf: Dwarf;
  readonly #parts: ModuleParts;
  readonly #ends = new Map<number, number | null>();

  constructor(dwarf: Dwarf, parts: ModuleParts) {
    this.#dwarf = dwarf;
    this.#parts = parts;
  }

  /** The end of the prologue of the function that an offset is in; null if none is known. */
  endOf(offset: number): number | null {
    const functionIndex = this.#parts.functionAt(offset);
    if (functionIndex < 0) return null;
    let end = this.#ends.get(functionIndex);
    if (end === undefined) {
      if (this.#ends.size === MAX_FUNCTIONS) this.#ends.clear();
      end = unlessMalformed(() => this.#find(functionIndex), null);
      this.#ends.set(functionIndex, end);
    }
    return end;
  }

  #find(functionIndex: number): number | null {
    const { code, codeStart } = this.#parts;
    const body = this.#parts.bodyOf(functionIndex);
    const start = body.start - codeStart;
    const unit = this.#dwarf.unitAt(start);
    const lines = unit === null ? null : this.#dwarf.linesOf(unit);
    if (unit === null || lines === null) return null;
    const end = endIn(lines, start, body.end - codeStart);
    const way = end === null ? null : straightWay(code, start, end);
    if (end === null || way === null) return null;
    const functions = this.#dwarf.functionsOf(unit);
    // Optimised code has its parameters from the first instruction on, and what comes first may be a call that was inlined.
    if (!way.stores && functions.caller(functions.at(end)) >= 0) return null;
    return codeStart + end;
  }
}

/** A line of a file. */
interface FileLine {
  readonly file: number;
  readonly line: number;
}

/**
 * The address of the first row of a function that is marked so, or else of the first with which another line than that of its head
 * begins: only there can processes be stopped.
 */
function endIn(lines: LineTable, start: number, end: number): number | null {
  let count = 0;
  let head: FileLine | null = null;
  let previous: FileLine | null = null;
  let second: number | null = null;
  for (const { address, file, line, isStmt, prologueEnd } of lines.rowsFrom(start, end)) {
    if (prologueEnd && address >= start) return address;
    if (count++ === MOST_ROWS) break;
    const row: FileLine = { file, line };
    head ??= row;
    if (isStmt && line > 0 && !isSame(row, head) && !isSame(row, previous)) second ??= address;
    previous = row;
  }
  return second;
}

function isSame({ file, line }: FileLine, other: FileLine | null): boolean {
  return file === other?.file && line === other.line;
}
