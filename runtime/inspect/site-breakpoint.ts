import {
  type Code,
  compileExpression,
  ExpressionError,
  type HitCondition,
  parseExpression,
  parseHitCondition,
  parseLogMessage,
  prepareExpression,
  type Scope,
  truthOf,
  valueText,
} from '../expressions/index.ts';
import type { CallContext } from './call-context.ts';
import type { Holder } from './holding.ts';
import type { BreakpointTerms } from './protocol.ts';

/** The most characters of what an expression prints. */
const MOST_VALUE = 1000;
/** The most of a line of a log point. */
const MOST_LINE = 8000;

/** How often a breakpoint was hit, in all modules and places. */
export interface Hits {
  count: number;
}

/** What comes of a hit. */
export type Hit = 'none' | 'stop' | 'log';

/** A breakpoint of a client at one site. */
export class SiteBreakpoint {
  readonly client: Holder;
  /** As the client calls it. */
  readonly id: number | undefined;
  /** See `BreakpointTerms`. */
  readonly isOfLine: boolean;
  /** What is wrong with it: it stops every time then. */
  readonly problem: string | null;
  readonly #hits: Hits;
  #isMet: (context: CallContext) => boolean = () => true;
  #isWanted: HitCondition | null = null;
  #message: readonly (string | CodeAt)[] | null = null;

  /** @param scope of the function in which it is */
  constructor(client: Holder, terms: BreakpointTerms, scope: Scope<CallContext>, hits: Hits) {
    this.client = client;
    this.id = terms.id;
    this.isOfLine = terms.isOfLine === true;
    this.#hits = hits;
    let problem: string | null = null;
    try {
      if (terms.hits !== undefined) this.#isWanted = parseHitCondition(terms.hits);
      if (terms.log !== undefined) this.#message = messageIn(terms.log, scope);
      if (terms.condition !== undefined) this.#isMet = truthAt(terms.condition, scope);
    } catch (error) {
      problem = messageOf(error);
      this.#isMet = () => true;
      this.#isWanted = null;
      this.#message = null;
    }
    this.problem = problem;
  }

  /** What comes of it that a process is here. @throws Error if that cannot be told */
  hit(context: CallContext): Hit {
    if (!this.#isMet(context)) return 'none';
    this.#hits.count++;
    if (this.#isWanted !== null && !this.#isWanted(this.#hits.count)) return 'none';
    return this.#message === null ? 'stop' : 'log';
  }

  /** What a log point prints. */
  line(context: CallContext): string {
    let line = '';
    for (const part of this.#message ?? []) {
      line += typeof part === 'string' ? part : textOf(part, context);
      if (line.length > MOST_LINE) return `${line.slice(0, MOST_LINE)}…`;
    }
    return line;
  }
}

/** The code of an expression for one evaluation. */
type CodeAt = (context: CallContext) => Code<CallContext>;

function truthAt(condition: string, scope: Scope<CallContext>): (context: CallContext) => boolean {
  const expression = parseExpression(condition);
  if (scope.at === undefined) return truthOf(compileExpression(expression, scope));
  const code = prepareExpression(expression, scope);
  return (context) => truthOf(code(context))(context);
}

function messageIn(text: string, scope: Scope<CallContext>): (string | CodeAt)[] {
  return parseLogMessage(text).map((part) => {
    if (typeof part === 'string') return part;
    try {
      return prepareExpression(part, scope);
    } catch (error) {
      // The rest of the line may tell enough.
      return `{${messageOf(error)}}`;
    }
  });
}

function textOf(code: CodeAt, context: CallContext): string {
  try {
    const text = valueText(code(context), context);
    return text.length > MOST_VALUE ? `${text.slice(0, MOST_VALUE)}…` : text;
  } catch (error) {
    return `{${messageOf(error)}}`;
  }
}

/** Why an expression has no value. Whatever goes wrong, the process that came to it must not fail with it. */
export function messageOf(error: unknown): string {
  return error instanceof ExpressionError ? error.message : `it cannot be evaluated: ${String(error)}`;
}
