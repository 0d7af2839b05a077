import type { ProcessPattern } from '../runtime/inspect/protocol.ts';
import { type Expression, parseExpression } from '../runtime/internal.ts';
import { faultIn } from './breakpoint-terms.ts';
import { AdapterError, ErrorId } from './errors.ts';
import { ACTOR_EVENTS, type EventInfo } from './event-kinds.ts';
import { readPattern } from './process-patterns.ts';

/** What a condition says: which processes, and what must be true. */
export interface EventCondition {
  readonly only?: readonly ProcessPattern[];
  readonly condition?: string;
}

/** One of the events that a filter means. */
export interface WantedEvent {
  readonly info: EventInfo;
  readonly terms: EventCondition;
}

/** An expression that begins with a name is no pattern. */
const PATTERN = /^(?:(?:id|name|entry|under)\s+[^\s=<>!&|+*/%^-]|\w+$)/;

/** What stands between expressions, and not in a name unless it has no blank beside it. */
const OPERATOR = /\|\||[=!<>]=|\s[<>=|]|[<>=|]\s/;

/** What stands between two semicolons; those in texts and characters separate nothing. */
const EVENT = /(?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[^;])+/gs;

/**
 * Reads several events, each with its condition: `spawn; send tag == 5; mailbox > 100`.
 * @throws AdapterError if they cannot be read
 */
export function readEvents(text: string): WantedEvent[] {
  const events = (text.match(EVENT) ?? []).map((event) => event.trim()).filter((event) => event !== '');
  if (events.length === 0) throw wrong("Edit its condition: 'spawn', 'send tag == 5', for example");
  return events.map((event): WantedEvent => {
    const [, word = '', rest = ''] = /^(\w*)(.*)$/s.exec(event) ?? [];
    const known = ACTOR_EVENTS.get(word);
    if (known === undefined)
      throw wrong(
        `The condition: '${event.slice(0, 100)}' does not begin with an event, as in 'send tag == 5': ${[...ACTOR_EVENTS.keys()].join(', ')}`,
      );
    const { info, means } = known;
    const terms = readCondition(rest.trim(), info);
    return {
      info,
      terms: means === undefined ? terms : { ...terms, condition: both(means, terms.condition) },
    };
  });
}

/**
 * Reads the condition of one event; an empty one says nothing.
 * @throws AdapterError if it cannot be read
 */
export function readCondition(text: string, { measure, names }: EventInfo): EventCondition {
  if (text === '') {
    if (measure === undefined) return {};
    throw wrong(`Edit its condition: '${measure.example}', for example`);
  }
  const terms = parts();
  const fault = faultOf(terms);
  if (fault !== null) throw wrong(fault);
  if (measure !== undefined && terms.condition === undefined)
    throw wrong(`Edit its condition: '${measure.example}', for example`);
  return terms;

  function parts(): EventCondition {
    // A pattern or a measure may be followed by an expression.
    const [, first = '', rest] = /^(.*?)(?:&&(.*))?$/s.exec(text) ?? [];
    const measured = measure?.read(first.trim()) ?? null;
    if (measured !== null) return { condition: both(measured, rest) };
    if (!PATTERN.test(first.trim()) || names?.includes(first.trim())) return { condition: text };
    const only = [readPattern(first, 'The condition')];
    if (OPERATOR.test(first.trim()))
      throw wrong(
        `The condition: '${first.trim().slice(0, 100)}' cannot be read; behind the processes stands '&&' and an expression, as in 'entry worker && process.id > 5'`,
      );
    return rest === undefined ? { only } : { only, condition: rest.trim() };
  }
}

function wrong(message: string): AdapterError {
  return new AdapterError(ErrorId.BadArguments, message);
}

/** What is wrong with a condition as such; null if nothing is. */
function faultOf(terms: EventCondition): string | null {
  const fault = faultIn(terms);
  if (fault !== null || terms.condition === undefined) return fault;
  const number = numberIn(parseExpression(terms.condition));
  return number === null
    ? null
    : `The condition cannot be read: ${number} is always true; compare it with something`;
}

/** A number that stands where something true or false should: it would always be true. */
function numberIn(expression: Expression): string | null {
  switch (expression.kind) {
    case 'integer':
    case 'float':
      return String(expression.value);
    case 'unary':
      return numberIn(expression.operand);
    case 'binary':
      if (expression.operator !== '&&' && expression.operator !== '||') return null;
      return numberIn(expression.left) ?? numberIn(expression.right);
    default:
      return null;
  }
}

function both(first: string, rest: string | undefined): string {
  return rest === undefined ? first : `${first} && (${rest.trim()})`;
}
