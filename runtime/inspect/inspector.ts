import type { Exit } from '../kernel/exit.ts';
import { dataMessage } from '../kernel/message.ts';
import type { LoadedModule } from '../kernel/module.ts';
import type { SchedulerObserver } from '../kernel/observers.ts';
import type { Process } from '../kernel/process.ts';
import { restart } from '../kernel/restart.ts';
import type { Scheduler } from '../kernel/scheduler.ts';
import { tagFromGuest } from '../kernel/tag.ts';
import { ActorEvents } from './actor-events.ts';
import type { ChangeFeed } from './change-feed.ts';
import { type Holder, Holding } from './holding.ts';
import { InspectionError } from './inspection-error.ts';
import { LastOutput } from './last-output.ts';
import { Modules } from './modules.ts';
import type { Others } from './others.ts';
import { ProcessIndex } from './process-index.ts';
import { InspectError, type ProcessKey } from './protocol.ts';
import { Queries } from './queries.ts';
import { Stopping } from './stopping.ts';
import { Traps } from './traps.ts';

/** A session of a client that can be shown other schedulers. */
interface JoiningSession {
  join(others: Others): void;
}

/**
 * What the inspection protocol does to the processes of one scheduler, and what it tells of them. Knows no connection.
 * Methods must be called between turns of processes, from the event loop.
 */
export class Inspector implements SchedulerObserver {
  readonly index: ProcessIndex;
  readonly modules: Modules;
  readonly queries: Queries;
  readonly holding: Holding;
  readonly stopping: Stopping;
  readonly events: ActorEvents;
  /** Clients that have introduced themselves. */
  readonly sessions = new Set<JoiningSession>();
  /** What clients watch. */
  readonly feeds = new Set<ChangeFeed>();
  readonly traps: Traps;
  readonly #scheduler: Scheduler;
  readonly #output = new LastOutput();
  #others: Others | null = null;

  /**
   * Begins to observe a scheduler, before its first process.
   * @param origin where the program's module is from
   */
  constructor(scheduler: Scheduler, origin: string) {
    this.#scheduler = scheduler;
    this.modules = new Modules(origin);
    this.index = new ProcessIndex(this.modules, this.#output);
    this.traps = new Traps(this.index, this.modules);
    this.queries = new Queries(scheduler, this.index, this.modules);
    this.holding = new Holding(scheduler, this.index);
    this.stopping = new Stopping(scheduler, this.index, this.modules, this.holding);
    this.events = new ActorEvents(scheduler, this.index, this.holding, (process, happening) =>
      this.stopping.happened(process, happening),
    );
    scheduler.observers.add(this);
  }

  /** Whether processes can be stopped in the midst of their code. */
  get isDebugging(): boolean {
    return this.#scheduler.probes !== null;
  }

  /** The other schedulers; null as long as there are none. */
  get others(): Others | null {
    return this.#others;
  }

  /** From now on clients see other schedulers, too. */
  join(others: Others): void {
    this.#others = others;
    for (const session of this.sessions) session.join(others);
  }

  /** Observes the scheduler no longer. */
  stop(): void {
    this.#scheduler.observers.remove(this);
  }

  /** Adds a module that root processes are made of, so that clients can ask for it before there are any. */
  addModule(module: LoadedModule): void {
    this.modules.keyOf(module);
  }

  /** Whether somebody looks at a process that stands still, or steps one. */
  get isLookedAt(): boolean {
    return this.holding.holdsAny || this.stopping.isStepping;
  }

  /** Keeps what the process that has the turn has just printed. */
  printed(bytes: Uint8Array): void {
    const { running } = this.#scheduler;
    // What a process of another scheduler prints is known there.
    if (running !== null && this.holding.clients.size > 0) this.#output.add(running, bytes);
  }

  kill(key: ProcessKey): null {
    const process = this.index.get(key);
    this.#scheduler.kill(process);
    // Among thousands of busy processes its turn would come late.
    this.#scheduler.hurry(process);
    return null;
  }

  /** Begins a process anew that stands still; it stops at its first site. */
  restart(key: ProcessKey, client: Holder): null {
    const old = this.index.get(key);
    if (!old.paused || !old.initialized)
      throw new InspectionError(
        InspectError.Refused,
        `process ${key} does not stand still, or is in its start section, so it cannot begin anew`,
      );
    const fresh = restart(this.#scheduler, old);
    if (typeof fresh === 'string')
      throw new InspectionError(InspectError.Refused, `process ${key} cannot begin anew: ${fresh}`);
    this.index.replace(old, fresh);
    for (const feed of this.feeds) feed.replaced(old, fresh);
    this.stopping.forget(old);
    this.holding.replaced(old);
    this.stopping.restarted(client, fresh);
    return null;
  }

  send(key: ProcessKey, tag: bigint, data: Uint8Array): null {
    const message = dataMessage(tagFromGuest(tag));
    message.append(data);
    const { id, environment, initialized } = this.index.get(key);
    if (!initialized)
      throw new InspectionError(
        InspectError.Refused,
        `no message reaches process ${key} before its start section has run`,
      );
    environment.router.deliverMessage(id, message);
    return null;
  }

  // -- what the scheduler tells --------------------------------------------------------------------------

  onBegin(process: Process): void {
    this.holding.begins(process);
  }

  onSpawn(process: Process): undefined {
    this.holding.spawned(process, this.events.spawned(process));
  }

  holds(process: Process, exit: Exit): boolean {
    return this.holding.holds(process, exit, this.events.ended(process, exit));
  }

  onDepart(process: Process): void {
    this.holding.forget(process);
    this.stopping.forget(process);
    for (const feed of this.feeds) feed.departed(process);
  }

  onArrive(process: Process): void {
    this.holding.arrived(process);
  }

  onExit(process: Process): void {
    this.holding.forget(process);
    this.stopping.forget(process);
    for (const feed of this.feeds) feed.exited(process);
    this.traps.exited(process);
  }
}
