import type { Process } from '../kernel/process.ts';
import {
  type EndedProcess,
  MAX_CHANGES,
  type Notifications,
  type ProcessInfo,
  type ProcessKey,
} from './protocol.ts';

/** The running processes as a feed sees them. */
export interface ProcessSource {
  /** Every live process, oldest first. */
  live(): Iterable<Process>;
  readonly total: number;
  keyOf(process: Process): ProcessKey;
  /** What is told of a process that has ended. */
  ended(process: Process): EndedProcess;
  /** Makes the function that tells of processes, all of them at the same moment. */
  describer(): (process: Process) => ProcessInfo;
}

/** What of a process shows that there is something to tell. */
interface Told {
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
  /** The processes that were told of, the one whose last news is oldest first: in turns, all get their place. */
  readonly #told = new Map<Process, Told>();
  #total = -1;

  constructor(source: ProcessSource) {
    this.#source = source;
  }

  /** The next changes; null where there are none. */
  next(): Notifications['processes/changed'] | null {
    const source = this.#source;
    const started: Process[] = [];
    const changed: Process[] = [];
    const ended: Process[] = [];
    const { total } = source;
    let known = 0;
    for (const [process, told] of this.#told) {
      if (process.exit !== null) {
        if (ended.length < MAX_CHANGES) ended.push(process);
        continue;
      }
      known++;
      if (changed.length < MAX_CHANGES && differs(process, told)) changed.push(process);
    }
    if (known < total) {
      for (const process of source.live()) {
        if (started.length === MAX_CHANGES) break;
        if (!this.#told.has(process)) started.push(process);
      }
    }
    for (const process of [...ended, ...changed]) this.#told.delete(process);
    for (const process of [...changed, ...started]) this.#told.set(process, visible(process));
    if (started.length + changed.length + ended.length === 0 && total === this.#total) return null;
    this.#total = total;
    const describe = source.describer();
    return {
      started: started.map(describe),
      changed: changed.map(describe),
      ended: ended.map((process) => source.ended(process)),
      total,
    };
  }
}

function visible(process: Process): Told {
  const { turns, state, mailbox } = process;
  return { turns, state, mailbox: mailbox.length, parented: isParented(process) };
}

function isParented({ parent, environment }: Process): boolean {
  return parent !== null && environment.get(parent) !== undefined;
}

/** Thousands are asked several times a second: nothing is made for those that stand still. */
function differs(process: Process, told: Told): boolean {
  return (
    told.turns !== process.turns ||
    told.mailbox !== process.mailbox.length ||
    told.state !== process.state ||
    told.parented !== isParented(process)
  );
}
