import type { ProcessConfig } from '../permissions/config.ts';
import type { OpenDirectories } from '../permissions/open-directories.ts';
import { Account, type Payer, textCost } from './account.ts';
import type { Entry } from './entry.ts';
import type { Environment } from './environment.ts';
import type { Exit } from './exit.ts';
import type { GuestInstance } from './guest-instance.ts';
import type { GuestMemory } from './guest-memory.ts';
import type { ProcessId } from './ids.ts';
import { Mailbox } from './mailbox.ts';
import { copyOf, type Message } from './message.ts';
import type { LoadedModule } from './module.ts';
import type { Registry } from './registry.ts';
import { ResourceTable } from './resource-table.ts';
import { KILL, type Signal } from './signal.ts';
import type { Slot } from './slot.ts';
import type { Stdio } from './stdio.ts';
import { NO_TAG, type Tag } from './tag.ts';
import type { TagFilter } from './tag-filter.ts';
import { Tie, Ties } from './ties.ts';
import type { Timer } from './timer.ts';
import { hostTrap } from './trap.ts';
import { Where } from './where.ts';

/**
 *     initializing -> ready <-> running -> exited
 *                       ^          |  `-> held, if an observer wants to see how it ended, and then exited
 *                       +- waiting <
 *
 * A process that waits or is ready may be paused as well.
 */
export type ProcessState = 'initializing' | 'ready' | 'running' | 'waiting' | 'paused' | 'held' | 'exited';

/** Whether a process waits for a message, and how the host call that does so answers. */
export const Receiving = {
  No: 0,
  Yes: 1,
  /** The death of a link is an answer like any other. */
  Request: 2,
} as const;
export type Receiving = (typeof Receiving)[keyof typeof Receiving];

/** What a waiting process waits for. */
export const Wait = {
  None: 0,
  /** A message that `filter` accepts. */
  Receive: 1,
  Sleep: 2,
  /** The start section of a process that it spawns. */
  Spawn: 3,
  /** Its next turn: it was preempted or gave way. */
  Turn: 4,
  /** Something outside: a stream, the name of a registry. */
  Event: 5,
} as const;
export type Wait = (typeof Wait)[keyof typeof Wait];

/** Bytes of a message that is kept for when its process is begun anew. */
const MOST_ARGUMENT = 65_536;

/** A kind of state that processes may have. */
export type ProcessSlot<T> = Slot<Process, T>;

/** What a child inherits unless its parent says otherwise. */
export interface ProcessContext {
  readonly environment: Environment<Process>;
  readonly registry: Registry;
  readonly config: ProcessConfig;
  readonly stdio: Stdio;
}

/** One wasm instance with its host-side state (abi 2.1). The scheduler moves it through its life. */
export class Process implements ProcessContext, Payer {
  // Fields that every message touches come first: of thousands of processes only a few cache lines each fit into the caches.

  readonly id: ProcessId;
  /** A message that `filter` accepts goes straight to the scratch area. */
  receiving: Receiving = Receiving.No;
  filter: TagFilter = null;
  wait: Wait = Wait.None;
  waitTimer: Timer | null = null;
  /** Of the `ScratchArea`, which tells when the message is here: nobody else may touch it. */
  scratch: Message | null = null;
  /** Whether the next message that it receives is to be kept: see `argument`. */
  awaitsArgument = false;
  /** Whether it gets no turn: see `Holding`. */
  paused = false;
  /** The number of turns that it has had. */
  turns = 0;
  /** Lets its host call return a number, or throw what the promise is rejected with. */
  resume: (value: number | Promise<never>) => void = unset;
  /** What the host call in which it is suspended waits for, or has waited for. */
  suspendedIn: Wait = Wait.None;
  /** Signals that arrived while the process ran; others are applied at once. */
  signals: Signal[] | null = null;
  /** Made for the first message that is not received at once. */
  #mailbox: Mailbox | null = null;
  readonly environment: Environment<Process>;
  /** Whether it is in the ready queue, and the next process there. Only the scheduler changes these. */
  queued = false;
  nextReady: Process | null = null;
  resumeValue = 0;
  started = false;
  /** Whether its stack will be unwound instead of resumed. */
  killed = false;
  /** Called when the process is killed: gives up what it waits for outside. */
  cancelWait: (() => void) | null = null;
  exit: Exit | null = null;

  /** Whether it is set aside, paused when it was ready, and goes on when it is resumed. */
  parked = false;
  #memory: GuestMemory | null = null;
  /** Null for a root process. */
  readonly parent: ProcessId | null;
  readonly registry: Registry;
  readonly config: ProcessConfig;
  readonly stdio: Stdio;
  /** Its preopened directories; null if it has none, and after its end. */
  directories: OpenDirectories | null = null;
  readonly module: LoadedModule;
  readonly entry: Entry;

  /** Where it begins, and where its children do. */
  where: Where = Where.Usual;
  childrenWhere: Where = Where.Usual;
  /** Whether its module counts for the program as long as it runs it. */
  countsModule = false;
  /** Bytes that the machine is to have for its memories: see `committedBy`. */
  committed = 0;
  instance: GuestInstance | null = null;
  /** False until the start section has run; a process may not spawn before. */
  initialized = false;
  /** Processes that it is linked to, with the tags under which it sees their deaths; null for none. */
  links: Map<ProcessId, Tag> | null = null;
  /** Processes that want to hear of the end of this one; null for none. */
  monitors: Set<ProcessId> | null = null;
  dieWhenLinkDies = true;
  /** Where it was suspended last, if the scheduler kept that: see `SuspendedStacks`. */
  suspendedAt: Error | null = null;
  /** The number of nested calls of `lunatic::trap::catch` that it is in. */
  catchDepth = 0;
  /** Why the runtime kills it; null if another process or a person does. */
  killReason: string | null = null;
  /** Units of fuel that are left to take, if its config limits them; negative if host calls have taken too many. */
  fuelLeft: number;
  /** Work of the host for which no unit of fuel has been taken yet, in instructions. */
  hostFuel = 0;
  /** How it will end when it is resumed, if it is held; else null. */
  heldExit: Exit | null = null;
  /** Whether it is held since it is to be killed: its stack is as it was then. */
  doomed = false;
  /** The process that has taken its place, of the same id, since it is begun anew; its own stack is only unwound then. */
  successor: Process | null = null;
  /** A copy of the first message that it has received, where that is what its SDK passes to it: see `Probes`. */
  argument: Message | null = null;
  /** Address of its frames in the memory of all; -1 if they are not kept: see `Probes`. */
  frames = -1;
  /** Address of the frame of the function in which it stands still at a site; -1 if it does not. */
  probedAt = -1;
  /** Whether that function is at a call of an import, behind which it does not take its locals out of the frame. */
  isAtCall = false;
  /** Called once when its start section has ended, with null if that succeeded. */
  onInitialized: ((failure: Exit | null) => void) | null = null;
  /** Called once when the process has ended. */
  onEnd: ((exit: Exit) => void) | null = null;

  #account: Account | null = null;
  /** Bytes that it has been charged for what its host calls keep while they wait. */
  #keptInWaits = 0;
  #ties: Ties | null = null;
  #errors: ResourceTable<string> | null = null;
  #configs: ResourceTable<ProcessConfig> | null = null;
  #modules: ResourceTable<LoadedModule> | null = null;
  #timers: ResourceTable<{ cancel(): void }> | null = null;
  #traces: ResourceTable<string> | null = null;
  /** The state that host functions keep for it, by kind. */
  #slots: Map<ProcessSlot<unknown>, unknown> | null = null;

  constructor(
    id: ProcessId,
    parent: ProcessId | null,
    context: ProcessContext,
    module: LoadedModule,
    entry: Entry,
  ) {
    this.id = id;
    this.parent = parent;
    this.environment = context.environment;
    this.registry = context.registry;
    this.config = context.config;
    this.stdio = context.stdio;
    this.module = module;
    this.entry = entry;
    this.fuelLeft = context.config.maxFuel;
  }

  get state(): ProcessState {
    if (this.exit !== null) return 'exited';
    if (this.heldExit !== null) return 'held';
    if (this.paused) return 'paused';
    if (!this.initialized) return 'initializing';
    if (this.queued || !this.started) return 'ready';
    return this.wait === Wait.None ? 'running' : 'waiting';
  }

  /** What the host keeps for it. */
  get account(): Account {
    this.#account ??= new Account(this.config.maxHostMemory, this.environment.account);
    return this.#account;
  }

  overdraw(reason: string): void {
    if (this.killed || this.killReason !== null || this.exit !== null) return;
    this.killReason = reason;
    // As a signal it is applied before the process waits for anything: it has the turn.
    this.signals ??= [];
    this.signals.push(KILL);
  }

  /**
   * Charges it for what a host call keeps while it waits: tags, subscriptions. The most that one call has kept counts until the
   * process ends. Traps if that exceeds a limit.
   */
  chargeForWait(bytes: number): void {
    if (bytes <= this.#keptInWaits) return;
    this.account.charge(bytes - this.#keptInWaits);
    this.#keptInWaits = bytes;
  }

  /** Charges it for a link or a monitor that it asks for. Returns null, or why it cannot have one more. */
  tie(peer: ProcessId, kind: Tie): string | null {
    this.#ties ??= new Ties(this.account);
    return this.#ties.add(peer, kind);
  }

  /** Charges it for the link to a child, of which it wants to see the death under a tag. Returns null, or why it cannot have one more. */
  tieToChild(child: ProcessId, tag: Tag): string | null {
    const refusal = this.tie(child, Tie.Link);
    if (refusal === null) this.#ties?.setTag(child, tag);
    return refusal;
  }

  /** The tag under which it sees the death of a process to which it is linked. */
  deathTag(peer: ProcessId): Tag {
    const ofChild = this.#ties?.tagOf(peer);
    if (ofChild !== undefined) return ofChild;
    // Where the parent alone has asked for a tag, it is that of the child's death.
    const isOfParent = peer === this.parent && this.#ties?.has(peer, Tie.Link) !== true;
    return isOfParent ? NO_TAG : (this.links?.get(peer) ?? NO_TAG);
  }

  /** Releases what it was charged for a link or a monitor, if it was, since that has ended. */
  untie(peer: ProcessId, kind: Tie): void {
    this.#ties?.remove(peer, kind);
  }

  /** The processes that it monitors. */
  get monitored(): Iterable<ProcessId> {
    return this.#ties?.peers(Tie.Monitor) ?? [];
  }

  /** Messages that it has not received yet. */
  get mailbox(): Mailbox {
    this.#mailbox ??= new Mailbox(this);
    return this.#mailbox;
  }

  /** Whether there is a message that it has not received yet. */
  get hasMessages(): boolean {
    return this.#mailbox !== null && this.#mailbox.length > 0;
  }

  /** Whether the oldest message that it has not received carries a connection. */
  get hasConnection(): boolean {
    if (!this.hasMessages) return false;
    const [message] = this.mailbox.slice(0, 1);
    return message?.resources?.some((resource) => resource?.kind === 'TCP stream') ?? false;
  }

  /**
   * Takes out of the mailbox the oldest message that the filter accepts; null if there is none, or if the search has been
   * interrupted: see `Mailbox.take`.
   */
  takeMessage(filter: TagFilter, most: number): Message | null {
    return this.#mailbox === null ? null : this.#mailbox.take(filter, most);
  }

  /** The number of messages that the last `takeMessage` had to look at. */
  get messagesLooked(): number {
    return this.#mailbox === null ? 0 : this.#mailbox.looked;
  }

  /** The exported memory. Traps if the module exports none. */
  get memory(): GuestMemory {
    this.#memory ??= this.#exportedMemory();
    return this.#memory;
  }

  #exportedMemory(): GuestMemory {
    const { exportsMemory } = this.module;
    const memory = exportsMemory ? this.instance?.memory : undefined;
    if (memory !== undefined) return memory;
    throw hostTrap(
      exportsMemory
        ? 'a host function that needs memory was called before the instance was ready'
        : 'the module does not export its memory under the name "memory", which this host function needs',
    );
  }

  /** Keeps a copy of the message that it receives, unless that is large, or carries more than bytes. */
  keepArgument(message: Message): void {
    this.awaitsArgument = false;
    if (message.isPlain && message.length <= MOST_ARGUMENT) this.argument = copyOf(message);
  }

  /** The process that has taken its place, or the place of that one, and so on; itself if none has. */
  get latest(): Process {
    let latest: Process = this;
    while (latest.successor !== null) latest = latest.successor;
    return latest;
  }

  /** Takes the place of a process of the same id: its messages, links and monitors are this one's from now on. */
  succeed(old: Process): void {
    this.argument = old.argument;
    this.links = old.links;
    this.monitors = old.monitors;
    this.onEnd = old.onEnd;
    old.links = old.monitors = old.onEnd = null;
    if (old.#ties !== null) {
      this.#ties = new Ties(this.account);
      old.#ties.copyTo(this.#ties);
    }
    for (let message = old.takeMessage(null, 1); message !== null; message = old.takeMessage(null, 1))
      this.mailbox.push(message);
    old.successor = this;
  }

  get errors(): ResourceTable<string> {
    this.#errors ??= new ResourceTable('error', this, textCost);
    return this.#errors;
  }

  get configs(): ResourceTable<ProcessConfig> {
    this.#configs ??= new ResourceTable('config', this);
    return this.#configs;
  }

  get modules(): ResourceTable<LoadedModule> {
    this.#modules ??= new ResourceTable('module', this, ({ cost }) => cost);
    return this.#modules;
  }

  get timers(): ResourceTable<{ cancel(): void }> {
    this.#timers ??= new ResourceTable('timer', this);
    return this.#timers;
  }

  get traces(): ResourceTable<string> {
    this.#traces ??= new ResourceTable('trace', this, textCost);
    return this.#traces;
  }

  /** Its state of a kind, made when it is first asked for. */
  slot<T>(kind: ProcessSlot<T>): T {
    const key = kind as ProcessSlot<unknown>;
    this.#slots ??= new Map();
    let value = this.#slots.get(key) as T | undefined;
    if (value === undefined) {
      value = kind.make(this);
      this.#slots.set(key, value);
    }
    return value;
  }

  /** Its state of a kind, if that was made. */
  slotIfAny<T>(kind: ProcessSlot<T>): T | undefined {
    return this.#slots?.get(kind as ProcessSlot<unknown>) as T | undefined;
  }

  /** Releases everything that a process which has ended still has. */
  release(): void {
    if (this.#slots !== null) {
      for (const [kind, value] of this.#slots) kind.release?.(value);
      this.#slots = null;
    }
    this.directories?.release();
    this.directories = null;
    this.instance = null;
    this.#memory = null;
    this.#errors = this.#configs = this.#modules = this.#timers = this.#traces = null;
    this.suspendedAt = null;
    // Messages that nobody reads may carry sockets.
    this.#mailbox?.dropResources();
    if (this.signals !== null)
      for (const signal of this.signals) if (signal.kind === 'message') signal.message.dropResources();
    this.#mailbox = null;
    if (this.countsModule) {
      this.countsModule = false;
      if (--this.module.users === 0) this.environment.account.release(this.module.cost);
    }
    this.#account?.end();
    this.signals = null;
    this.links = this.monitors = this.#ties = null;
    this.filter = null;
    this.cancelWait = null;
    this.onInitialized = this.onEnd = null;
    this.resume = unset;
  }
}

function unset(): void {}
