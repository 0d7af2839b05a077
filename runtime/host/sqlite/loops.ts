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
/** The largest factor of a loop: far more than anybody waits for, and small enough to be multiplied. */
const MAX_FACTOR = 1e12;

/** Whoever jumps back to these goes no further. */
const ENDS = new Set(['Return', 'Halt']);
const STEPS = new Set(['Next', 'Prev', 'VNext', 'SorterNext']);
/** What opens something empty, and what adds to it. */
const OPENS = new Set(['OpenAutoindex', 'OpenEphemeral', 'SorterOpen']);
const FILLS = new Set(['IdxInsert', 'Insert', 'SorterInsert']);
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
  const puts = putsOf(code, loops);
  const tables = ownTablesOf(code, loops);
  for (const loop of loops) measure(loop, code, loops, openers, puts, tables);
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
  puts: ReadonlyMap<Loop | null, number>,
  tables: ReadonlyMap<Loop | null, ReadonlySet<OwnTable>>,
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
  let most = 1;
  let all = puts.get(null) ?? 0;
  for (const other of loops) {
    if (other === loop || contains(loop, other)) continue;
    const put = puts.get(other) ?? 0;
    if (other.start >= loop.start || contains(other, loop)) {
      all += put;
      continue;
    }
    let sum = other.degree;
    let product = other.factor;
    for (const around of loops) {
      if (!contains(around, other) || contains(around, loop)) continue;
      sum += around.degree;
      product *= around.factor;
    }
    degree = Math.max(degree, sum);
    most = Math.max(most, product);
    all += put * product;
  }
  loop.degree = degree;
  loop.factor = Math.max(most, all);
  for (const table of tables.get(loop) ?? []) {
    const size = sizeOf(table, loop, loops);
    loop.degree = Math.max(loop.degree, size.degree);
    loop.factor = Math.max(loop.factor, size.factor);
  }
  loop.factor = Math.min(MAX_FACTOR, loop.factor);
}

/** A table of the statement's own: where it is opened, and how many instructions add to it, by the innermost loops around them. */
interface OwnTable {
  readonly openers: number[];
  readonly fills: Map<Loop | null, number>;
}

/** Finds the tables that a statement opens for itself, by the loops that go through them. */
function ownTablesOf(
  code: readonly Instruction[],
  loops: readonly Loop[],
): ReadonlyMap<Loop | null, ReadonlySet<OwnTable>> {
  const tables = new Map<number, OwnTable>();
  const passed = new Map<Loop | null, Set<OwnTable>>();
  for (const [at, { name, p1, p2 }] of code.entries()) {
    const table = tables.get(name === 'OpenDup' ? p2 : p1);
    if (OPENS.has(name)) {
      if (table === undefined) tables.set(p1, { openers: [at], fills: new Map() });
      else table.openers.push(at);
    }
    if (table === undefined) continue;
    const loop = innermost(loops, at);
    if (name === 'OpenDup') tables.set(p1, table);
    else if (FILLS.has(name)) table.fills.set(loop, (table.fills.get(loop) ?? 0) + 1);
    else if (STEPS.has(name)) {
      const known = passed.get(loop);
      if (known === undefined) passed.set(loop, new Set([table]));
      else known.add(table);
    }
  }
  return passed;
}

/** How much there may be in a table of the statement's own: what all loops add to it in all of their turns since they have opened it. */
function sizeOf(
  { openers, fills }: OwnTable,
  loop: Loop,
  loops: readonly Loop[],
): Pick<Loop, 'degree' | 'factor'> {
  const size = { degree: 0, factor: 0 };
  const filling = loops.filter((other) => other !== loop && !openers.every((at) => holds(other, at)));
  for (const [inner, count] of fills) {
    let degree = 0;
    let factor = count;
    for (const other of filling) {
      if (inner === null || !(other === inner || contains(other, inner))) continue;
      degree += other.degree;
      factor *= other.factor;
    }
    size.degree = Math.max(size.degree, degree);
    size.factor += factor;
  }
  return size;
}

function innermost(loops: readonly Loop[], at: number): Loop | null {
  return loops.findLast((loop) => holds(loop, at)) ?? null;
}

function holds({ start, end }: Loop, at: number): boolean {
  return start <= at && at <= end;
}

const PUTS = new Set(['Yield', 'IdxInsert', 'Insert', 'RowSetAdd', 'SorterInsert']);

/** Counts the instructions that put something together, by the innermost loop around them. */
function putsOf(code: readonly Instruction[], loops: readonly Loop[]): ReadonlyMap<Loop | null, number> {
  const puts = new Map<Loop | null, number>();
  for (const [at, { name }] of code.entries()) {
    if (!PUTS.has(name)) continue;
    const loop = innermost(loops, at);
    puts.set(loop, (puts.get(loop) ?? 0) + 1);
  }
  return puts;
}

/** Leaves out the innermost loop around each row that is given, if nothing in it may go past the row. */
function dropStreaming(code: readonly Instruction[], loops: readonly Loop[]): void {
  for (const [at, { name }] of code.entries()) {
    if (name !== 'ResultRow') continue;
    const loop = innermost(loops, at);
    if (loop === null) continue;
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
