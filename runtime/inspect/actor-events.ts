import { compileExpression, parseExpression, truthOf } from '../expressions/index.ts';
import type { ActorWatcher, KillCause } from '../kernel/actor-watcher.ts';
import type { Exit } from '../kernel/exit.ts';
import { NO_PROCESS, type ProcessId } from '../kernel/ids.ts';
import type { Message } from '../kernel/message.ts';
import type { Process } from '../kernel/process.ts';
import type { Scheduler } from '../kernel/scheduler.ts';
import type { Signal } from '../kernel/signal.ts';
import { NO_TAG, type Tag } from '../kernel/tag.ts';
import { ActorEvent, scopeOf, waitOf } from './actor-event.ts';
import { EventTexts } from './event-texts.ts';
import type { Holder, Holding } from './holding.ts';
import { isMeant } from './process-choices.ts';
import type { ProcessIndex } from './process-index.ts';
import type { EventBreakpoint, EventKind } from './protocol.ts';
import { Senders } from './senders.ts';
import { messageOf } from './site-breakpoint.ts';

/** Milliseconds between two looks at what processes wait for, at least. */
const WAIT_INTERVAL = 20;
/** Looks take at most one part in so many of the time. */
const WAIT_SHARE = 20;

/** A breakpoint of a client on a kind of events. */
interface Filter {
  readonly client: Holder;
  readonly wanted: EventBreakpoint;
  readonly isMet: (event: ActorEvent) => boolean;
  /** What its client has been told is wrong with its condition. */
  told: string | null;
}

/** For whom a process stops at an event, with the numbers of their breakpoints; and what has happened, in words. */
export interface Happening {
  readonly hits: ReadonlyMap<Holder, readonly number[]>;
  readonly text: string;
}

/** Kinds of which the scheduler tells; of the others, all schedulers do. */
const WATCHED: ReadonlySet<EventKind> = new Set([
  'normal-exit',
  'kill',
  'send',
  'receive',
  'tie',
  'name',
  'mailbox',
]);

/** Breakpoints on what processes do to each other. Nothing is looked at as long as there is none. */
export class ActorEvents implements ActorWatcher {
  readonly #scheduler: Scheduler;
  readonly #index: ProcessIndex;
  readonly #holding: Holding;
  readonly #stop: (process: Process, happening: Happening) => void;
  readonly #texts: EventTexts;
  readonly #filters = new Map<EventKind, Filter[]>();
  readonly #event = new ActorEvent();
  #senders = new Senders();
  /** What has been found of processes that are to be killed as soon as they hand on the turn. */
  #doomed = new WeakMap<Process, Happening>();
  #timer: NodeJS.Timeout | null = null;
  /** When processes were first seen in the wait in which they are. */
  #waits = new WeakMap<Process, { readonly turns: number; readonly since: number; isTold: boolean }>();

  /** @param stop stops a process as soon as it comes to a place to stand */
  constructor(
    scheduler: Scheduler,
    index: ProcessIndex,
    holding: Holding,
    stop: (process: Process, happening: Happening) => void,
  ) {
    this.#scheduler = scheduler;
    this.#index = index;
    this.#holding = holding;
    this.#stop = stop;
    this.#texts = new EventTexts(index, scheduler);
  }

  /** Replaces those of a client. Returns what is wrong with each of them, or null: such a one stops nothing. */
  set(client: Holder, wanted: readonly EventBreakpoint[]): (string | null)[] {
    this.#remove(client);
    const problems = wanted.map((breakpoint): string | null => {
      const { on, condition } = breakpoint;
      try {
        const isMet =
          condition === undefined
            ? () => true
            : truthOf(compileExpression(parseExpression(condition), scopeOf(on)));
        const filters = this.#filters.get(on) ?? [];
        filters.push({ client, wanted: breakpoint, isMet, told: null });
        this.#filters.set(on, filters);
        return null;
      } catch (error) {
        return messageOf(error);
      }
    });
    this.#watch();
    return problems;
  }

  release(client: Holder): void {
    this.#remove(client);
    this.#watch();
  }

  #remove(client: Holder): void {
    for (const [kind, filters] of this.#filters) {
      const others = filters.filter((filter) => filter.client !== client);
      if (others.length === 0) this.#filters.delete(kind);
      else this.#filters.set(kind, others);
    }
  }

  #watch(): void {
    const isWanted = [...this.#filters.keys()].some((kind) => WATCHED.has(kind));
    if (isWanted && this.#scheduler.watcher === null) this.#senders = new Senders();
    this.#scheduler.watcher = isWanted ? this : null;
    if (!this.#filters.has('wait')) {
      if (this.#timer !== null) clearTimeout(this.#timer);
      this.#timer = null;
    } else if (this.#timer === null) {
      this.#waits = new WeakMap();
      this.#look();
    }
  }

  // -- beginnings and ends ------------------------------------------------------------------------------

  /** Called before a process is entered into its environment. */
  spawned(process: Process): Happening | null {
    if (!this.#filters.has('spawn')) return null;
    return this.#find('spawn', this.#event.begin(process), () => this.#texts.spawned(process));
  }

  /** Called when a process is about to end. */
  ended(process: Process, exit: Exit): Happening | null {
    if (exit.kind === 'killed') {
      const found = this.#doomed.get(process) ?? null;
      this.#doomed.delete(process);
      return found === null ? null : this.#stillWanted(found);
    }
    const kind = kindOf(exit);
    if (!this.#filters.has(kind)) return null;
    const event = this.#event.begin(process);
    if (exit.kind === 'exited') event.code = exit.code;
    event.panic = this.#index.hasPanicked(process, exit);
    return this.#find(kind, event, () => this.#texts.ended(exit));
  }

  holdsKilled(process: Process, cause: KillCause): boolean {
    if (!this.#filters.has('kill')) return false;
    const event = this.#event.begin(process);
    event.link = cause.kind === 'link-died';
    event.by = cause.kind === 'link-died' ? cause.peer : (this.#scheduler.running?.id ?? NO_PROCESS);
    const found = this.#find('kill', event, () => this.#texts.killed(event));
    if (found === null) return false;
    if (this.#scheduler.running === process) this.#doomed.set(process, found);
    else this.#holding.hold(process, found.hits, 'failure', { event: found.text });
    return true;
  }

  // -- messages -----------------------------------------------------------------------------------------

  sent(target: ProcessId, _: Process | undefined, message: Message): void {
    const process = this.#scheduler.running;
    if (process === null || !this.#filters.has('send')) return;
    const event = this.#event.begin(process);
    event.carry(message);
    event.sender = process.id;
    event.receiver = target;
    this.#happens('send', event, () => this.#texts.sent(event));
  }

  accepted(process: Process, message: Message, isReceived: boolean): void {
    const sender = this.#scheduler.running?.id ?? NO_PROCESS;
    if (isReceived) {
      this.#receives(process, message, sender);
      return;
    }
    this.#senders.add(process, message, sender);
    if (!this.#filters.has('mailbox')) return;
    const event = this.#event.begin(process);
    event.carry(message);
    event.sender = sender;
    event.receiver = process.id;
    event.length = process.mailbox.length + 1;
    event.bytes = process.mailbox.bytes + message.length;
    this.#happens('mailbox', event, () => this.#texts.mailbox(event));
  }

  received(process: Process, message: Message): void {
    this.#receives(process, message, this.#senders.take(process, message));
  }

  #receives(process: Process, message: Message, sender: ProcessId): void {
    if (!this.#filters.has('receive')) return;
    const event = this.#event.begin(process);
    event.carry(message);
    event.sender = sender;
    event.receiver = process.id;
    this.#happens('receive', event, () => this.#texts.received(event));
  }

  // -- links, monitors and names ------------------------------------------------------------------------

  signalled(process: Process, signal: Signal): void {
    if (!this.#filters.has('tie')) return;
    const { running } = this.#scheduler;
    switch (signal.kind) {
      case 'link':
        // Both ends are told; it is made by the one that tells itself.
        if (running === process) this.#ties(process, 'link', true, signal.peer, signal.tag);
        break;
      case 'unlink':
        if (running === process && signal.own && hasLink(process, signal.peer))
          this.#ties(process, 'link', false, signal.peer, process.links?.get(signal.peer) ?? NO_TAG);
        break;
      case 'link-died':
        this.#ties(process, 'link', false, signal.peer, signal.tag, true);
        break;
      case 'monitor':
        if (running !== null) this.#ties(running, 'monitor', true, process.id);
        break;
      case 'stop-monitoring':
        if (running !== null && process.monitors?.has(running.id))
          this.#ties(running, 'monitor', false, process.id);
        break;
      case 'process-died':
        this.#ties(process, 'monitor', false, signal.peer, NO_TAG, true);
        break;
      default:
        break;
    }
  }

  #ties(
    process: Process,
    kind: 'link' | 'monitor',
    made: boolean,
    peer: ProcessId,
    tag: Tag = NO_TAG,
    hasDied = false,
  ): void {
    const event = this.#event.begin(process);
    event.kind = kind;
    event.made = made;
    event.peer = peer;
    event.tag = tag;
    this.#happens('tie', event, () => this.#texts.tie(event, hasDied));
  }

  registered(by: Process, name: string, target: bigint): void {
    if (!this.#filters.has('name')) return;
    const event = this.#event.begin(by);
    event.name = name;
    event.target = target;
    this.#happens('name', event, () => this.#texts.named(event));
  }

  // -- waits --------------------------------------------------------------------------------------------

  readonly #look = (): void => {
    const began = performance.now();
    for (const process of this.#index.live())
      if (process.state === 'waiting') this.#seeWaiting(process, began);
    const pause = Math.max(WAIT_INTERVAL, (performance.now() - began) * WAIT_SHARE);
    this.#timer = setTimeout(this.#look, pause);
    this.#timer.unref();
  };

  #seeWaiting(process: Process, now: number): void {
    const kind = waitOf(process);
    if (kind === '') return;
    const { turns } = process;
    let seen = this.#waits.get(process);
    if (seen?.turns !== turns) {
      seen = { turns, since: now, isTold: false };
      this.#waits.set(process, seen);
    }
    if (seen.isTold) return;
    const event = this.#event.begin(process);
    event.kind = kind;
    event.waited = Math.round(now - seen.since);
    seen.isTold = this.#happens('wait', event, () => this.#texts.waiting(event));
  }

  // -----------------------------------------------------------------------------------------------------

  /** Stops the process of an event if somebody wants that. */
  #happens(kind: EventKind, event: ActorEvent, text: () => string): boolean {
    const { process } = event;
    // It stands still already, or it ends.
    if (process === null || process.paused || process.killed) return false;
    const found = this.#find(kind, event, text);
    if (found !== null) this.#stop(process, found);
    return found !== null;
  }

  #find(kind: EventKind, event: ActorEvent, text: () => string): Happening | null {
    const { process } = event;
    let hits: Map<Holder, number[]> | null = null;
    for (const filter of this.#filters.get(kind) ?? []) {
      const { client, wanted } = filter;
      if (process === null || !this.#holding.choices.admits(client, process)) continue;
      if (wanted.only !== undefined && !isMeant(process, wanted.only)) continue;
      if (!this.#isMet(filter, event)) continue;
      hits ??= new Map();
      hits.set(client, [...(hits.get(client) ?? []), wanted.id]);
    }
    return hits === null ? null : { hits, text: text() };
  }

  /** Without clients that have gone since; null if nobody is left. */
  #stillWanted({ hits, text }: Happening): Happening | null {
    const left = new Map([...hits].filter(([client]) => this.#holding.clients.has(client)));
    return left.size === 0 ? null : { hits: left, text };
  }

  /** A condition that cannot be evaluated counts as true, and its client is told once. */
  #isMet(filter: Filter, event: ActorEvent): boolean {
    try {
      return filter.isMet(event);
    } catch (error) {
      const problem = messageOf(error);
      const { client, wanted, told } = filter;
      filter.told = problem;
      if (told !== problem) setImmediate(() => client.breakpointFailed({ id: wanted.id, problem }));
      return true;
    }
  }
}

function kindOf(exit: Exit): EventKind {
  if (exit.kind === 'returned') return 'normal-exit';
  if (exit.kind === 'exited') return exit.code === 0 ? 'normal-exit' : 'failed-exit';
  return 'trap';
}

/** Whether a process is linked to another one, or has just asked for that. */
function hasLink({ links, signals }: Process, peer: ProcessId): boolean {
  if (links?.has(peer)) return true;
  return signals?.some((signal) => signal.kind === 'link' && signal.peer === peer) ?? false;
}
