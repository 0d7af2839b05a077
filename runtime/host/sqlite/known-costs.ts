import type { StatementSync } from 'node:sqlite';
import { type CompileCheck, MAX_STATEMENT } from './compile-check.ts';
import { Cost, costOf } from './cost.ts';
import { isExplained } from './explained.ts';
import type { Findings } from './sandbox.ts';
import { insertsPlainRows, isBrief, isCheck, isLongerThan } from './sql-text.ts';

/** Statements of which it is known what they cost, and the longest of them. */
const MAX_COSTS = 256;
const MAX_COST_SQL = 1000;

/** Gives the instructions of a statement, see `costOf`. @param isPragma whether it may do only what the guest may do */
type Explain = (sql: string, isPragma: boolean) => Iterable<unknown>;

/** What the statements of a connection cost, as long as they are compiled to the same. */
export class KnownCosts {
  readonly #check: CompileCheck;
  readonly #explain: Explain;
  readonly #costs = new Map<string, Cost>();
  /** The generation of the statements that are known. */
  #generation = -1;

  constructor(check: CompileCheck, explain: Explain) {
    this.#check = check;
    this.#explain = explain;
  }

  /** Finds out what a statement costs that was just compiled. */
  of(statement: StatementSync, found: Findings): Cost {
    const sql = statement.sourceSQL;
    if (isBrief(sql) || isExplained(sql)) return Cost.none;
    if (isCheck(sql)) return Cost.ofCheck();
    const { isPlain, isPlainWithoutTriggers, generation } = this.#check;
    if (
      sql.length > MAX_COST_SQL &&
      (found.isNested ? isPlain : isPlainWithoutTriggers) &&
      insertsPlainRows(sql)
    ) {
      return Cost.ofRows(sql.length);
    }
    if (generation !== this.#generation || this.#costs.size >= MAX_COSTS) this.#costs.clear();
    this.#generation = generation;
    const known = this.#costs.get(sql);
    if (known !== undefined) return known;
    const cost = this.#read(sql, found.isPragma, statement.columns().length > 0);
    if (sql.length <= MAX_COST_SQL) this.#costs.set(sql, cost);
    return cost;
  }

  #read(sql: string, isPragma: boolean, givesRows: boolean): Cost {
    if (isLongerThan(sql, MAX_STATEMENT - 100)) return Cost.ofUnknown();
    return costOf(this.#explain(sql, isPragma), givesRows);
  }
}
