import type { Process } from '../kernel/process.ts';
import { memoryOf, stateOf } from './process-info.ts';
import {
  type EndedProcess,
  MAX_CHANGES,
  type Notifications,
  type ProcessInfo,
  type ProcessKey,
  type ProcessState,
} from './protocol.ts';
import { isFailure } from './view/index.ts';

/** The running processes as a feed sees them. */
export interface ProcessSource {
  /** Every live process, oldest first. */
  live(): Iterable<Process>;
  readonly total: number;
  keyOf(process: Process): ProcessKey;
  /** What is told of a process that has ended. */
  ended(process: Process): EndedProcess;
  /** What is told of a process otherwise. */
  info(process: Process): ProcessInfo;
  /** Makes the function that tells of processes, all of them at the same moment. */
  describer(): (process: Process) => ProcessInfo;
}

/** Processes that failed before a client was told of them, of which it is told in one notification at most. */
const MAX_FAILED = 100;

/** What of a process shows that there is something to tell. */
interface Told {
  readonly turns: number;
  readonly state: ProcessState;
  readonly mailbox: number;
  readonly memory: number;
  readonly isParented: boolean;
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
  /** Processes that have failed before this client was told of them, as they were. */
  #failed: EndedProcess[] = [];
  #total = -1;

  constructor(source: ProcessSource) {
    this.#source = source;
  }

  /** Called when a process has ended, while it is still known how it was. */
  exited(process: Process): void {
    if (this.#failed.length === MAX_FAILED || this.#told.has(process)) return;
    const ended = this.#source.ended(process);
    if (isFailure(ended.end)) this.#failed.push({ ...ended, last: this.#source.info(process) });
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
    const failed = this.#failed;
    const count = started.length + changed.length + ended.length + failed.length;
    if (count === 0 && total === this.#total) return null;
    this.#total = total;
    this.#failed = [];
    const describe = source.describer();
    return {
      started: started.map(describe),
      changed: changed.map(describe),
      ended: [...ended.map((process) => source.ended(process)), ...failed],
      total,
    };
  }
}

function visible(process: Process): Told {
  const { turns, mailbox } = process;
  const state = stateOf(process);
  return {
    turns,
    state,
    mailbox: mailbox.length,
    memory: memoryOf(process),
    isParented: isParented(process),
  };
}

function isParented({ parent, environment }: Process): boolean {
  return parent !== null && environment.get(parent) !== undefined;
}

/** Thousands are asked several times a second: nothing is made for those that stand still. */
function differs(process: Process, told: Told): boolean {
  const state = stateOf(process);
  // A process that computes has many turns, and there is nothing to tell of them.
  const hasMoved = told.turns !== process.turns && state !== 'running';
  return (
    hasMoved ||
    told.state !== state ||
    told.mailbox !== process.mailbox.length ||
    told.memory !== memoryOf(process) ||
    told.isParented !== isParented(process)
  );
}
