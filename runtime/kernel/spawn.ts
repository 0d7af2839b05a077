import { shown } from '../symbols/shown.ts';
import type { ProcessConfig } from './config.ts';
import type { Exit } from './exit.ts';
import { PAGE_SIZE, type PooledMemory } from './memory-pool.ts';
import { NO_TAG } from './message.ts';
import { type LoadedModule, ModuleError } from './module.ts';
import { type Entry, Process, type ProcessContext, Wait } from './process.ts';
import type { Scheduler } from './scheduler.ts';
import { noEntryTrap } from './trap.ts';
import { withVectorEntry } from './vector-entry.ts';

/** Module name of the imports that the rewriter adds. */
const KERNEL = 'lunatic:kernel';

/** No memory has more pages, whatever its config says: 4 GiB. */
const MAX_PAGES = 65_536;

/** What `spawn` made: a process that is alive, or the reason why it could not be instantiated. */
export type SpawnResult =
  | { readonly process: Process; readonly failure?: never }
  | { readonly process?: never; readonly failure: string };

/** Makes processes out of modules and starts them (semantics 2.9). */
export class Spawner {
  readonly #scheduler: Scheduler;
  /** The imports the rewriter adds. The memory is put in for each instance. */
  readonly #kernelImports: {
    tick: WebAssembly.Suspending;
    refuel: WebAssembly.Suspending;
    memory?: WebAssembly.Memory;
  };

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
    this.#kernelImports = {
      tick: new WebAssembly.Suspending(scheduler.tick),
      refuel: new WebAssembly.Suspending(scheduler.refuel),
    };
    scheduler.begin = (process) => this.#begin(process);
  }

  /**
   * Spawns a child of the current process. Suspends the parent while a start section runs.
   * @param link the tag under which the parent wants to see the child's death; `NO_TAG` for no link
   */
  spawn(
    parent: Process,
    module: LoadedModule,
    config: ProcessConfig,
    entry: Entry,
    link: bigint,
  ): SpawnResult | Promise<SpawnResult> {
    const { environment, registry } = parent;
    const stdio = parent.stdio.forChild?.() ?? parent.stdio;
    const created = this.#create(parent, { environment, registry, config, stdio }, module, entry);
    if (created.failure !== undefined) return created;
    const child = created.process;
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
        if (child.initialized) this.#scheduler.discard(child);
        throw killed;
      },
    );
  }

  /**
   * Spawns a process without a parent, of an environment of its own.
   * @param onCreated given the process before its start section runs
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
      onCreated?.(root);
      const launch = (failure: Exit | null) => {
        if (failure !== null) {
          resolve({ failure: describeFailure(failure) });
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

  /** Enters an initialized child into the environment, links and schedules it (semantics 2.9, steps 10-12). */
  #launch(parent: Process, child: Process, link: bigint): SpawnResult {
    const scheduler = this.#scheduler;
    if (link !== NO_TAG) {
      scheduler.deliver(parent, { kind: 'link', peer: child.id, tag: NO_TAG });
      this.#settleSignals(parent, child);
      scheduler.deliver(child, { kind: 'link', peer: parent.id, tag: link });
    }
    child.environment.add(child);
    scheduler.makeReady(child, 0);
    return { process: child };
  }

  /** Applies what the parent sent to itself. The child ends with it where it has to die. */
  #settleSignals(parent: Process, child: Process): void {
    try {
      this.#scheduler.drainSignals(parent);
    } catch (killed) {
      this.#scheduler.discard(child);
      throw killed;
    }
  }

  #create(parent: Process | null, context: ProcessContext, module: LoadedModule, entry: Entry): SpawnResult {
    const process = new Process(context.environment.takeId(), parent?.id ?? null, context, module, entry);
    const failure = this.#instantiate(process);
    return failure === null ? { process } : { failure };
  }

  #instantiate(process: Process): string | null {
    const { module, config } = process;
    let admitted = false;
    try {
      module.checkLimits(config);
      const compiled = module.compiledFor(config);
      const memory = this.#acquireMemory(compiled.memory, config);
      if (typeof memory === 'string') return memory;
      admitted = true;
      if (memory !== null) this.#kernelImports.memory = memory.memory;
      process.ownedMemory = memory;
      module.imports[KERNEL] = this.#kernelImports;
      process.instance = new WebAssembly.Instance(compiled.module, module.imports);
      process.initialized = compiled.startExport === undefined;
      return null;
    } catch (error) {
      if (process.ownedMemory !== null) this.#scheduler.pool.release(process.ownedMemory);
      if (admitted) this.#scheduler.capacity.releaseStack();
      // What a module or the machine cannot do; anything else is a bug of ours and must be seen as one.
      if (error instanceof ModuleError) return error.message;
      if (error instanceof WebAssembly.RuntimeError || error instanceof WebAssembly.LinkError) {
        return error.message.replace(/^WebAssembly\.Instance\(\): /, '');
      }
      if (error instanceof RangeError)
        return `no room for another process on this machine (${error.message})`;
      throw error;
    }
  }

  /** A memory for a new process and room for its stack: null where it needs none, a text where there is none. */
  #acquireMemory(
    declared: { initial: number; maximum?: number | undefined } | undefined,
    config: ProcessConfig,
  ): PooledMemory | null | string {
    const { capacity, pool } = this.#scheduler;
    if (declared === undefined) return capacity.admit(false);
    const { initial } = declared;
    const limit = Math.floor(config.maxMemory / PAGE_SIZE);
    const maximum = Math.min(declared.maximum ?? MAX_PAGES, limit, MAX_PAGES);
    const pooled = pool.acquire(initial, maximum);
    const refusal = capacity.admit(pooled === undefined);
    if (refusal !== null) {
      if (pooled !== undefined) pool.release(pooled);
      return refusal;
    }
    return pooled ?? this.#freshMemory(initial, maximum);
  }

  /** @throws RangeError where the address space is used up */
  #freshMemory(initial: number, maximum: number): PooledMemory {
    try {
      return { memory: new WebAssembly.Memory({ initial, maximum }), initial, maximum };
    } catch {
      // Memories of ended processes may still hold it.
      this.#scheduler.capacity.reclaim();
      return { memory: new WebAssembly.Memory({ initial, maximum }), initial, maximum };
    }
  }

  /** Runs what is next for a process: its start section, later its entry function. */
  #begin(process: Process): Promise<unknown> {
    const { instance, module, entry } = process;
    if (instance === null) throw new Error('a process without an instance');
    try {
      if (!process.initialized) {
        const start = module.compiledFor(process.config).startExport;
        return callPromising(instance.exports[start ?? ''], []);
      }
      checkEntry(module, entry);
      const { fn, params } = withVectorEntry(instance.exports[entry.name], entry.params);
      return callPromising(fn, params);
    } catch (error) {
      return Promise.reject(error);
    }
  }
}

function callPromising(fn: unknown, params: readonly (number | bigint)[]): Promise<unknown> {
  return WebAssembly.promising(fn as (...params: (number | bigint)[]) => unknown)(...params);
}

/** @throws a trap where the entry function cannot be called with these parameters */
function checkEntry(module: LoadedModule, { name, params }: Entry): void {
  const type = module.exportedFunction(name);
  if (type === undefined) {
    throw noEntryTrap(`the module exports no function "${shown(name)}"`);
  }
  const given = params.map((value) =>
    typeof value === 'number' ? 'i32' : typeof value === 'bigint' ? 'i64' : 'v128',
  );
  const wanted = type.params;
  if (given.length !== wanted.length || given.some((kind, i) => kind !== wanted[i])) {
    throw noEntryTrap(
      `the entry function "${shown(name)}" takes (${wanted.join(', ')}), it was given (${given.join(', ')})`,
    );
  }
  if (type.results.length > 0) {
    throw noEntryTrap(`the entry function "${shown(name)}" must not return a value`);
  }
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
