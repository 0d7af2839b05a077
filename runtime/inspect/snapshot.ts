import { processStack } from '../kernel/guest-stack.ts';
import type { ProcessId } from '../kernel/ids.ts';
import { type Process, Wait } from '../kernel/process.ts';
import type { Scheduler } from '../kernel/scheduler.ts';
import { type StackFrame, stackLines } from '../symbols/stack-frame.ts';
import { displayName } from '../text/display-name.ts';

/** Registered names of a process that are shown. */
const SHOWN_NAMES = 3;

/** What a process was at when somebody looked. */
export interface ProcessSnapshot {
  readonly id: ProcessId;
  /** Some of the names under which it is registered, fit to be shown. */
  readonly names: readonly string[];
  /** In words that follow its name: `waits for a message`. */
  readonly activity: string;
  /** Messages in its mailbox. */
  readonly messages: number;
  /** Where it is suspended, innermost call first. Empty where nobody knows. */
  readonly stack: readonly StackFrame[];
}

const ACTIVITIES: Readonly<Record<Wait, string>> = {
  [Wait.None]: 'runs',
  [Wait.Receive]: 'waits for a message',
  [Wait.Sleep]: 'sleeps',
  [Wait.Spawn]: 'waits for a process to start',
  [Wait.Turn]: 'runs',
  [Wait.Event]: 'waits for input, output or a name',
};

/** What processes are at, at most so many, in their order. Nothing happens to them while their stacks are looked at. */
export function snapshots(
  processes: Iterable<Process>,
  scheduler: Scheduler,
  limit: number,
): Promise<ProcessSnapshot[]> {
  const found: Promise<ProcessSnapshot>[] = [];
  for (const process of processes) {
    if (found.length === limit) break;
    found.push(snapshot(process, scheduler));
  }
  return Promise.all(found);
}

async function snapshot(process: Process, scheduler: Scheduler): Promise<ProcessSnapshot> {
  const { id, mailbox } = process;
  const seen = { id, names: shownNames(process), activity: activityOf(process), messages: mailbox.length };
  const error = await scheduler.stacks.of(process);
  return { ...seen, stack: error === null ? [] : processStack(error, process) };
}

function activityOf({ state, queued, wait }: Process): string {
  if (state === 'paused') return 'is paused';
  if (state === 'trapped') return 'has trapped';
  // Between two of its turns a process that computes waits for the next one.
  return queued && wait !== Wait.Turn ? 'is ready' : ACTIVITIES[wait];
}

/** One line for the process, and one for each call it is in, without the end of the last. */
export function describeSnapshot(seen: Omit<ProcessSnapshot, 'id'> & { readonly id: number }): string {
  const { id, names, activity, messages, stack } = seen;
  const mail =
    messages === 0 ? '' : `, ${messages} ${messages === 1 ? 'message' : 'messages'} in its mailbox`;
  const calls = stackLines(stack).map((line) => `\n    ${line}`);
  return `${nameProcess(id, names)} ${activity}${mail}${calls.join('')}`;
}

/** `process 3 (logger, db)` */
export function describeProcess(process: Process): string {
  return nameProcess(process.id, shownNames(process));
}

function nameProcess(id: number, names: readonly string[]): string {
  return `process ${id}${names.length === 0 ? '' : ` (${names.join(', ')})`}`;
}

/** Some of the names under which a process is registered, fit to be shown. */
export function shownNames({ registry, id }: Process): string[] {
  return registry.namesOf(id, SHOWN_NAMES).map(displayName);
}
