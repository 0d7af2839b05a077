import { BreakpointEvent, OutputEvent } from '@vscode/debugadapter';
import type { DebugProtocol } from '@vscode/debugprotocol';
import type { EventBreakpoint, EventKind, ProcessPattern } from '../runtime/inspect/protocol.ts';
import {
  type Expression,
  type Inspected,
  InspectRequestError,
  parseExpression,
} from '../runtime/internal.ts';
import { faultIn } from './breakpoint-terms.ts';
import { AdapterError, ErrorId } from './errors.ts';
import { readPattern } from './process-patterns.ts';

/** Of which processes something is wanted. */
export type Wanted = boolean | readonly ProcessPattern[];

/** What holds a process: its failures, and its beginning. */
export interface HeldEvents {
  readonly traps: Wanted;
  readonly failedExits: Wanted;
  readonly spawns: Wanted;
}

export const NO_EVENTS: HeldEvents = { traps: false, failedExits: false, spawns: false };

interface EventFilter {
  readonly label: string;
  readonly description: string;
  /** What is known of it in conditions. */
  readonly condition: string;
  readonly on: EventKind;
  /** What it is called where a process has stopped for it. */
  readonly what: string;
  readonly isOn?: true;
  /** Where it is a flag of the runtime's, if no expression stands in its condition. */
  readonly flag?: keyof HeldEvents;
  /** Names that are expressions by themselves, and not processes. */
  readonly names?: readonly string[];
  /** Reads what may stand in place of an expression, and must stand there. */
  readonly measure?: { readonly example: string; read(text: string): string | null };
}

const PROCESSES = "Which processes: 'entry worker', 'name db', 'id 5', 'under 5'";
const MESSAGES =
  'tag == 5 && size > 100 && sender == 3 && receiver == 4 && content == "ping" && kind == "data"; contains(content, "pi")';

/** The filters, by their ids, in the order in which clients display them. */
const FILTERS: ReadonlyMap<string, EventFilter> = new Map(
  Object.entries<EventFilter>({
    traps: {
      label: 'Traps',
      description: 'Hold a process that traps or panics, so that its stack and mailbox can be looked at',
      condition: `${PROCESSES}; or panic, !panic`,
      on: 'trap',
      what: 'trap',
      names: ['panic'],
      isOn: true,
      flag: 'traps',
    },
    'failed-exits': {
      label: 'Failed Exits',
      description:
        'Hold a process that ends with an exit code other than 0, as AssemblyScript programs do that throw an error',
      condition: `${PROCESSES}; or code == 3, panic`,
      on: 'failed-exit',
      what: 'failed exit',
      names: ['panic', 'code'],
      isOn: true,
      flag: 'failedExits',
    },
    'normal-exits': {
      label: 'Normal Exits',
      description: 'Hold a process that ends normally',
      condition: PROCESSES,
      on: 'normal-exit',
      what: 'normal exit',
    },
    kills: {
      label: 'Kills',
      description: 'Hold a process that another one kills, or that dies through a link, as it is',
      condition: `${PROCESSES}; or link, !link, by == 3`,
      on: 'kill',
      what: 'kill',
      names: ['link', 'by'],
    },
    spawns: {
      label: 'New Processes',
      description: 'Stop a process that is spawned before its first instruction',
      condition: PROCESSES,
      on: 'spawn',
      what: 'new process',
      flag: 'spawns',
    },
    sends: {
      label: 'Messages Sent',
      description: 'Stop a process behind the line that sends a message',
      condition: MESSAGES,
      on: 'send',
      what: 'message sent',
    },
    receives: {
      label: 'Messages Received',
      description: 'Stop a process behind the line that receives a message',
      condition: MESSAGES,
      on: 'receive',
      what: 'message received',
    },
    ties: {
      label: 'Links and Monitors',
      description: 'Stop a process that makes or breaks a link or a monitor, or of which one ends',
      condition: 'made && kind == "link" && peer == 3 && tag == 5; kind is "link" or "monitor"',
      on: 'tie',
      what: 'link or monitor',
      names: ['made', 'peer', 'tag'],
    },
    names: {
      label: 'Registered Names',
      description: 'Stop a process that registers a name',
      condition: 'name == "db" && target == 3',
      on: 'name',
      what: 'registered name',
    },
    mailbox: {
      label: 'Mailbox Longer Than',
      description: 'Stop a process whose mailbox has more messages than the condition says',
      condition: `100, or 100 && process.name == "db"; also bytes, and of the last message ${MESSAGES}`,
      on: 'mailbox',
      what: 'long mailbox',
      measure: { example: '100', read: readCount },
    },
    waits: {
      label: 'Waiting Longer Than',
      description: 'Stop a process that waits for longer than the condition says',
      condition: '2s, or 500ms && kind == "message"; kind is "message", "sleep", "spawn" or "event"',
      on: 'wait',
      what: 'long wait',
      measure: { example: '2s', read: readTime },
    },
  }),
);

/** The filters as clients are told of them. */
export const EXCEPTION_FILTERS: DebugProtocol.ExceptionBreakpointsFilter[] = [...FILTERS].map(
  ([filter, { label, description, condition, isOn = false }]) => ({
    filter,
    label,
    description,
    default: isOn,
    supportsCondition: true,
    conditionDescription: condition,
  }),
);

/** `100` and `> 100`. */
function readCount(text: string): string | null {
  const [, count] = /^>?\s*(\d{1,15})$/.exec(text) ?? [];
  return count === undefined ? null : `length > ${count}`;
}

const MILLISECONDS: Readonly<Record<string, number>> = { ms: 1, s: 1000, min: 60_000, h: 3_600_000 };

/** `2s` and `> 500 ms`. */
function readTime(text: string): string | null {
  const [, time, unit = ''] = /^>?\s*(\d{1,9}(?:\.\d{1,3})?)\s*(ms|s|min|h)$/.exec(text) ?? [];
  return time === undefined ? null : `waited > ${Math.round(Number(time) * (MILLISECONDS[unit] ?? 1))}`;
}

/** What a condition says: which processes, and what must be true. */
interface Condition {
  readonly only?: readonly ProcessPattern[];
  readonly condition?: string;
}

/** An expression that begins with a name is no pattern. */
const PATTERN = /^(?:(?:id|name|entry|under)\s+[^\s=<>!&|+*/%^-]|\w+$)/;

/** What stands between expressions, and not in a name unless it has no blank beside it. */
const OPERATOR = /\|\||[=!<>]=|\s[<>=|]|[<>=|]\s/;

/** @throws AdapterError if it cannot be read */
function readCondition(text: string, { measure, names }: EventFilter): Condition {
  // A pattern or a measure may be followed by an expression.
  const [, first = '', rest] = /^(.*?)(?:&&(.*))?$/s.exec(text) ?? [];
  const measured = measure?.read(first.trim()) ?? null;
  if (measured !== null) return { condition: both(measured, rest) };
  if (!PATTERN.test(first.trim()) || names?.includes(first.trim())) return { condition: text };
  const only = [readPattern(first, 'The condition')];
  if (OPERATOR.test(first.trim()))
    throw new AdapterError(
      ErrorId.BadArguments,
      `The condition: '${first.trim().slice(0, 100)}' cannot be read; behind the processes stands '&&' and an expression, as in 'entry worker && process.id > 5'`,
    );
  return rest === undefined ? { only } : { only, condition: rest.trim() };
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

/** What is wrong with a condition as such; null if nothing is. */
function faultOf(terms: Condition): string | null {
  const fault = faultIn(terms);
  if (fault !== null || terms.condition === undefined) return fault;
  const number = numberIn(parseExpression(terms.condition));
  return number === null
    ? null
    : `The condition cannot be read: ${number} is always true; compare it with something`;
}

function both(first: string, rest: string | undefined): string {
  return rest === undefined ? first : `${first} && (${rest.trim()})`;
}

/** A filter that a client has switched on, with the text of its condition. */
export interface AskedFilter {
  readonly filter: string;
  readonly condition: string;
}

/** What a client wants to stop processes at besides places in their code. */
export class EventFilters {
  readonly #client: Inspected;
  readonly #takeId: () => number;
  readonly #send: (event: DebugProtocol.Event) => void;
  readonly #holdAt: (events: HeldEvents) => Promise<void>;
  readonly #areOff: boolean;
  /** Numbers of filters by what they are, so that one that stays keeps its own. */
  #ids = new Map<string, number>();
  #byId = new Map<number, EventFilter>();
  #hasEvents = false;

  /**
   * @param takeId gives a breakpoint its number
   * @param holdAt has the runtime hold processes at what it has flags for
   * @param areOff whether processes stop for nothing
   */
  constructor(
    client: Inspected,
    takeId: () => number,
    send: (event: DebugProtocol.Event) => void,
    holdAt: (events: HeldEvents) => Promise<void>,
    areOff: boolean,
  ) {
    this.#areOff = areOff;
    this.#client = client;
    this.#takeId = takeId;
    this.#send = send;
    this.#holdAt = holdAt;
  }

  /** Sets filters in place of those that there were. */
  async set(asked: readonly AskedFilter[]): Promise<DebugProtocol.Breakpoint[]> {
    const flags = new Map<keyof HeldEvents, Wanted>();
    const ids = new Map<string, number>();
    const events: EventBreakpoint[] = [];
    const breakpoints = asked.map(({ filter, condition }): DebugProtocol.Breakpoint => {
      const known = FILTERS.get(filter);
      if (known === undefined) return { verified: false };
      try {
        const terms = condition === '' ? {} : readCondition(condition, known);
        const fault = faultOf(terms);
        if (fault !== null) return { verified: false, message: fault };
        if (known.flag !== undefined && terms.condition === undefined) {
          const others = flags.get(known.flag) ?? [];
          const all = terms.only ?? true;
          // A filter may be there several times: what one of them means is meant.
          flags.set(known.flag, all === true || others === true || [...(others || []), ...all]);
          return { verified: true };
        }
        if (known.measure !== undefined && terms.condition === undefined)
          return { verified: false, message: `Edit its condition: '${known.measure.example}', for example` };
        const key = JSON.stringify([filter, condition]);
        const id = ids.get(key) ?? this.#ids.get(key) ?? this.#takeId();
        ids.set(key, id);
        events.push({ id, on: known.on, ...terms });
        this.#byId.set(id, known);
        return { id, verified: true };
      } catch (error) {
        if (!(error instanceof AdapterError)) throw error;
        return { verified: false, message: error.message };
      }
    });
    this.#ids = ids;
    await this.#holdAt({
      traps: flags.get('traps') ?? false,
      failedExits: flags.get('failedExits') ?? false,
      spawns: flags.get('spawns') ?? false,
    });
    const problems = await this.#place(events);
    for (const breakpoint of breakpoints) {
      const problem = problems[events.findIndex(({ id }) => id === breakpoint.id)] ?? null;
      if (problem !== null) Object.assign(breakpoint, { verified: false, message: problem });
    }
    return breakpoints;
  }

  async #place(breakpoints: readonly EventBreakpoint[]): Promise<readonly (string | null)[]> {
    if (this.#areOff || (breakpoints.length === 0 && !this.#hasEvents)) return [];
    this.#hasEvents = breakpoints.length > 0;
    try {
      return (await this.#client.request('events/breakpoints', { breakpoints })).problems;
    } catch (error) {
      // A runtime of before does not know the request.
      if (!(error instanceof InspectRequestError)) throw error;
      return breakpoints.map(() => error.message);
    }
  }

  /** What filters of these numbers are called. */
  nameOf(ids: readonly number[]): string | undefined {
    for (const id of ids) {
      const known = this.#byId.get(id);
      if (known !== undefined) return known.what;
    }
    return undefined;
  }

  /** Called when the condition of a filter could not be evaluated; the number may be that of another breakpoint. */
  failed(id: number, problem: string): void {
    const known = this.#byId.get(id);
    if (known === undefined) return;
    this.#send(new OutputEvent(`Processes always stop at '${known.label}': ${problem}\n`, 'console'));
    this.#send(new BreakpointEvent('changed', { id, verified: true, message: problem } as never));
  }
}
