import type { DatabaseSync } from 'node:sqlite';
import { Tokens, WORD } from './tokens.ts';

/** What SQLite's plan of a statement goes through row by row. */
export interface NestedScans {
  /** How many tables, at most, are gone through for each row of each other. */
  readonly depth: number;
  /** Rows of the longest list of values among them. */
  readonly listed: number;
  /** Whether a function such as `json_each` makes the rows of one. */
  readonly isVirtual: boolean;
}

export const NO_SCANS: NestedScans = { depth: 0, listed: 0, isVirtual: false };

/** A list of values in a plan. */
const LISTED = /^SCAN (\d+)(?: CONSTANT ROWS|-ROW VALUES CLAUSE)/;

/** A search for all that is more or less than a value, which may be nearly everything. */
const RANGE = /^SEARCH [^=]* \([^=]*[<>]\?[^=]*\)/;

/** Finds the tables that a statement scans within each other. */
export function nestedScans(database: DatabaseSync, sql: string): NestedScans {
  if (isExplained(sql)) return NO_SCANS;
  const plan = database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all() as unknown as [
    bigint,
    bigint,
    bigint,
    string,
  ][];
  let listed = 0;
  let isVirtual = false;
  /** Tables scanned in each part of the plan; what each part has that is made first, and that is done for each row. */
  const scans = new Map<bigint, number>();
  const made = new Map<bigint, number>();
  const repeated = new Map<bigint, number>();
  const raise = (map: Map<bigint, number>, key: bigint, value: number): void => {
    map.set(key, Math.max(map.get(key) ?? 0, value));
  };
  const depthOf = (part: bigint): number =>
    // Nobody knows which of them are scans of what was made first. A union has none of its own.
    Math.max((scans.get(part) ?? 0) * Math.max(1, made.get(part) ?? 0), made.get(part) ?? 0) +
    (repeated.get(part) ?? 0);
  let depth = 0;
  // Parts of a part come after it.
  for (const [id, parent, , detail] of plan.reverse()) {
    if (detail.startsWith('SCAN ') || RANGE.test(detail)) {
      const rows = LISTED.exec(detail)?.[1];
      if (rows !== undefined) listed = Math.max(listed, Number(rows));
      else if (detail.includes(' VIRTUAL TABLE')) isVirtual = true;
      if (rows !== undefined || !detail.includes('CONSTANT ROW'))
        scans.set(parent, (scans.get(parent) ?? 0) + 1);
      continue;
    }
    const own = depthOf(id);
    depth = Math.max(depth, own);
    raise(detail.startsWith('CORRELATED') ? repeated : made, parent, own);
  }
  return { depth: Math.max(depth, depthOf(0n)), listed, isVirtual };
}

/** Such a statement does nothing, and has no plan. */
export function isExplained(sql: string): boolean {
  const tokens = new Tokens(sql);
  return tokens.next() === WORD && !tokens.isQuoted && tokens.length < 10 && tokens.text === 'explain';
}
