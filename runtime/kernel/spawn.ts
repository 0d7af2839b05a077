import type { ProcessConfig } from '../permissions/config.ts';
import { DirectoryError, OpenDirectories } from '../permissions/open-directories.ts';
import { type ImportedMemory, memoryImport } from '../wasm/index.ts';
import { committedBy } from './capacity.ts';
import { clockTime } from './clock.ts';
import type { CompiledModule } from './compiled-module.ts';
import type { Entry } from './entry.ts';
import type { Exit } from './exit.ts';
import { prepareForManyInstances } from './garbage.ts';
import { GuestInstance } from './guest-instance.ts';
import type { ProcessId } from './ids.ts';
import type { MakerThread } from './maker-thread.ts';
import { MemorySpacing } from './memory-spacing.ts';
import type { LoadedModule } from './module.ts';
import { ModuleError } from './module-error.ts';
import { bytesOf, growMemory, maximumOf, maximumPages, type OwnedMemory } from './owned-memory.ts';
import { Process, type ProcessContext, Wait } from './process.ts';
import type { Respawner } from './restart.ts';
import type { Scheduler } from './scheduler.ts';
import { stalls } from './stalls.ts';
import { NO_TAG, type Tag } from './tag.ts';
import { hostTrap } from './trap.ts';
import { Where } from './where.ts';

/** The module name of the imports that the rewriter adds. */
const KERNEL = 'lunatic:kernel';

/**
 * Functions of all instances for which it is worth to load the module with which V8's flags are set, and what each instance counts
 * for besides: those of a program with debug code have 20,000, those of a small one some hundred.
 */
const MANY_FUNCTIONS = 40_000;
const INSTANCE = 200;

/** Bytes of the fullest mailbox that goes to another scheduler: to carry more takes longer than to run the process here. */
const LARGEST_MOVED = 2 ** 24;

const NONE: readonly OwnedMemory[] = [];

/** A process that was spawned and is alive, or why it could not be instantiated. */
export type SpawnResult =
  | { readonly process: Process; readonly failure?: never }
  | { readonly process?: never; readonly failure: string };

/** Makes processes out of modules and starts them (abi 2.9). */
export class Spawner implements Respawner {
  readonly #scheduler: Scheduler;
  readonly #maker: () => MakerThread;
  readonly #ofPlugins: ReadonlySet<string>;
  readonly #spacing = new MemorySpacing();
  /** Functions of the instances that were made so far. */
  #functions = 0;
  /** The imports that the rewriter adds. The memories are others for each instance. */
  readonly #kernelImports: Record<string, WebAssembly.ImportValue>;

  /**
   * @param maker makes what a child needs of a large module, while the parent waits
   * @param ofPlugins the namespaces of plugins, which keep their state on this scheduler
   */
  constructor(scheduler: Scheduler, maker: () => MakerThread, ofPlugins: ReadonlySet<string> = new Set()) {
    this.#scheduler = scheduler;
    this.#maker = maker;
    this.#ofPlugins = ofPlugins;
    scheduler.respawner = this;
    this.#kernelImports = {
      ...scheduler.ticks,
      grow: scheduler.memory.grow,
      growTable: scheduler.memory.growTable,
      draft: scheduler.scratch.memory,
      ...probeImports(scheduler),
    };
  }

  /**
   * Spawns a child of the current process. Suspends the parent while a start section runs, or a large module is rewritten for fuel.
   * @param link the tag under which the parent wants to see the child's death; `NO_TAG` for no link
   */
  spawn(
    parent: Process,
    module: LoadedModule,
    config: ProcessConfig,
    entry: Entry,
    link: Tag,
  ): SpawnResult | Promise<SpawnResult> {
    if (module.missing(config) === null) return this.#spawn(parent, module, config, entry, link);
    return this.#maker()
      .make(
        this.#scheduler,
        parent,
        () => module.missing(config),
        (made) => module.adopt(made, config),
      )
      .then(
        () => this.#spawn(parent, module, config, entry, link),
        (error: unknown) => {
          if (error instanceof ModuleError) return { failure: error.message };
          throw error;
        },
      );
  }

  #spawn(
    parent: Process,
    module: LoadedModule,
    config: ProcessConfig,
    entry: Entry,
    link: Tag,
  ): SpawnResult | Promise<SpawnResult> {
    const { environment, registry } = parent;
    const stdio = parent.stdio.forChild?.() ?? parent.stdio;
    const isAlike = config === parent.config && stdio === parent.stdio;
    const context = isAlike ? parent : { environment, registry, config, stdio };
    const created = this.#create(parent, context, module, entry);
    if (created.failure !== undefined) return created;
    const child = created.process;
    child.where = child.childrenWhere = parent.childrenWhere;
    this.#begins(child);
    if (child.initialized) return this.#launch(parent, child, link);
    this.#settleSignals(parent, child);
    let failed: Exit | null = null;
    child.onInitialized = (failure) => {
      failed = failure;
      this.#scheduler.makeReady(parent, 0);
    };
    parent.cancelWait = () => {
      child.onInitialized = null;
      this.#scheduler.kill(child);
    };
    this.#scheduler.makeReady(child, 0);
    return this.#scheduler.suspend(parent, Wait.Spawn).then(
      () => (failed === null ? this.#launch(parent, child, link) : { failure: describeFailure(failed) }),
      (killed: unknown) => {
        if (child.initialized) this.#scheduler.lifecycle.discard(child);
        throw killed;
      },
    );
  }

  /**
   * Spawns a process without a parent, of an environment of its own.
   * @param onCreated called with the process before its start section runs
   * @returns the process once its start section has run, or why it could not be instantiated
   */
  spawnRoot(
    context: ProcessContext,
    module: LoadedModule,
    entry: Entry,
    onCreated?: (process: Process) => void,
  ): Promise<SpawnResult> {
    return new Promise((resolve) => {
      const created = this.#create(null, context, module, entry);
      if (created.failure !== undefined) {
        resolve(created);
        return;
      }
      const root = created.process;
      // Whoever waits for its end knows whether it may be elsewhere.
      root.where = Where.Beside;
      onCreated?.(root);
      this.#begins(root);
      const launch = (failure: Exit | null) => {
        if (failure !== null) {
          resolve({ failure: describeFailure(failure) });
          return;
        }
        const refusal = this.#scheduler.observers.refusal(root);
        if (refusal !== undefined) {
          this.#scheduler.lifecycle.discard(root);
          resolve({ failure: refusal });
          return;
        }
        root.environment.add(root);
        resolve({ process: root });
        this.#scheduler.makeReady(root, 0);
      };
      if (root.initialized) {
        launch(null);
      } else {
        root.onInitialized = launch;
        this.#scheduler.makeReady(root, 0);
      }
    });
  }

  /**
   * Makes a process that another scheduler hands over: it has its id already, is entered into its environment, and has not begun.
   * @returns the process, or why it cannot be instantiated here
   */
  receive(
    id: ProcessId,
    parent: ProcessId | null,
    context: ProcessContext,
    module: LoadedModule,
    entry: Entry,
  ): Process | string {
    return this.#furnished(new Process(id, parent, context, module, entry), null);
  }

  /**
   * Whether a process may still be made on another scheduler: it has not begun, has little in its mailbox, and its module needs no plugin and
   * no start section that does more than to prepare its memory.
   */
  isMovable({ started, initialized, exit, killed, paused, mailbox, config, module }: Process): boolean {
    const isFresh = !started && initialized && exit === null && !killed && !paused;
    if (!isFresh || mailbox.bytes > LARGEST_MOVED) return false;
    for (const namespace of this.#ofPlugins) if (namespace in module.imports) return false;
    return module.startsAlone || module.compiledFor(config).startExport === undefined;
  }

  respawn(old: Process): Process | string {
    const { id, parent, environment, module, entry } = old;
    const fresh = new Process(id, parent, old, module, entry);
    return this.#furnished(fresh, parent === null ? null : (environment.get(parent) ?? null));
  }

  #furnished(fresh: Process, parent: Process | null): Process | string {
    try {
      return this.#furnish(fresh, parent) ?? fresh;
    } catch (error) {
      if (error instanceof DirectoryError) return error.message;
      throw error;
    }
  }

  /** Enters an initialized child into the environment, links and schedules it (abi 2.9, steps 10-12). */
  #launch(parent: Process, child: Process, link: Tag): SpawnResult {
    const scheduler = this.#scheduler;
    const { environment } = child;
    const { router } = environment;
    const refusal = scheduler.observers.refusal(child);
    if (refusal !== undefined) {
      scheduler.lifecycle.discard(child);
      return { failure: refusal };
    }
    if (link !== NO_TAG) {
      const tooMuch = parent.tieToChild(child.id, link);
      if (tooMuch !== null) {
        scheduler.lifecycle.discard(child);
        return { failure: tooMuch };
      }
      router.deliver(parent.id, { kind: 'link', peer: child.id, tag: NO_TAG });
      this.#settleSignals(parent, child);
    }
    environment.add(child);
    if (link !== NO_TAG) router.deliver(child.id, { kind: 'link', peer: parent.id, tag: link });
    scheduler.makeReady(child, 0);
    if (environment.isEnding) scheduler.kill(child);
    scheduler.placement?.spawned();
    return { process: child };
  }

  /** Applies what the parent has sent to itself. If the parent has to die, the child ends with it. */
  #settleSignals(parent: Process, child: Process): void {
    try {
      this.#scheduler.drainSignals(parent);
    } catch (killed) {
      this.#scheduler.lifecycle.discard(child);
      throw killed;
    }
  }

  #begins(process: Process): void {
    if (this.#scheduler.probes !== null) this.#scheduler.observers.begins(process);
  }

  #create(parent: Process | null, context: ProcessContext, module: LoadedModule, entry: Entry): SpawnResult {
    const process = new Process(context.environment.takeId(), parent?.id ?? null, context, module, entry);
    try {
      const failure = this.#furnish(process, parent);
      return failure === null ? { process } : { failure };
    } catch (error) {
      if (!(error instanceof DirectoryError)) throw error;
      if (parent !== null) throw hostTrap(error.message);
      return { failure: error.message };
    }
  }

  /**
   * Gives a process its directories and its instance. Returns null, or why it cannot have them.
   * @throws DirectoryError
   */
  #furnish(process: Process, parent: Process | null): string | null {
    process.directories = OpenDirectories.of(process.config);
    const failure =
      chargeModule(process) ??
      chargeInstance(process) ??
      chargeConfig(process, parent) ??
      this.#instantiate(process);
    if (failure !== null) process.release();
    return failure;
  }

  #instantiate(process: Process): string | null {
    const { module, config } = process;
    const { capacity, pool } = this.#scheduler;
    let admitted = false;
    let owned: OwnedMemory | null = null;
    try {
      module.checkLimits(config);
      const compiled = module.compiledFor(config);
      const { memories } = compiled;
      const maximum = maximumPages(memories, config.maxMemory);
      const used = pool.acquire(compiled, maximum);
      const lone = memories.length === 1 ? memories[0] : undefined;
      if (used === undefined && maximum !== undefined && lone?.is64 === false)
        owned = pool.acquireMemory(lone.initial, maximum) ?? null;
      const needsMemory = used === undefined && maximum !== undefined && owned === null;
      const committed = committedBy(module.initialMemory);
      const refusal = capacity.admit(needsMemory ? memories.length : 0, committed);
      if (refusal !== null) {
        if (used !== undefined) pool.release(used);
        if (owned !== null) pool.releaseMemory(owned);
        return refusal;
      }
      process.committed = committed;
      admitted = true;
      if (needsMemory) owned = this.#freshMemories(memories, maximum);
      process.instance = used ?? this.#freshInstance(process, compiled, owned);
      if (compiled.probeGlobals !== undefined) this.#scheduler.probes?.attach(process);
      process.initialized = compiled.startExport === undefined;
      return null;
    } catch (error) {
      if (owned !== null) pool.releaseMemory(owned);
      if (admitted) capacity.releaseStack(false, process.committed);
      // What a module asks for in vain. Everything else is a bug of the runtime and must be seen as one.
      if (error instanceof ModuleError) return error.message;
      if (error instanceof WebAssembly.RuntimeError || error instanceof WebAssembly.LinkError) {
        return error.message.replace(/^WebAssembly\.Instance\(\): /, '');
      }
      if (error instanceof RangeError)
        return `no room for another process on this machine (${error.message})`;
      throw error;
    }
  }

  #freshInstance(
    { module, environment }: Process,
    compiled: CompiledModule,
    owned: OwnedMemory | null,
  ): GuestInstance {
    if (owned !== null) this.#provide(owned);
    if (module.cover !== null) this.#kernelImports['cover'] = module.cover.memoryOf(environment);
    if (module.probes !== null) this.#kernelImports['armed'] = module.probes.armed;
    module.imports[KERNEL] = this.#kernelImports;
    this.#scheduler.work.chargeInstance(module.instanceTime);
    this.#count(module.source.functions.length);
    stalls.look(clockTime());
    const instance = new GuestInstance(compiled, module.imports, owned, this.#scheduler.work);
    stalls.look(clockTime());
    return instance;
  }

  #count(functions: number): void {
    const before = this.#functions;
    this.#functions += INSTANCE + functions;
    if (before < MANY_FUNCTIONS && this.#functions >= MANY_FUNCTIONS) prepareForManyInstances();
  }

  #provide({ memory, maximum, others }: OwnedMemory): void {
    const imports = this.#kernelImports;
    imports['memory'] = memory;
    if (others.length === 0) return;
    imports['pages'] = maximum;
    for (const [i, other] of others.entries()) imports[memoryImport(i + 1)] = other.memory;
  }

  /**
   * Makes the memories of an instance.
   * @param maximum what they can grow to together
   * @throws RangeError if there is no room for all of them
   */
  #freshMemories(memories: readonly ImportedMemory[], maximum: number): OwnedMemory {
    const made: OwnedMemory[] = [];
    try {
      for (const wanted of memories) made.push(this.#freshMemory(wanted, maximumOf(wanted, maximum)));
    } catch (error) {
      for (const owned of made) this.#scheduler.capacity.addGarbage(bytesOf(owned));
      throw error;
    }
    const [first, ...others] = made;
    if (first === undefined) throw new Error('a module without a memory');
    return others.length === 0 ? first : { ...first, maximum, others };
  }

  /**
   * Makes a memory of its initial size. V8 counts the bytes that a memory is made with, not those that it grows by. If it
   * counted them, it would collect all garbage for every 64 MB of memories, and walk the stacks of all waiting processes each
   * time: 4,000 of a Rust guest took ten times as long to spawn. `Capacity` counts what is given up in its place.
   * @throws RangeError if there is no room for it
   */
  #freshMemory({ initial, is64 }: ImportedMemory, maximum: number): OwnedMemory {
    const memory = this.#emptyMemory(maximum, is64);
    try {
      growMemory(memory, initial, is64);
    } catch {
      this.#scheduler.capacity.reclaim();
      growMemory(memory, initial, is64);
    }
    return { memory, initial, maximum, is64, others: NONE };
  }

  /** @throws RangeError if the address space is used up: a memory takes the same part of it, whatever its size */
  #emptyMemory(maximum: number, is64: boolean): WebAssembly.Memory {
    const { capacity } = this.#scheduler;
    const since = clockTime();
    try {
      return this.#spacing.make(maximum, is64);
    } catch {
      // Memories of processes that have ended may still take up room.
      capacity.reclaim();
    }
    try {
      return this.#spacing.make(maximum, is64);
    } catch (error) {
      capacity.refuseMemories(since);
      throw error;
    }
  }
}

/** Charges the program for a module that a process has made, and that others may have dropped. Returns null, or why it cannot be. */
function chargeModule(process: Process): string | null {
  const { module, environment } = process;
  if (!module.isCounted) return null;
  const refusal = module.users === 0 ? environment.account.add(module.cost) : null;
  if (refusal !== null) return `the host would keep a module of ${module.cost} bytes for ${refusal}`;
  module.users++;
  process.countsModule = true;
  return null;
}

/** Charges a process for what its instance takes besides memories, if that is much. Returns null, or why it is too much. */
function chargeInstance(process: Process): string | null {
  const { instanceSize } = process.module;
  return instanceSize === 0 ? null : process.account.add(instanceSize);
}

function probeImports({ probes }: Scheduler): Record<string, WebAssembly.ImportValue> {
  if (probes === null) return {};
  return {
    probe: new WebAssembly.Suspending(probes.probe),
    'probe import': new WebAssembly.Suspending(probes.probeImport),
    frames: probes.memory,
  };
}

/** What an entry of a list of a config takes. */
const LIST_ENTRY_COST = 16;

/** Charges a child for the config that it does not share with its parent. Returns null, or why that is too much. */
function chargeConfig({ config, account }: Process, parent: Process | null): string | null {
  if (parent === null || config === parent.config) return null;
  const { preopenedDirectories, commandLineArguments, environmentVariables } = config;
  const entries = preopenedDirectories.length + commandLineArguments.length + environmentVariables.length;
  return entries === 0 ? null : account.add(entries * LIST_ENTRY_COST);
}

function describeFailure(exit: Exit): string {
  switch (exit.kind) {
    case 'exited':
      return `the start section exited with code ${exit.code}`;
    case 'trapped':
    case 'bug':
    case 'no-entry':
      return `the start section failed: ${exit.message}`;
    default:
      return 'the start section was killed';
  }
}
