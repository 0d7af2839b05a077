import { type Exit, isNormal } from '../kernel/exit.ts';
import type { LoadedModule } from '../kernel/module.ts';
import type { Process } from '../kernel/process.ts';
import type { Scheduler } from '../kernel/scheduler.ts';
import { NewModules } from './new-modules.ts';
import { isMeant, ProcessChoices } from './process-choices.ts';
import type { ProcessIndex } from './process-index.ts';
import type { Notifications, ProcessKey, ProcessPattern, StopReason } from './protocol.ts';

/** A client that pauses processes or holds those that fail, and hears of it. */
export interface Holder {
  stopped(event: Notifications['process/stopped']): void;
  continued(event: Notifications['process/continued']): void;
  allStopped(event: Notifications['processes/stopped']): void;
  allContinued(): void;
  logged(event: Notifications['logged']): void;
  breakpointFailed(event: Notifications['breakpoint/failed']): void;
  moduleAdded(module: LoadedModule): void;
}

/** Of which processes something is wanted: of all, of none, or of those of some patterns. */
export type Wanted = boolean | readonly ProcessPattern[];

/** More of why a process stands still. */
export type StopDetails = Pick<Notifications['process/stopped'], 'change' | 'event'>;

/** For whom a process is held at its beginning or its end besides, with the numbers of their breakpoints. */
interface Wish {
  readonly hits: ReadonlyMap<Holder, readonly number[]>;
  readonly text: string;
}

/** Which processes a client wants to be held when they fail, or before they begin. */
export interface Events {
  readonly traps: Wanted;
  readonly failedExits: Wanted;
  readonly spawns: Wanted;
}

/**
 * Processes that stand still, and for which clients they do. One that stands still for no client any more goes on.
 * Methods must be called between turns of processes, from the event loop.
 */
export class Holding {
  /** All clients. */
  readonly clients = new Set<Holder>();
  readonly choices = new ProcessChoices();
  readonly newModules = new NewModules<Holder>((process) => this.#letBegin(process));
  readonly #scheduler: Scheduler;
  readonly #index: ProcessIndex;
  readonly #events = new Map<Holder, Events>();
  readonly #holders = new Map<Process, Set<Holder>>();
  /** Processes of which clients were told, one by one, that they stand still. */
  readonly #told = new Set<Process>();
  /** Whether the root process is that of a program: its exit code is a result. Those of tests and of programs in Node are failures. */
  hasProgram = false;
  #isClosed = false;
  /** The client for which the root process will be paused when it has been made. */
  #entryHolder: Holder | null = null;

  constructor(scheduler: Scheduler, index: ProcessIndex) {
    this.#scheduler = scheduler;
    this.#index = index;
  }

  /** Whether a process stands still for a client. */
  get holdsAny(): boolean {
    return this.#holders.size > 0;
  }

  /** From now on holds processes for a client when such things happen to them. */
  holdAt(client: Holder, events: Events): void {
    if (events.traps || events.failedExits || events.spawns) this.#events.set(client, events);
    else this.#events.delete(client);
  }

  /** Called before the first instruction of a process. */
  begins(process: Process): void {
    if (this.newModules.begins(process)) process.paused = true;
  }

  /** Lets a process begin that has waited for nothing but breakpoints in its module. */
  #letBegin(process: Process): void {
    if (process.exit === null && !this.#holders.has(process)) this.#scheduler.holding.resume(process);
  }

  /** Called before a process is entered into its environment. It is kept from its first turn if a client wants that. */
  spawned(process: Process, wish: Wish | null): void {
    this.choices.spawned(process);
    // A root process is kept for whoever starts it.
    if (process.parent === null) return;
    let isHeld = false;
    for (const [client, { spawns }] of this.#events) {
      if (!isWanted(process, spawns) || !this.choices.admits(client, process)) continue;
      isHeld = true;
      this.#holdFor(client, process);
    }
    for (const client of wish?.hits.keys() ?? []) this.#holdFor(client, process);
    if (!isHeld && wish === null) return;
    process.paused = true;
    const details = wish === null ? {} : { event: wish.text };
    setImmediate(() => {
      // Somebody else may have refused it.
      if (process.environment.get(process.id) === process)
        this.#stopped(process, 'entry', wish?.hits, details);
      else this.forget(process);
    });
  }

  /** Whether a process that has failed is held. */
  holds(process: Process, exit: Exit, wish: Wish | null): boolean {
    let isHeld = wish !== null;
    for (const client of wish?.hits.keys() ?? []) this.#holdFor(client, process);
    const hasFailed = !isNormal(exit) && exit.kind !== 'killed';
    for (const [client, { traps, failedExits }] of hasFailed ? this.#events : []) {
      const ofExits = failedExits === true && this.#isResult(process, exit) ? false : failedExits;
      const wanted = exit.kind === 'exited' ? ofExits : traps;
      if (!isWanted(process, wanted) || !this.choices.admits(client, process)) continue;
      isHeld = true;
      this.#holdFor(client, process);
    }
    // The scheduler marks the process as held when it has the answer.
    const details = wish === null ? {} : { event: wish.text };
    if (isHeld) setImmediate(() => this.#stopped(process, 'failure', wish?.hits, details));
    return isHeld;
  }

  /** Whether an exit code is what a program says to whoever has started it: no failure, unless it has said so itself. */
  #isResult(process: Process, exit: Exit): boolean {
    return process.parent === null && this.hasProgram && !this.#index.hasPanicked(process, exit);
  }

  /**
   * Holds a process that stands still at a site of its code from the end of its turn on.
   * @param clients those for whom it does, with the numbers of their breakpoints that it has hit
   */
  hold(
    process: Process,
    clients: ReadonlyMap<Holder, readonly number[]>,
    why: StopReason,
    details: StopDetails = {},
  ): void {
    this.#index.keep(process);
    for (const client of clients.keys()) this.#holdFor(client, process);
    setImmediate(() => this.#stopped(process, why, clients, details));
  }

  /** Called when a process has come from another scheduler. If it stood still there, it does so here; clients know it already. */
  arrived(process: Process): void {
    if (this.#isClosed) process.paused = true;
    if (!process.paused) return;
    if (this.clients.size === 0) process.paused = false;
    for (const client of this.clients) this.#holdFor(client, process);
    if (process.paused) this.#told.add(process);
  }

  /** Whether what comes from other schedulers stands still here, since all processes are being paused. */
  close(isClosed: boolean): void {
    this.#isClosed = isClosed;
  }

  /** Called when another process has taken the place of one that stood still. */
  replaced(old: Process): void {
    this.forget(old);
    const event = { process: this.#index.keyOf(old) };
    for (const listener of this.clients) listener.continued(event);
  }

  /** Holds a process that was begun anew, and has not had a turn. */
  restarted(client: Holder, process: Process): void {
    this.#holdFor(client, process);
    setImmediate(() => this.#stopped(process, 'restart'));
  }

  forget(process: Process): void {
    this.newModules.leaves(process);
    this.#told.delete(process);
    this.#holders.delete(process);
  }

  /** The root process, which is yet to be made, will be paused for a client. */
  pauseEntryFor(client: Holder): void {
    this.#entryHolder = client;
  }

  /** Keeps a root process, which has just been made, from its first turn, if its client is still there. */
  pauseAtEntry(process: Process): void {
    if (this.#entryHolder === null) return;
    this.#holdFor(this.#entryHolder, process);
    this.#scheduler.holding.pause([process]);
    setImmediate(() => this.#stopped(process, 'entry'));
  }

  pause(key: ProcessKey, client: Holder): null {
    const process = this.#index.get(key);
    this.#holdFor(client, process);
    this.#scheduler.holding.pause([process]);
    this.#stopped(process, 'pause');
    return null;
  }

  /** Pauses every process at one moment, so that none is left that could start another. */
  pauseAll(client: Holder): null {
    const processes = [...this.#index.live()];
    for (const process of processes) this.#holdFor(client, process);
    this.#scheduler.holding.pause(processes);
    const { total } = this.#index;
    for (const listener of this.clients) listener.allStopped({ total });
    return null;
  }

  /** Lets a process go on, whoever it stands still for. */
  resume(key: ProcessKey): null {
    this.#resume(this.#index.get(key));
    return null;
  }

  /** Lets every paused process go on. A process that has failed stays as it is. */
  resumeAll(): null {
    for (const process of this.#index.live()) {
      if (process.heldExit !== null || !process.paused) continue;
      this.#told.delete(process);
      this.#holders.delete(process);
      if (!this.newModules.keeps(process)) this.#scheduler.holding.resume(process);
    }
    for (const listener of this.clients) listener.allContinued();
    return null;
  }

  /** Lets go on what stands still for nobody but a client that has gone. */
  release(client: Holder): void {
    this.clients.delete(client);
    this.choices.forget(client);
    this.newModules.forget(client);
    this.#events.delete(client);
    if (this.#entryHolder === client) this.#entryHolder = null;
    for (const [process, holders] of [...this.#holders]) {
      if (holders.delete(client) && holders.size === 0) this.#resume(process);
    }
  }

  #holdFor(client: Holder, process: Process): void {
    const holders = this.#holders.get(process);
    if (holders === undefined) this.#holders.set(process, new Set([client]));
    else holders.add(client);
  }

  #resume(process: Process): void {
    this.#holders.delete(process);
    if (!process.paused) return;
    if (!this.newModules.keeps(process)) this.#scheduler.holding.resume(process);
    this.#told.delete(process);
    const event = { process: this.#index.keyOf(process) };
    for (const listener of this.clients) listener.continued(event);
  }

  /** Tells clients that a process stands still, if it still does and they do not know. */
  #stopped(
    process: Process,
    why: StopReason,
    hit?: ReadonlyMap<Holder, readonly number[]>,
    details: StopDetails = {},
  ): void {
    if (!process.paused || process.exit !== null || this.#told.has(process)) return;
    this.#told.add(process);
    const event = { process: this.#index.info(process), why, ...details };
    for (const listener of this.clients) {
      const breakpoints = hit?.get(listener) ?? [];
      listener.stopped(breakpoints.length === 0 ? event : { ...event, breakpoints });
    }
  }
}

function isWanted(process: Process, wanted: Wanted): boolean {
  return typeof wanted === 'boolean' ? wanted : isMeant(process, wanted);
}
