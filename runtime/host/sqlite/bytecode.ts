import type { DatabaseSync } from 'node:sqlite';
import { isExplained } from './nested-scans.ts';

/** What a statement does besides what SQLite's plan tells: triggers and foreign keys, functions that tables call, windows. */
export interface Bytecode {
  /** How often each function is called, by names with the number of values, such as `trim(2)`. */
  readonly calls: ReadonlyMap<string, number>;
  /** How many tables, at most, are gone through within each other, in the statement or in one of its triggers. */
  readonly depth: number;
  /** How often triggers are run, at most: `runs` times the rows of the database to the power of `depth`. */
  readonly fired: { readonly runs: number; readonly depth: number };
  /** Whether triggers set off others. */
  readonly isChain: boolean;
  /** Whether a window is gone through again for each row. */
  readonly hasSlowWindow: boolean;
}

/** An instruction as `EXPLAIN` gives it: its address, its name, three operands, and a fourth of any type. */
type Instruction = readonly [bigint, string, bigint, bigint, bigint, unknown];

/** The statement, a trigger, or what a foreign key does. */
interface Program {
  readonly isTrigger: boolean;
  readonly code: Instruction[];
}

/** Instructions of the longest statement that is read: each takes a microsecond. */
const MAX_INSTRUCTIONS = 10_000;
/** Loops of which anybody finds out which are within each other. */
const MAX_LOOPS = 500;

/** Instructions that make cursors for what is not gone through as a table is. */
const NO_TABLES: ReadonlySet<string> = new Set('OpenPseudo OpenDup'.split(' '));
/** Those that begin to go through a table, and those that may go through nearly all of it. */
const OPENERS: ReadonlySet<string> = new Set('Rewind Last SeekGE SeekGT SeekLE SeekLT VFilter'.split(' '));
const SCANS: ReadonlySet<string> = new Set('Rewind Last SeekGT SeekLE SeekLT VFilter'.split(' '));
const STEPS: ReadonlySet<string> = new Set('Next Prev VNext'.split(' '));
const CALLS: ReadonlySet<string> = new Set('Function PureFunc'.split(' '));

/** Reads what a statement is compiled to. @returns null if it is too much */
export function bytecodeOf(database: DatabaseSync, sql: string): Bytecode | null {
  const code: Instruction[] = [];
  if (!isExplained(sql)) {
    for (const instruction of database.prepare(`EXPLAIN ${sql}`).iterate()) {
      if (code.push(instruction as unknown as Instruction) > MAX_INSTRUCTIONS) return null;
    }
  }
  const programs = programsOf(code);
  const calls = new Map<string, number>();
  let depth = 0;
  let runs = 1;
  let levels = 0;
  let deepest = 0;
  let isChain = false;
  let hasSlowWindow = false;
  for (const [i, { code, isTrigger }] of programs.entries()) {
    const own = scansOf(code);
    depth = Math.max(depth, own);
    hasSlowWindow ||= goesThroughWindow(code);
    let fires = 0;
    let listed = 0;
    for (const [, name, , , , operand] of code) {
      if (CALLS.has(name)) calls.set(String(operand), (calls.get(String(operand)) ?? 0) + 1);
      else if (name === 'Program') fires++;
      else if (name === 'Yield') listed++;
    }
    if (i > 0) deepest = Math.max(deepest, own);
    if (fires === 0) continue;
    // Any of them may set off any other, each once within itself.
    runs *= fires * (i === 0 ? Math.max(1, listed) : 1);
    levels += own;
    if (i > 0 && isTrigger) isChain = true;
  }
  const fired = programs.length > 1 ? { runs: runs * (programs.length - 1), depth: levels + deepest } : NONE;
  return { calls, depth, fired, isChain, hasSlowWindow };
}

const NONE = { runs: 0, depth: 0 };

/** What a statement is that does nothing of it. */
export const PLAIN: Bytecode = {
  calls: new Map(),
  depth: 0,
  fired: NONE,
  isChain: false,
  hasSlowWindow: false,
};

function programsOf(code: readonly Instruction[]): Program[] {
  const programs: Program[] = [];
  for (const instruction of code) {
    const [address, name, , , , operand] = instruction;
    if (address === 0n && name === 'Init')
      programs.push({ isTrigger: String(operand).startsWith('-- TRIGGER'), code: [] });
    programs.at(-1)?.code.push(instruction);
  }
  return programs;
}

/** Instructions that are run again and again, or only once whatever is around them. */
interface Range {
  readonly start: number;
  readonly end: number;
}

/** How many tables are gone through within each other. */
function scansOf(code: readonly Instruction[]): number {
  const loops = scanLoops(code);
  if (loops.length > MAX_LOOPS) return 2;
  const once: Range[] = [];
  for (const [at, [, name, , target]] of code.entries())
    if (name === 'Once') once.push({ start: at, end: Number(target) });
  let most = 0;
  for (const loop of loops) {
    let since = 0;
    for (const range of once) if (contains(range, loop)) since = Math.max(since, range.start);
    const around = loops.filter((other) => contains(other, loop) && other.start >= since);
    most = Math.max(most, around.length);
  }
  return most;
}

function contains(outer: Range, inner: Range): boolean {
  return outer.start <= inner.start && inner.end <= outer.end;
}

function scanLoops(code: readonly Instruction[]): Range[] {
  const others = new Set<bigint>();
  for (const [, name, cursor] of code) if (NO_TABLES.has(name)) others.add(cursor);
  const loops: Range[] = [];
  for (const [end, [address, name, cursor, target]] of code.entries()) {
    if (!STEPS.has(name) || target > address || others.has(cursor)) continue;
    const start = Number(target);
    if (SCANS.has(openerOf(code, start, cursor))) loops.push({ start, end });
  }
  // Rows that are changed are often put together first.
  const isScanned = code.some(
    ([, name], at) => name === 'RowSetAdd' && loops.some(({ start, end }) => start <= at && at <= end),
  );
  if (!isScanned) return loops;
  for (const [end, [address, name, , target]] of code.entries()) {
    const start = Number(target);
    if (name === 'Goto' && target < address && code[start]?.[1] === 'RowSetRead') loops.push({ start, end });
  }
  return loops;
}

/** The instruction before a loop that has put its cursor where it begins. */
function openerOf(code: readonly Instruction[], start: number, cursor: bigint): string {
  for (let at = start - 1; at >= 0; at--) {
    const [, name = '', first] = code[at] ?? [];
    if (first === cursor && OPENERS.has(name)) return name;
  }
  return '';
}

/** Whether rows of a window are added up again and again, as `EXCLUDE` and some functions ask for. */
function goesThroughWindow(code: readonly Instruction[]): boolean {
  const copies = new Set<bigint>();
  for (const [, name, cursor] of code) if (name === 'OpenDup') copies.add(cursor);
  if (copies.size === 0) return false;
  return code.some(
    ([address, name, cursor, target]) =>
      STEPS.has(name) &&
      copies.has(cursor) &&
      target <= address &&
      openerOf(code, Number(target), cursor) === 'SeekGE' &&
      code.slice(Number(target), Number(address)).some(([, inner]) => inner === 'AggStep'),
  );
}
