import type { Process } from '../kernel/process.ts';
import { MAX_CHANGES, type Notifications, type ProcessInfo, type ProcessKey } from './protocol.ts';

/** The running processes as a feed sees them. */
export interface ProcessSource {
  /** Every live process with a way to tell of it, oldest first. */
  live(): Iterable<{ readonly process: Process; readonly key: ProcessKey; info(): ProcessInfo }>;
  readonly total: number;
}

/** What of a process shows that there is something to tell. */
interface Told {
  readonly process: Process;
  turns: number;
  state: string;
  mailbox: number;
  parented: boolean;
}

/**
 * Tells one client what has changed since it was told last. Nothing is recorded while processes run: the feed compares
 * what it told with what is, so unwatched processes cost nothing, and those that come and go in between are never
 * mentioned.
 */
export class ChangeFeed {
  readonly #source: ProcessSource;
  readonly #told = new Map<ProcessKey, Told>();
  #total = -1;

  constructor(source: ProcessSource) {
    this.#source = source;
  }

  /** The next changes; null where there are none. */
  next(): Notifications['processes/changed'] | null {
    const started: ProcessInfo[] = [];
    const changed: ProcessInfo[] = [];
    const ended: ProcessKey[] = [];
    for (const [key, { process }] of this.#told) {
      if (process.exit === null) continue;
      if (ended.push(key) === MAX_CHANGES) break;
    }
    for (const key of ended) this.#told.delete(key);
    for (const { process, key, info } of this.#source.live()) {
      const told = this.#told.get(key);
      if (told === undefined) {
        if (started.length === MAX_CHANGES) continue;
        started.push(info());
        this.#told.set(key, { process, ...visible(process) });
      } else if (changed.length < MAX_CHANGES && differs(told)) {
        changed.push(info());
        Object.assign(told, visible(process));
      }
    }
    const { total } = this.#source;
    if (started.length + changed.length + ended.length === 0 && total === this.#total) return null;
    this.#total = total;
    return { started, changed, ended, total };
  }
}

function visible(process: Process): Omit<Told, 'process'> {
  const { turns, state, mailbox, parent, environment } = process;
  const parented = parent !== null && environment.get(parent) !== undefined;
  return { turns, state, mailbox: mailbox.length, parented };
}

function differs(told: Told): boolean {
  const { process } = told;
  if (told.turns !== process.turns || told.mailbox !== process.mailbox.length) return true;
  const now = visible(process);
  return told.state !== now.state || told.parented !== now.parented;
}
