import type { Environment } from '../kernel/environment.ts';
import { type Exit, isNormal, KILLED_EXIT } from '../kernel/exit.ts';
import { processStack } from '../kernel/guest-stack.ts';
import type { ProcessId } from '../kernel/ids.ts';
import { dataMessage } from '../kernel/message.ts';
import type { LoadedModule } from '../kernel/module.ts';
import type { SchedulerObserver } from '../kernel/observers.ts';
import type { Process } from '../kernel/process.ts';
import type { Registry } from '../kernel/registry.ts';
import type { Scheduler } from '../kernel/scheduler.ts';
import { tagFromGuest } from '../kernel/tag.ts';
import type { ProcessConfig } from '../permissions/config.ts';
import { displayName } from '../text/display-name.ts';
import type { ProcessSource } from './change-feed.ts';
import { processEnd } from './process-end.ts';
import { AllNames, messageInfo, namesOf, ProcessInfos, stateOf } from './process-info.ts';
import { isUpTo, keyOf, parseKey } from './process-key.ts';
import {
  type ConfigInfo,
  type EndedProcess,
  InspectError,
  MAX_MEMORY_READ,
  MAX_PAGE,
  type ModuleInfo,
  type ModuleKey,
  type Notifications,
  type PeerInfo,
  type ProcessFilter,
  type ProcessInfo,
  type ProcessKey,
  type ProcessPage,
  type ProcessPeers,
  type Requests,
  type Stack,
} from './protocol.ts';

type Result<Name extends keyof Requests> = Requests[Name]['result'];

/** Pages of processes and messages where a client does not say how many it wants. */
const DEFAULT_PAGE = 100;

/** A request that cannot be answered; `code` is one of `InspectError`. */
export class InspectionError extends Error {
  override readonly name = 'InspectionError';
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/** Told of what happens to processes that are held. */
export interface HoldListener {
  stopped(event: Notifications['process/stopped']): void;
  continued(event: Notifications['process/continued']): void;
}

/**
 * Answers the requests of the inspection protocol about the processes of one scheduler. Knows of no connection; its
 * methods must be called between turns of processes, from the event loop.
 */
export class Inspector implements SchedulerObserver, ProcessSource {
  /** Clients that want processes to be held when they trap. */
  readonly trapHolders = new Set<HoldListener>();
  readonly listeners = new Set<HoldListener>();

  #scheduler: Scheduler | null = null;
  /** The first process of each environment. While its start section runs the environment does not know it. */
  readonly #roots: Process[] = [];
  readonly #numbers = new Map<Environment<Process>, number>();
  /** Modules that were told of. A program may load any number: they are not kept alive. */
  readonly #modules: WeakRef<LoadedModule>[] = [];
  readonly #moduleKeys = new WeakMap<LoadedModule, ModuleKey>();
  readonly #origin: string;
  readonly #infos = new ProcessInfos((process) => this.#moduleKey(process.module));
  /** Pauses that wait until the process comes to its next turn, and root processes that wait for their first. */
  readonly #pauses = new Map<Process, { why: 'entry' | 'pause'; done: ((paused: boolean) => void)[] }>();
  /** Processes that clients were told of as stopped. One that goes on before that is not said to continue either. */
  readonly #stops = new Set<Process>();
  /** For whom each process is held that is. */
  readonly #holders = new Map<Process, Set<HoldListener>>();
  /** For whom the root process is to be held when there is one. */
  #entryHolder: HoldListener | null = null;

  /** @param origin where the program's module is from */
  constructor(origin: string) {
    this.#origin = origin;
  }

  /** Begins to observe a scheduler, before its first process, and learns of a module that root processes are made of. */
  attach(scheduler: Scheduler, module: LoadedModule): void {
    if (this.#scheduler !== scheduler) scheduler.observers.add(this);
    this.#scheduler = scheduler;
    this.#moduleKey(module);
  }

  /** This process, which has just been made, and those of its environment can be seen from now on. */
  add(root: Process): void {
    this.#numbers.set(root.environment, this.#roots.push(root));
  }

  get #running(): Scheduler {
    if (this.#scheduler === null) throw new Error('an inspector without a scheduler');
    return this.#scheduler;
  }

  // -- what the scheduler tells --------------------------------------------------------------------------

  holds(process: Process, exit: Exit): boolean {
    if (this.trapHolders.size === 0 || isNormal(exit) || exit.kind === 'killed' || exit.kind === 'exited')
      return false;
    for (const client of this.trapHolders) this.#holdFor(client, process);
    // The process is marked as held when the scheduler has the answer.
    setImmediate(() => {
      if (process.heldExit !== null && process.exit === null) this.#stopped(process, 'failure');
    });
    return true;
  }

  onParked(process: Process): void {
    const pause = this.#pauses.get(process);
    this.#pauses.delete(process);
    if (pause === undefined) return;
    for (const done of pause.done) done(true);
    setImmediate(() => {
      if (process.exit === null && process.parked) this.#stopped(process, pause.why);
    });
  }

  onExit(process: Process): void {
    for (const done of this.#pauses.get(process)?.done ?? []) done(false);
    this.#pauses.delete(process);
    this.#stops.delete(process);
    this.#holders.delete(process);
  }

  #stopped(process: Process, why: Notifications['process/stopped']['why']): void {
    if (this.#stops.has(process)) return;
    this.#stops.add(process);
    const event = { process: this.#info(process), why };
    for (const listener of this.listeners) listener.stopped(event);
  }

  // -- processes -----------------------------------------------------------------------------------------

  get total(): number {
    return this.#roots.reduce((sum, root) => sum + root.environment.size + (begins(root) ? 1 : 0), 0);
  }

  *live(): Generator<Process> {
    for (const root of this.#roots) {
      if (begins(root)) yield root;
      yield* root.environment.processes();
    }
  }

  keyOf({ environment, id }: Process): ProcessKey {
    return keyOf(this.#numbers.get(environment) ?? 0, id);
  }

  ended(process: Process): EndedProcess {
    const end = processEnd(process.exit ?? KILLED_EXIT);
    return { process: this.keyOf(process), end, time: Date.now() };
  }

  describer(): (process: Process) => ProcessInfo {
    const names = new Map<Registry, AllNames>();
    return (process) => {
      const { registry } = process;
      let known = names.get(registry);
      if (known === undefined) {
        known = new AllNames(registry);
        names.set(registry, known);
      }
      return this.#info(process, known.of(process));
    };
  }

  #info(process: Process, names: readonly string[] = namesOf(process)): ProcessInfo {
    return this.#infos.of(process, this.#numbers.get(process.environment) ?? 0, names);
  }

  list(after: ProcessKey | undefined, limit = DEFAULT_PAGE, filter: ProcessFilter = {}): ProcessPage {
    const wanted = Math.min(limit, MAX_PAGE);
    const processes: ProcessInfo[] = [];
    const last = after === undefined ? undefined : this.#find(after);
    const describe = this.describer();
    let skipping = last !== undefined;
    for (const process of this.live()) {
      if (skipping) {
        skipping = process !== last;
        continue;
      }
      // Where the process that a page ended with has gone, the next page begins with the first later one.
      if (after !== undefined && last === undefined && isUpTo(this.keyOf(process), after)) continue;
      if (!mayMatch(process, filter)) continue;
      const found = describe(process);
      if (!matches(found, filter)) continue;
      if (processes.length === wanted) {
        const next = processes.at(-1)?.key;
        return { processes, total: this.total, ...(next === undefined ? {} : { next }) };
      }
      processes.push(found);
    }
    return { processes, total: this.total };
  }

  get(key: ProcessKey): ProcessInfo {
    return this.#info(this.#process(key));
  }

  #find(key: ProcessKey): Process | undefined {
    const [environment, id] = parseKey(key);
    const root = this.#roots[environment - 1];
    if (root?.id === id && begins(root)) return root;
    return root?.environment.get(id as ProcessId);
  }

  /** @throws InspectionError where there is no such process */
  #process(key: ProcessKey): Process {
    const process = this.#find(key);
    if (process === undefined)
      throw new InspectionError(InspectError.NoProcess, `there is no process ${displayName(key)}`);
    return process;
  }

  peers(key: ProcessKey): ProcessPeers {
    const process = this.#process(key);
    const links = [...(process.links ?? [])].slice(0, MAX_PAGE);
    const monitors = [...(process.monitors ?? [])].slice(0, MAX_PAGE);
    return {
      links: links.flatMap(([id, tag]) =>
        this.#peers(process, id).map((peer) => ({ peer, tag: String(tag) })),
      ),
      monitors: monitors.flatMap((id) => this.#peers(process, id)),
    };
  }

  /** The process of that id, beside another one; nothing where it has just ended. */
  #peers({ environment }: Process, id: ProcessId): PeerInfo[] {
    const peer = environment.get(id);
    return peer === undefined ? [] : [peerInfo(this.#info(peer))];
  }

  config(key: ProcessKey): ConfigInfo {
    return configInfo(this.#process(key).config);
  }

  async stack(key: ProcessKey): Promise<Stack> {
    const process = this.#process(key);
    if (!process.started) return { frames: [], missing: 'it has not begun' };
    const error = await this.#running.stacks.of(process);
    if (error === null) {
      const gone = process.exit !== null;
      return {
        frames: [],
        missing: gone
          ? 'it has ended'
          : 'it runs, or waits for no message since before somebody inspected it; --trace keeps such stacks',
      };
    }
    const module = this.#moduleKey(process.module);
    const frames = processStack(error, process).map(({ functionIndex, functionName, offset }) => ({
      functionIndex,
      ...(functionName === undefined ? {} : { functionName }),
      offset,
      module,
    }));
    return { frames };
  }

  mailbox(key: ProcessKey, start = 0, count = DEFAULT_PAGE): Result<'process/mailbox'> {
    const { mailbox } = this.#process(key);
    const messages = [];
    let i = 0;
    for (const message of mailbox) {
      if (i++ < start) continue;
      if (messages.length === Math.min(count, MAX_PAGE)) break;
      messages.push(messageInfo(message));
    }
    return { messages, length: mailbox.length };
  }

  memory(key: ProcessKey, offset: number, count: number): Result<'process/memory'> {
    const owned = this.#process(key).instance?.owned;
    if (owned == null) throw new InspectionError(InspectError.Refused, `process ${key} has no memory`);
    const bytes = Buffer.from(owned.memory.buffer);
    const end = Math.min(bytes.length, offset + Math.min(count, MAX_MEMORY_READ));
    return { data: bytes.subarray(Math.min(offset, end), end).toString('base64'), size: bytes.length };
  }

  // -- control -------------------------------------------------------------------------------------------

  #holdFor(client: HoldListener, process: Process): void {
    let holders = this.#holders.get(process);
    if (holders === undefined) {
      holders = new Set();
      this.#holders.set(process, holders);
    }
    holders.add(client);
  }

  /** The root process, which is to be made, will be held for this client. */
  holdEntryFor(client: HoldListener): void {
    this.#entryHolder = client;
  }

  /** Keeps a process from its first turn: for a root process that has just been made, if its client is still there. */
  pauseAtEntry(process: Process): void {
    if (this.#entryHolder === null) return;
    this.#holdFor(this.#entryHolder, process);
    this.#running.holding.pause(process);
    this.#pauses.set(process, { why: 'entry', done: [] });
  }

  /** Holds a process for a client. Resolves when it stands still. */
  async pause(key: ProcessKey, client: HoldListener): Promise<null> {
    const process = this.#process(key);
    this.#holdFor(client, process);
    // Somebody else's pause may still wait for the process to come to its turn.
    if (process.paused && !this.#pauses.has(process)) return null;
    this.#running.holding.pause(process);
    if (process.queued) {
      const paused = await new Promise<boolean>((done) => {
        const pending = this.#pauses.get(process) ?? { why: 'pause' as const, done: [] };
        pending.done.push(done);
        this.#pauses.set(process, pending);
      });
      if (!paused)
        throw new InspectionError(InspectError.NoProcess, `process ${key} ended before it was paused`);
    } else {
      this.#stopped(process, 'pause');
    }
    return null;
  }

  /** Lets a process go on, for whomever it was held. */
  resume(key: ProcessKey): null {
    this.#resume(this.#process(key));
    return null;
  }

  #resume(process: Process): void {
    this.#holders.delete(process);
    if (!process.paused) return;
    const pause = this.#pauses.get(process);
    this.#pauses.delete(process);
    this.#running.holding.resume(process);
    for (const done of pause?.done ?? []) done(true);
    if (!this.#stops.delete(process)) return;
    const event = { process: this.keyOf(process) };
    for (const listener of this.listeners) listener.continued(event);
  }

  /** Lets go on what is held for nobody but this client, which has gone. */
  release(client: HoldListener): void {
    this.trapHolders.delete(client);
    if (this.#entryHolder === client) this.#entryHolder = null;
    for (const [process, holders] of [...this.#holders]) {
      if (holders.delete(client) && holders.size === 0) this.#resume(process);
    }
  }

  kill(key: ProcessKey): null {
    this.#running.kill(this.#process(key));
    return null;
  }

  send(key: ProcessKey, tag: bigint, data: Uint8Array): null {
    const message = dataMessage(tagFromGuest(tag));
    message.append(data);
    this.#running.deliverMessage(this.#process(key), message);
    return null;
  }

  // -- modules -------------------------------------------------------------------------------------------

  #moduleKey(module: LoadedModule): ModuleKey {
    let key = this.#moduleKeys.get(module);
    if (key === undefined) {
      key = `m${this.#modules.push(new WeakRef(module))}`;
      this.#moduleKeys.set(module, key);
    }
    return key;
  }

  /** @throws InspectionError where there is no such module */
  #module(key: ModuleKey): LoadedModule {
    const module = /^m\d{1,9}$/.test(key) ? this.#modules[Number(key.slice(1)) - 1]?.deref() : undefined;
    if (module === undefined)
      throw new InspectionError(InspectError.NoModule, `there is no module ${displayName(key)}`);
    return module;
  }

  module(key: ModuleKey): ModuleInfo {
    const module = this.#module(key);
    const exports = module.source.exports.slice(0, MAX_PAGE * 10).map(({ name, kind }) => {
      const type = module.exportedFunction(name);
      const signature =
        type === undefined ? {} : { type: `(${type.params.join(', ')}) -> (${type.results.join(', ')})` };
      return { name: displayName(name), kind, ...signature };
    });
    const origin = key === 'm1' ? { origin: this.#origin } : {};
    return { key, ...origin, size: module.bytes.length, exports };
  }

  moduleBytes(key: ModuleKey): Uint8Array {
    return this.#module(key).bytes;
  }
}

/** Whether a root process has not entered its environment: its start section comes first. */
function begins(root: Process): boolean {
  return !root.initialized && root.exit === null;
}

/** What can be told without describing the process: most of thousands are sorted out here. */
function mayMatch(process: Process, { states, parent }: ProcessFilter): boolean {
  if (states !== undefined && !states.includes(stateOf(process))) return false;
  if (parent === undefined || parent === null) return true;
  return process.parent !== null && parent.endsWith(`:${process.parent}`);
}

function matches(info: ProcessInfo, { text, parent }: ProcessFilter): boolean {
  if (parent !== undefined && info.parent !== parent) return false;
  if (text === undefined || text === '') return true;
  return [String(info.id), info.entry, ...info.names].some((part) => part.includes(text));
}

function peerInfo({ key, id, environment, names, entry }: ProcessInfo): PeerInfo {
  return { key, id, environment, names, entry };
}

/** What upstream has no permissions for, where it is restricted. */
function restrictions({ maxProcesses, maxMailbox, network }: ProcessConfig): Partial<ConfigInfo> {
  const rules = (list: { readonly texts: readonly string[] } | null) => list?.texts.map(displayName);
  const [connect, deny, listen] = [network.connect, network.deny, network.listen].map(rules);
  return {
    ...(Number.isFinite(maxProcesses) ? { max_processes: maxProcesses } : {}),
    ...(Number.isFinite(maxMailbox) ? { max_mailbox: maxMailbox } : {}),
    ...(connect === undefined ? {} : { may_connect: connect }),
    ...(deny === undefined ? {} : { may_not_connect: deny }),
    ...(listen === undefined ? {} : { may_listen: listen }),
  };
}

function configInfo(config: ProcessConfig): ConfigInfo {
  return {
    max_memory: config.maxMemory,
    max_fuel: config.maxFuel,
    can_compile_modules: config.canCompileModules,
    can_create_configs: config.canCreateConfigs,
    can_spawn_processes: config.canSpawnProcesses,
    ...restrictions(config),
    network_also_restricted_by_parent: config.network.parent !== null,
    commands: [...config.commands.keys()].map(displayName),
    preopened_directories: config.preopenedDirectories.map(({ guestPath, hostPath }) =>
      displayName(`${guestPath} -> ${hostPath}`),
    ),
    arguments: config.commandLineArguments.map(displayName),
    // Values are none of the business of whoever looks over a shoulder.
    environment_variables: config.environmentVariables.map(([name]) => displayName(name)),
  };
}
