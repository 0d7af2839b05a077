import type { DebugProtocol } from '@vscode/debugprotocol';
import type { EventKind, ProcessPattern } from '../runtime/inspect/protocol.ts';

/** Of which processes something is wanted. */
export type Wanted = boolean | readonly ProcessPattern[];

/** What holds a process: its failures, and its beginning. */
export interface HeldEvents {
  readonly traps: Wanted;
  readonly failedExits: Wanted;
  readonly spawns: Wanted;
}

export const NO_EVENTS: HeldEvents = { traps: false, failedExits: false, spawns: false };

/** What is known of a kind of events. */
export interface EventInfo {
  readonly on: EventKind;
  /** What it is called where a process has stopped for it. */
  readonly what: string;
  /** Where it is a flag of the runtime's, if no expression stands in its condition. */
  readonly flag?: keyof HeldEvents;
  /** Names that are expressions by themselves, and not processes. */
  readonly names?: readonly string[];
  /** Reads what may stand in place of an expression, and must stand there. */
  readonly measure?: { readonly example: string; read(text: string): string | null };
}

const TRAP: EventInfo = { on: 'trap', what: 'trap', names: ['panic'], flag: 'traps' };
const FAILED_EXIT: EventInfo = {
  on: 'failed-exit',
  what: 'failed exit',
  names: ['panic', 'code'],
  flag: 'failedExits',
};
const NORMAL_EXIT: EventInfo = { on: 'normal-exit', what: 'normal exit' };
const KILL: EventInfo = { on: 'kill', what: 'kill', names: ['link', 'by'] };
const SPAWN: EventInfo = { on: 'spawn', what: 'new process', flag: 'spawns' };
const SEND: EventInfo = { on: 'send', what: 'message sent' };
const RECEIVE: EventInfo = { on: 'receive', what: 'message received' };
const TIE: EventInfo = { on: 'tie', what: 'link or monitor', names: ['made', 'peer', 'tag'] };
const NAME: EventInfo = { on: 'name', what: 'registered name' };
const MAILBOX: EventInfo = {
  on: 'mailbox',
  what: 'long mailbox',
  measure: { example: '> 100', read: readCount },
};
const WAIT: EventInfo = { on: 'wait', what: 'long wait', measure: { example: '> 2s', read: readTime } };

/** An event that the condition of *Actor Events* begins with. */
interface ActorEvent {
  readonly info: EventInfo;
  /** What it says of the event by itself. */
  readonly means?: string;
}

/** By the words that they are called with. */
export const ACTOR_EVENTS: ReadonlyMap<string, ActorEvent> = new Map(
  Object.entries<ActorEvent>({
    spawn: { info: SPAWN },
    exit: { info: NORMAL_EXIT },
    send: { info: SEND },
    receive: { info: RECEIVE },
    link: { info: TIE, means: 'kind == "link"' },
    monitor: { info: TIE, means: 'kind == "monitor"' },
    register: { info: NAME },
    mailbox: { info: MAILBOX },
    wait: { info: WAIT },
  }),
);

/** The filter whose condition says which events it means. */
export const ACTORS = 'actors';

/** The filters that mean one kind of events, by their ids. Those from `normal-exits` on are kept for configurations that were saved before *Actor Events* replaced them. */
export const PLAIN_FILTERS: ReadonlyMap<string, EventInfo> = new Map(
  Object.entries<EventInfo>({
    traps: TRAP,
    'failed-exits': FAILED_EXIT,
    kills: KILL,
    'normal-exits': NORMAL_EXIT,
    spawns: SPAWN,
    sends: SEND,
    receives: RECEIVE,
    ties: TIE,
    names: NAME,
    mailbox: MAILBOX,
    waits: WAIT,
  }),
);

const PROCESSES = 'entry worker, name db, id 5, under 5';

/** The filters as clients are told of them: few, since VS Code lists them before a person's own breakpoints. */
export const EXCEPTION_FILTERS: DebugProtocol.ExceptionBreakpointsFilter[] = [
  {
    filter: 'traps',
    label: 'Traps and Panics',
    description: 'Hold a process that traps or panics, so that its stack and mailbox can be looked at',
    default: true,
    supportsCondition: true,
    conditionDescription: `panic, !panic; or which processes: ${PROCESSES}`,
  },
  {
    filter: 'failed-exits',
    label: 'Failed Exits',
    description:
      'Hold a process that ends with an exit code other than 0, as AssemblyScript programs do that throw an error. The main process only with a condition, or if it has printed a panic or an error',
    default: true,
    supportsCondition: true,
    conditionDescription: `code == 3, panic; or which processes: ${PROCESSES}`,
  },
  {
    filter: 'kills',
    label: 'Kills',
    description: 'Hold a process that another one kills, or that dies through a link, as it is',
    default: false,
    supportsCondition: true,
    conditionDescription: `link, !link, by == 3; or which processes: ${PROCESSES}`,
  },
  {
    filter: ACTORS,
    label: 'Actor Events',
    description:
      'Stop a process that sends or receives a message, is spawned, links, waits…: its condition says at what',
    default: false,
    supportsCondition: true,
    // The box for it is narrow: what comes first is seen.
    conditionDescription:
      'send tag == 5; spawn; mailbox > 100; receive entry worker; wait > 2s; exit; link; monitor; register name == "db"',
  },
];

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
