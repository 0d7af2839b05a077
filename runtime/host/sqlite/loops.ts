import { type Instruction, targetsOf } from './instruction.ts';

/** Instructions that may be run again and again. */
export interface Loop {
  readonly start: number;
  readonly end: number;
  /** It runs `factor` times the rows of the databases to the power of `degree`. */
  degree: number;
  factor: number;
}

/** Loops of which anybody finds out which are within each other. */
export const MAX_LOOPS = 200;
/** Objects that are taken to be in a schema: SQLite reads all of them when it opens a database. */
const SCHEMA_ROWS = 50;

/** Whoever jumps back to these goes no further. */
const ENDS = new Set(['Return', 'Halt']);
const STEPS = new Set(['Next', 'Prev', 'VNext', 'SorterNext']);
const TABLES = new Set(['OpenRead', 'OpenWrite', 'ReopenIdx', 'VOpen']);

/**
 * Finds the loops of a program, and how often each may run: those over a table as often as there are rows, those over what was put
 * together before as often as that was.
 * @param streams whether rows are taken one by one, so that a loop that gives one each time has its end at the first
 * @returns null if they are too many
 */
export function loopsOf(code: readonly Instruction[], streams: boolean): Loop[] | null {
  const starts = new Map<number, number>();
  // What stands from there on is run first, and then the rest.
  const first = code[0]?.p2 ?? 0;
  for (const [at, instruction] of code.entries()) {
    if (first > 1 && at >= first) break;
    const targets = targetsOf(instruction).filter(
      (target) => target <= at && !ENDS.has(code[target]?.name ?? ''),
    );
    if (targets.length > 0) starts.set(at, Math.min(...targets));
    if (starts.size > MAX_LOOPS) return null;
  }
  const loops: Loop[] = [...starts]
    .filter(([end, start]) => !isLeft(code, start, end))
    .map(([end, start]) => ({ start, end, degree: 0, factor: 1 }))
    .sort((a, b) => a.start - b.start || b.end - a.end);
  const openers = openersOf(code);
  for (const loop of loops) measure(loop, code, loops, openers);
  if (streams) dropStreaming(code, loops);
  return [...loops, ...subroutinesOf(code, loops)];
}

/** Whether nothing leads to the end of a loop, which is left at its first row, as by `min` and `max`. */
function isLeft(code: readonly Instruction[], start: number, end: number): boolean {
  const last = code[end - 1];
  if (last?.name !== 'Goto' || last.p2 <= end || end - 1 < start) return false;
  return !code.some((instruction) => instruction.p2 === end || targetsOf(instruction).includes(end));
}

/** The instructions that have opened each cursor. */
function openersOf(code: readonly Instruction[]): Map<number, Instruction[]> {
  const openers = new Map<number, Instruction[]>();
  for (const instruction of code) {
    if (!/^(?:Re)?Open|^SorterOpen|^VOpen/.test(instruction.name)) continue;
    const others = openers.get(instruction.p1);
    if (others === undefined) openers.set(instruction.p1, [instruction]);
    else others.push(instruction);
  }
  return openers;
}

function measure(
  loop: Loop,
  code: readonly Instruction[],
  loops: readonly Loop[],
  openers: ReadonlyMap<number, readonly Instruction[]>,
): void {
  const last = code[loop.end];
  if (last !== undefined && STEPS.has(last.name)) {
    const opened = openers.get(last.p1) ?? [];
    const isTable = opened.length > 0 && opened.every(({ name }) => TABLES.has(name));
    // The first page of a database has the table of its schema.
    if (isTable && opened.every(({ name, p2 }) => name.startsWith('Open') && p2 === 1)) {
      loop.factor = SCHEMA_ROWS;
      return;
    }
    if (isTable) {
      loop.degree = 1;
      return;
    }
  }
  // What it goes through was put together before, by loops or by one instruction after the other.
  let degree = 0;
  for (const other of loops) {
    if (other.start >= loop.start || contains(other, loop)) continue;
    let sum = other.degree;
    for (const around of loops) if (contains(around, other) && !contains(around, loop)) sum += around.degree;
    degree = Math.max(degree, sum);
  }
  loop.degree = degree;
  if (degree === 0) loop.factor = Math.max(1, code.filter(({ name }) => PUTS.has(name)).length);
}

const PUTS = new Set(['Yield', 'IdxInsert', 'Insert', 'RowSetAdd', 'SorterInsert']);

/** Leaves out the innermost loop around each row that is given, if nothing in it may go past the row. */
function dropStreaming(code: readonly Instruction[], loops: readonly Loop[]): void {
  for (const [at, { name }] of code.entries()) {
    if (name !== 'ResultRow') continue;
    const loop = loops.findLast(({ start, end }) => start <= at && at <= end);
    if (loop === undefined) continue;
    const skips = code
      .slice(loop.start, at)
      .some((instruction) => targetsOf(instruction).some((target) => target > at && target <= loop.end));
    if (skips) continue;
    loop.degree = 0;
    loop.factor = 1;
  }
}

/** Subroutines run as often as what calls them, which stands elsewhere. */
function subroutinesOf(code: readonly Instruction[], loops: readonly Loop[]): Loop[] {
  const subroutines: Loop[] = [];
  for (const [at, { name, p1, p2 }] of code.entries()) {
    if (name !== 'Gosub') continue;
    const end = code.findLastIndex((other) => other.name === 'Return' && other.p1 === p1);
    if (end < p2 || (p2 <= at && at <= end)) continue;
    let degree = 0;
    let factor = 1;
    for (const loop of loops) {
      if (loop.start > at || at > loop.end || (loop.start <= p2 && end <= loop.end)) continue;
      degree += loop.degree;
      factor *= loop.factor;
    }
    const known = subroutines.find(({ start }) => start === p2);
    if (known === undefined) subroutines.push({ start: p2, end, degree, factor });
    else {
      known.degree = Math.max(known.degree, degree);
      known.factor += factor;
    }
  }
  return subroutines;
}

export function contains(outer: Loop, inner: Loop): boolean {
  return outer !== inner && outer.start <= inner.start && inner.end <= outer.end;
}
