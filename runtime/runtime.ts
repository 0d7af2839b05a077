import { HostLinker } from './host/linker.ts';
import type { Cluster } from './hostcall/cluster.ts';
import type { HostContext } from './hostcall/function.ts';
import type { Machine } from './kernel/capacity.ts';
import type { Debugging } from './kernel/debugging.ts';
import type { Entry } from './kernel/entry.ts';
import { Environment } from './kernel/environment.ts';
import type { Exit } from './kernel/exit.ts';
import { type EnvironmentId, FIRST_SCHEDULER, type SchedulerIndex } from './kernel/ids.ts';
import { killAll } from './kernel/kill-all.ts';
import { knownTypes } from './kernel/known-types.ts';
import { LocalRouter } from './kernel/local-router.ts';
import { type MakerThread, makerThread } from './kernel/maker-thread.ts';
import { LoadedModule, type LoadOptions, type LoadRequest } from './kernel/module.ts';
import { boundedTypes, isMadeApart } from './kernel/module-bounds.ts';
import type { ImportOutline } from './kernel/module-outline.ts';
import type { SchedulerObserver } from './kernel/observers.ts';
import type { Process, ProcessContext } from './kernel/process.ts';
import { Registry } from './kernel/registry.ts';
import type { Router } from './kernel/router.ts';
import { Scheduler } from './kernel/scheduler.ts';
import { Spawner } from './kernel/spawn.ts';
import type { Stdio } from './kernel/stdio.ts';
import type { Metrics } from './metrics/metrics.ts';
import type { ProcessConfig } from './permissions/config.ts';
import type { PluginHost } from './plugins/plugin-host.ts';

/** What a root process starts with. */
export interface RootOptions {
  readonly config: ProcessConfig;
  readonly stdio: Stdio;
  /** Default: `_start` without parameters. */
  readonly entry?: Entry;
  /** The number of its environment. Default: 1, as for `lunatic run`. */
  readonly environment?: number;
  /** What it lives in. Default: an environment and a registry of its own. */
  readonly within?: Pick<ProcessContext, 'environment' | 'registry'>;
  /** Given the process before its start section runs, which may take as long as the guest likes. */
  readonly onCreated?: (process: Process) => void;
}

/** A root process could not be instantiated. */
export class SpawnError extends Error {
  override readonly name = 'SpawnError';
  readonly code = 'LUNATIC_SPAWN';
}

/** A running root process and the environment it lives in. */
export interface Root {
  /** The root process. While programs are debugged, another one may take its place. */
  readonly process: Process;
  readonly environment: Environment<Process>;
  /** Settles when the root process has ended. Other processes may still run. */
  readonly ended: Promise<Exit>;
  /** Kills every process of the environment that still lives. */
  stop(): void;
}

export interface RuntimeOptions extends Omit<LoadOptions, 'probes'> {
  /** Hears of what happens from the start; `scheduler.observers` takes others later. */
  readonly observer?: SchedulerObserver;
  /** Which of several schedulers it is. Default: the first one. */
  readonly index?: SchedulerIndex;
  /** What limits the number of processes; tests put smaller machines in. */
  readonly machine?: Machine;
  /** Host functions besides the runtime's own. Whoever uses plugins makes them: most programs start without their code. */
  readonly plugins?: PluginHost | undefined;
  /** For programs that are debugged. Default: their processes cannot be stopped in the midst of their code. */
  readonly debugging?: Debugging | undefined;
  /** Counts what happens; made and served by whoever exports it. */
  readonly metrics?: Metrics;
  /** Makes modules while processes run. Default: the thread of this OS process. */
  readonly maker?: MakerThread;
  /** Gives the router of each environment, in front of the one that knows the processes of this scheduler. */
  readonly route?: (local: Router<Process>) => Router<Process>;
}

/** One scheduler with the host API: loads modules and runs programs. */
export class Runtime {
  readonly scheduler: Scheduler;
  readonly spawner: Spawner;
  readonly #context: HostContext;
  readonly #linker: HostLinker;
  readonly #route: (local: Router<Process>) => Router<Process>;
  readonly #loadOptions: LoadOptions;
  /** For modules that processes make. */
  readonly #processOptions: LoadOptions;
  readonly #maker: () => MakerThread;
  /** A module that travels in messages is known by its bytes; the bytes alone do not keep alive what was made of them. */
  readonly #loaded = new WeakMap<Uint8Array, WeakRef<LoadedModule>>();

  constructor(options: RuntimeOptions = {}) {
    const { observer, machine, metrics, plugins } = options;
    this.scheduler = new Scheduler(options.index ?? FIRST_SCHEDULER, machine);
    this.scheduler.metrics = metrics?.vm ?? null;
    if (plugins !== undefined) this.scheduler.observers.add(plugins);
    if (observer !== undefined) this.scheduler.observers.add(observer);
    this.scheduler.probes = options.debugging?.open(this.scheduler) ?? null;
    // The code of the thread is loaded when it is needed.
    this.#maker = () => options.maker ?? makerThread;
    const ofPlugins = new Set(plugins?.functions.map((fn) => fn.module));
    this.spawner = new Spawner(this.scheduler, this.#maker, ofPlugins);
    this.#route = options.route ?? ((local) => local);
    this.#loadOptions = options.debugging === undefined ? options : { ...options, probes: options.debugging };
    // A guest that makes modules must not fill the folder of whoever runs it with what was rewritten of them.
    this.#processOptions = { ...this.#loadOptions, store: undefined, coverage: undefined, fromProcess: true };
    this.#context = {
      scheduler: this.scheduler,
      spawner: this.spawner,
      modules: { load: (bytes) => this.#loadForProcess(bytes) },
      guestMetrics: metrics?.guest ?? null,
      cluster: null,
    };
    this.#linker = new HostLinker(this.#context, {
      plugins: plugins?.functions,
      counting: metrics && ((fn, own) => metrics.vm.counting(fn, own)),
    });
  }

  /**
   * Reads, checks, links and compiles a binary module. The bytes are kept and must not be changed.
   * @param config of those who are to run it, if they are known: if its limits forbid that, the module is not compiled
   * @param again see `LoadedModule`
   * @throws WasmFormatError, ModuleError or LinkError, each with a message for the module's author
   */
  load(bytes: Uint8Array, config?: ProcessConfig, again?: () => Uint8Array): LoadedModule {
    return this.#load(bytes, this.#loadOptions, config, again);
  }

  /** @throws LinkError that lists all imports which cannot be linked, also of a module that is refused for something else */
  checkImports(module: ImportOutline): void {
    this.#linker.link(module);
  }

  /** Loads a module that a process has made on another scheduler. */
  loadMade(bytes: Uint8Array): LoadedModule {
    return this.#load(bytes, this.#processOptions);
  }

  #load(
    bytes: Uint8Array,
    options: LoadOptions,
    config?: ProcessConfig,
    again?: () => Uint8Array,
  ): LoadedModule {
    const known = this.#loaded.get(bytes)?.deref();
    return known ?? this.#make(bytes, options, { config, again });
  }

  #make(bytes: Uint8Array, options: LoadOptions, request: LoadRequest): LoadedModule {
    const module = new LoadedModule(bytes, this.#linker, options, request);
    this.#loaded.set(module.bytes, new WeakRef(module));
    return module;
  }

  #loadForProcess(bytes: Uint8Array): LoadedModule | Promise<LoadedModule> {
    const known = this.#loaded.get(bytes)?.deref();
    if (known !== undefined) return known;
    const options = this.#processOptions;
    const { scheduler } = this;
    scheduler.work.chargeCompile(bytes.length);
    if (options.probes !== undefined || !isMadeApart(bytes)) return this.#make(bytes, options, {});
    (options.types ?? knownTypes).add(boundedTypes(bytes));
    let module: LoadedModule | undefined;
    const making = this.#maker().make(
      scheduler,
      scheduler.current,
      () => {
        // Another process may have asked for the same one before.
        module = this.#loaded.get(bytes)?.deref();
        return module === undefined ? LoadedModule.jobOf(bytes, options) : null;
      },
      (made) => {
        module = this.#make(bytes, options, { made });
      },
    );
    return making.then(() => module ?? this.#make(bytes, options, {}));
  }

  /** Makes it a node. Guests see the cluster from now on. */
  join(cluster: Cluster): void {
    this.#context.cluster = cluster;
  }

  /** An environment with a registry of its own, in which several root processes can live. */
  createEnvironment(number = 1, registry = new Registry()): Pick<ProcessContext, 'environment' | 'registry'> {
    const environment = new Environment<Process>(
      number as EnvironmentId,
      this.scheduler.index,
      (made) => this.#route(new LocalRouter(made, this.scheduler.delivery)),
      (bytes) => this.scheduler.capacity.hasRoom(bytes),
    );
    this.scheduler.metrics?.environmentCreated(environment);
    return { environment, registry };
  }

  /**
   * Starts a program: a root process, unless told otherwise in an environment and with a registry of its own.
   * @throws SpawnError where it cannot be instantiated
   */
  async run(module: LoadedModule, options: RootOptions): Promise<Root> {
    const { config, stdio, within = this.createEnvironment(options.environment) } = options;
    const { environment } = within;
    environment.account.limit = Math.max(environment.account.limit, config.maxHostMemory);
    const context = { ...within, config, stdio };
    const entry = options.entry ?? { name: '_start', params: [] };
    const { process, failure } = await this.spawner.spawnRoot(context, module, entry, options.onCreated);
    if (failure !== undefined) throw new SpawnError(failure);
    const ended = new Promise<Exit>((resolve) => {
      process.onEnd = resolve;
    });
    const stop = () => void killAll(environment, this.scheduler);
    let latest = process;
    return {
      get process() {
        latest = latest.latest;
        return latest;
      },
      environment,
      ended,
      stop,
    };
  }
}
