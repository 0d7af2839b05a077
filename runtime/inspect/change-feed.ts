import type { Process } from '../kernel/process.ts';
import { isParented, memoryOf, stateOf } from './process-info.ts';
import {
  type EndedProcess,
  MAX_CHANGES,
  type Notifications,
  type ProcessInfo,
  type ProcessKey,
  type ProcessState,
} from './protocol.ts';
import { isFailure } from './view/index.ts';

/** What a feed asks about the running processes. */
export interface ProcessSource {
  /** Every live process, oldest first. */
  live(): Iterable<Process>;
  readonly total: number;
  keyOf(process: Process): ProcessKey;
  /** Describes a process that has ended. */
  ended(process: Process): EndedProcess;
  /** Describes a process. */
  info(process: Process, names?: readonly string[]): ProcessInfo;
  /** Makes a function that finds the names of processes, to be called for all of them in the same turn. */
  namer(): (process: Process) => readonly string[];
}

/** The most processes in one notification that failed before the client had heard of them. */
const MAX_FAILED = 100;

/** Changes on one scheduler. */
export type FoundChanges = Notifications['processes/changed'] & {
  /** Processes that have gone to other schedulers, where they go on. Clients are not told of this. */
  readonly departed?: readonly ProcessKey[];
};

/** What a client was told about a process, as far as it shows whether there is news. */
interface Told {
  readonly turns: number;
  readonly state: ProcessState;
  readonly mailbox: number;
  readonly memory: number;
  readonly isParented: boolean;
  readonly links: number;
  readonly monitors: number;
  readonly names: readonly string[];
  /** The changes of the registry when the names were looked up. */
  registryChanges: number;
}

/**
 * Finds what has changed since a client was told last. Nothing is recorded while processes run: the feed compares what it
 * has told with the present state. So processes that nobody watches cost nothing, and a process that starts and ends in
 * between is mentioned only if it has failed.
 */
export class ChangeFeed {
  readonly #source: ProcessSource;
  /** What was told about each process, the oldest news first, so that all processes get their turn. */
  readonly #told = new Map<Process, Told>();
  /** Processes that failed before the client had heard of them. */
  #failed: EndedProcess[] = [];
  /** Processes of which the client was told and that have gone to other schedulers since. */
  #departed: ProcessKey[] = [];
  #total = -1;

  constructor(source: ProcessSource) {
    this.#source = source;
  }

  /** Must be called when a process has ended, before its mailbox and memory are released. */
  exited(process: Process): void {
    if (this.#failed.length === MAX_FAILED || this.#told.has(process)) return;
    const ended = this.#source.ended(process);
    if (isFailure(ended.end)) this.#failed.push({ ...ended, last: this.#source.info(process) });
  }

  /** Called when a process has gone to another scheduler. */
  departed(process: Process): void {
    if (this.#told.delete(process)) this.#departed.push(this.#source.keyOf(process));
  }

  /** Called when a process has taken the place of another one: clients know it already. */
  replaced(old: Process, fresh: Process): void {
    const told = this.#told.get(old);
    if (told === undefined) return;
    this.#told.delete(old);
    this.#told.set(fresh, told);
  }

  /** Returns the next changes, or null if there are none. */
  next(): FoundChanges | null {
    const source = this.#source;
    const started: Process[] = [];
    const changed: Process[] = [];
    const ended: Process[] = [];
    const { total } = source;
    const namesOf = source.namer();
    let known = 0;
    for (const [process, told] of this.#told) {
      if (process.exit !== null) {
        if (ended.length < MAX_CHANGES) ended.push(process);
        continue;
      }
      known++;
      if (changed.length < MAX_CHANGES && differs(process, told, namesOf)) changed.push(process);
    }
    if (known < total) {
      for (const process of source.live()) {
        if (started.length === MAX_CHANGES) break;
        if (!this.#told.has(process)) started.push(process);
      }
    }
    for (const process of [...ended, ...changed]) this.#told.delete(process);
    for (const process of [...changed, ...started])
      this.#told.set(process, visible(process, namesOf(process)));
    const failed = this.#failed;
    const departed = this.#departed;
    const count = started.length + changed.length + ended.length + failed.length + departed.length;
    if (count === 0 && total === this.#total) return null;
    this.#total = total;
    this.#failed = [];
    this.#departed = [];
    const describe = (process: Process) => source.info(process, namesOf(process));
    return {
      started: started.map(describe),
      changed: changed.map(describe),
      ended: [...ended.map((process) => source.ended(process)), ...failed],
      total,
      ...(departed.length === 0 ? {} : { departed }),
    };
  }
}

function visible(process: Process, names: readonly string[]): Told {
  const { turns, mailbox, links, monitors, registry } = process;
  const state = stateOf(process);
  return {
    turns,
    state,
    mailbox: mailbox.length,
    memory: memoryOf(process),
    isParented: isParented(process),
    links: links?.size ?? 0,
    monitors: monitors?.size ?? 0,
    names,
    registryChanges: registry.changes,
  };
}

/**
 * Compares without allocating: thousands of processes are compared several times a second. Names are only looked up where
 * any name has changed.
 */
function differs(process: Process, told: Told, namesOf: (process: Process) => readonly string[]): boolean {
  const state = stateOf(process);
  // The turns of a process that computes are no news.
  const hasMoved = told.turns !== process.turns && state !== 'running';
  return (
    hasMoved ||
    told.state !== state ||
    told.mailbox !== process.mailbox.length ||
    told.memory !== memoryOf(process) ||
    told.isParented !== isParented(process) ||
    told.links !== (process.links?.size ?? 0) ||
    told.monitors !== (process.monitors?.size ?? 0) ||
    isRenamed(process, told, namesOf)
  );
}

function isRenamed(process: Process, told: Told, namesOf: (process: Process) => readonly string[]): boolean {
  const { changes } = process.registry;
  if (changes === told.registryChanges) return false;
  told.registryChanges = changes;
  return namesOf(process).join('\n') !== told.names.join('\n');
}
