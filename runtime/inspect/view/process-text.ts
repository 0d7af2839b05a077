import { type StackFrame, stackLines } from '../../symbols/stack-frame.ts';
import { bytesOf, countOf } from '../../text/quantities.ts';
import type { ProcessEnd, ProcessInfo, WaitReason } from '../protocol.ts';
import type { ViewedProcess } from './viewed-process.ts';

const STATES = {
  initializing: 'starting',
  ready: 'ready',
  running: 'running',
  waiting: 'waiting',
  paused: 'paused',
  held: 'held',
  ended: 'ended',
} as const satisfies Record<ViewedProcess['state'], string>;

const WAITS = {
  message: 'waiting for a message',
  sleep: 'sleeping',
  spawn: 'waiting for a process to start',
  // Between two of its turns a process that computes waits for the next one.
  turn: 'running',
  event: 'waiting for input, output or a name',
} as const satisfies Record<WaitReason, string>;

/** What the name of a process is made of. */
export type NamedProcess = Pick<ProcessInfo, 'id' | 'environment' | 'names' | 'entry'>;

/** `#5 worker`: its id, and a registered name or else the function that it runs. */
export function processName({ id, environment, names, entry }: NamedProcess): string {
  const number = environment === 1 ? `#${id}` : `#${environment}:${id}`;
  return `${number} ${names[0] ?? entry}`;
}

/** What is left of the name of a process that is not there any more. */
export function endedName(id: number): string {
  return `#${id}, which has ended`;
}

/** What a process is doing: `waiting for a message`, `paused, sleeping`, `trapped: divide by zero`. */
export function processActivity({
  state,
  waitsFor,
  end,
}: Pick<ViewedProcess, 'state' | 'waitsFor' | 'end'>): string {
  if ((state === 'held' || state === 'ended') && end !== undefined) return firstLine(endText(end));
  if (waitsFor === undefined) return STATES[state];
  if (state === 'paused' && waitsFor !== 'turn') return `${STATES.paused}, ${WAITS[waitsFor]}`;
  return state === 'waiting' ? WAITS[waitsFor] : STATES[state];
}

/** How a process has ended: `exited with code 3`, `trapped: unreachable`. Possibly of several lines. */
export function endText(end: ProcessEnd): string {
  switch (end.kind) {
    case 'returned':
      return 'ended';
    case 'exited': {
      const code = `exited with code ${end.code}`;
      return end.panic === undefined ? code : `${code}: ${end.panic}`;
    }
    case 'killed':
      return 'killed';
    case 'trapped':
      return end.panic === undefined ? `trapped: ${end.message}` : `panicked: ${end.panic}`;
    case 'not-started':
      return `could not start: ${end.message}`;
    case 'bug':
      return `ended by an error in the runtime, please report it: ${end.message}`;
  }
}

/** Whether a process has failed by itself: it has neither ended normally nor been killed. */
export function isFailure(end: ProcessEnd): boolean {
  return end.kind === 'exited' ? end.code !== 0 : end.kind !== 'returned' && end.kind !== 'killed';
}

/** `#5 worker (waiting for a message, 3 in mailbox)` */
export function threadName(process: ViewedProcess): string {
  const { mailbox } = process;
  const mail = mailbox > 0 ? `, ${mailbox} in mailbox` : '';
  return `${processName(process)} (${processActivity(process)}${mail})`;
}

/** What is known of a process, as rows of a table: names and values. */
export function processRows(
  process: ViewedProcess,
  parent?: NamedProcess,
): (readonly [name: string, value: string])[] {
  const { names, entry, scheduler, since, mailbox, memory, links, monitors, state, end } = process;
  const seen = `${processActivity(process)} since ${new Date(since).toLocaleTimeString()}`;
  const rows: [string, string][] = [['State', state === 'ended' ? `ended at ${timeOf(since)}` : seen]];
  if (state === 'ended' && end !== undefined) rows.push(['End', endText(end)]);
  if (names.length > 0) rows.push(['Registered as', names.join(', ')]);
  rows.push(['Entry', entry]);
  if (scheduler !== undefined) rows.push(['Scheduler', `${scheduler}`]);
  if (parent !== undefined) rows.push(['Parent', processName(parent)]);
  rows.push(['Mailbox', countOf(mailbox, 'message')], ['Memory', bytesOf(memory)]);
  rows.push(['Links', `${links}`], ['Monitored by', countOf(monitors, 'process')]);
  return rows;
}

function timeOf(time: number): string {
  return new Date(time).toLocaleTimeString();
}

/** What a process was doing when somebody looked. */
export interface ProcessSnapshot {
  readonly id: number;
  /** Some of the names under which it is registered, fit to be displayed. */
  readonly names: readonly string[];
  /** In words: `waiting for a message`. */
  readonly activity: string;
  /** Messages in its mailbox. */
  readonly messages: number;
  /** Where it is suspended, innermost call first. Empty where nobody knows. */
  readonly stack: readonly StackFrame[];
  /** The stack as it is printed, if that is more than what its frames tell. */
  readonly lines?: readonly string[];
}

/**
 *     process 3 (logger): waiting for a message, 2 messages in its mailbox
 *         at receive (function 12, offset 0x3f2)
 *
 * Without the end of the last line.
 */
export function processLine({ id, names, activity, messages, stack, lines }: ProcessSnapshot): string {
  const mail = messages === 0 ? '' : `, ${countOf(messages, 'message')} in its mailbox`;
  const calls = (lines ?? stackLines(stack)).map((line) => `\n    ${line}`);
  return `${plainName(id, names)}: ${activity}${mail}${calls.join('')}`;
}

/** `process 3 (logger, db)` */
export function plainName(id: number, names: readonly string[]): string {
  return names.length === 0 ? `process ${id}` : `process ${id} (${names.join(', ')})`;
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? '';
}
