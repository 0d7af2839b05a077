import { basename } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { EntryValue } from '../kernel/entry.ts';
import type { Environment } from '../kernel/environment.ts';
import { hasJspi } from '../kernel/jspi.ts';
import { killAll } from '../kernel/kill-all.ts';
import type { LoadedModule } from '../kernel/module.ts';
import type { Process } from '../kernel/process.ts';
import type { Registry } from '../kernel/registry.ts';
import type { AnyPlugin } from '../plugins/plugin.ts';
import { PluginHost } from '../plugins/plugin-host.ts';
import { type RootOptions, Runtime } from '../runtime.ts';
import { assembleApart } from '../wat/assemble-apart.ts';
import { MailboxClosedError, StoppedError, UnsupportedNodeError } from './errors.ts';
import { describeExit, type ProcessExit } from './exit.ts';
import { type Inspection, type InspectOptions, openInspection } from './inspection.ts';
import { Mailbox, type MailboxOptions } from './mailbox.ts';
import { MAILBOX_ENTRY, MAILBOX_MODULE } from './mailbox-module.ts';
import { mailboxPlugin } from './mailbox-plugin.ts';
import { MessageQueue } from './message-queue.ts';
import { Module } from './module.ts';
import { type ConfigOptions, configOf } from './permissions.ts';
import { GuestProcess, type SendOptions } from './process.ts';
import { type Bytes, idOf, type ProcessReference, Signals } from './signals.ts';
import { type Streams, stdioOf } from './streams.ts';

/** What a `Lunatic` is made with. */
export interface LunaticOptions {
  /** Host functions besides those of the runtime: see `definePlugin`. */
  readonly plugins?: readonly AnyPlugin[];
  /** Called with the end of every process, also of those that processes have spawned. It must not throw. */
  readonly onExit?: (id: bigint, exit: ProcessExit) => void;
  /**
   * Whether modules may have structs, arrays and stored exceptions, also those that processes compile. Such objects lie on V8's
   * heap, which no limit of a process bounds: a guest that uses it up ends this program. Default: false.
   */
  readonly allowGc?: boolean;
}

/** How a process is spawned. */
export interface SpawnOptions extends ConfigOptions, Streams {
  /** The exported function that it calls. Default: `_start`. */
  readonly entry?: string;
  /** What the function is given: an i32 as a number, an i64 as a bigint, a v128 as 16 bytes. Default: nothing. */
  readonly params?: readonly EntryValue[];
}

/**
 * The runtime inside of a Node program: loads modules, runs processes, and talks to them. All its processes live in one
 * environment, with one registry of names, and end with `stop`.
 *
 *     await using lunatic = new Lunatic();
 *     const module = await lunatic.load(await readFile('app.wasm'));
 *     const process = await lunatic.spawn(module, { args: ['app'] });
 *     console.log(await process.exited);
 *
 * Processes run on the event loop of this thread, for some milliseconds at a time. Node does not end while a process lives,
 * or somebody waits for a message.
 */
export class Lunatic implements AsyncDisposable {
  readonly #runtime: Runtime;
  readonly #environment: Environment<Process>;
  readonly #registry: Registry;
  readonly #signals: Signals;
  readonly #loaded = new WeakMap<Module, LoadedModule>();
  readonly #mailboxModule: LoadedModule;
  /** Of live mailboxes, by their ids. */
  readonly #queues = new Map<number, MessageQueue>();
  /** Processes whose start section runs: the environment does not know them yet. */
  readonly #starting = new Set<Process>();
  /** The first process that was made, through which inspectors find the environment. */
  #first: Process | null = null;
  /** The open inspection, or the one that is being opened. */
  #inspection: Promise<Inspection> | null = null;
  /** Resolves when the inspection that was closed last is gone. */
  #inspectionClosed: Promise<void> = Promise.resolve();
  /** Receivers that wait for a message. */
  #receiving = 0;
  #awake: NodeJS.Timeout | null = null;
  #stopped: Promise<void> | null = null;

  /**
   * @throws UnsupportedNodeError where this Node cannot suspend WebAssembly; PluginError where a plugin is none, or two have the
   *   same namespace
   */
  constructor({ plugins = [], onExit, allowGc = false }: LunaticOptions = {}) {
    if (!hasJspi()) throw new UnsupportedNodeError();
    this.#runtime = new Runtime({
      gc: allowGc,
      plugins: new PluginHost([...plugins, mailboxPlugin(this.#queues)]),
      observer: {
        onExit: (process, exit) => {
          // A mailbox counts as none from the moment at which the environment has lost it.
          const isMailbox = this.#queues.delete(process.id);
          this.#keepAwake();
          if (!isMailbox) onExit?.(BigInt(process.id), describeExit(process, exit));
        },
      },
    });
    const { environment, registry } = this.#runtime.createEnvironment();
    this.#environment = environment;
    this.#registry = registry;
    this.#signals = new Signals(environment);
    this.#mailboxModule = this.#runtime.load(MAILBOX_MODULE);
  }

  /**
   * Loads a module: checks it, links its imports and compiles it. It can be spawned any number of times.
   * @param source a WebAssembly binary, of which a copy is kept, or its text
   * @throws WatError, WasmFormatError, ModuleError, LinkError, each with a message for the author of the module; StoppedError
   */
  async load(source: Uint8Array | string): Promise<Module> {
    this.#check();
    const bytes = typeof source === 'string' ? await assembleApart(source, 'module') : source.slice();
    const loaded = this.#runtime.load(bytes);
    const module = new Module(loaded);
    this.#loaded.set(module, loaded);
    return module;
  }

  /**
   * Spawns a process, which has no parent. Resolves once its start section has run.
   * @throws SpawnError where it cannot be instantiated; NetworkRuleError, ProgramNotFoundError where a permission is malformed or
   *   names what is not there; RangeError for a limit that is none; TypeError for a parameter of no type; StoppedError
   */
  async spawn(module: Module, options: SpawnOptions = {}): Promise<GuestProcess> {
    this.#check();
    const loaded = this.#loaded.get(module);
    if (loaded === undefined) throw new TypeError('the module was not loaded by this Lunatic');
    const { process, ended } = await this.#run(loaded, {
      config: configOf(options),
      stdio: stdioOf(options),
      entry: { name: options.entry ?? '_start', params: checked(options.params ?? []) },
    });
    const exited = ended.then((exit) => describeExit(process, exit));
    return new GuestProcess(BigInt(process.id), this.#signals, exited);
  }

  /**
   * Makes a mailbox: a process of this program, which processes can send messages to.
   * @throws SpawnError where the machine has no room for another process; StoppedError
   */
  async mailbox({ name, maxBytes = Number.POSITIVE_INFINITY }: MailboxOptions = {}): Promise<Mailbox> {
    this.#check();
    const queue = new MessageQueue(maxBytes, (waiting) => {
      this.#receiving += waiting ? 1 : -1;
      this.#keepAwake();
    });
    const { process, ended } = await this.#run(
      this.#mailboxModule,
      {
        config: configOf({
          permissions: { spawn: false, compile: false, configs: false },
          limits: { mailbox: maxBytes },
        }),
        stdio: stdioOf({ stdout: null, stderr: null }),
        entry: { name: MAILBOX_ENTRY, params: [] },
      },
      queue,
    );
    this.#signals.surviveLinks(process);
    const id = BigInt(process.id);
    const closed = ended.then((exit) => {
      const why = 'message' in exit ? `: ${exit.message}` : '';
      const reason = queue.isClosing ? 'is closed' : `was killed${why}`;
      queue.close(new MailboxClosedError(`the mailbox ${id} ${reason}`));
    });
    if (name !== undefined) this.register(name, id);
    return new Mailbox(id, this.#signals, queue, closed);
  }

  /**
   * Sends a message with a copy of the bytes.
   * @returns false where there is no such process: nobody gets the message
   */
  send(to: ProcessReference, data: Bytes, { tag = 0n }: SendOptions = {}): boolean {
    return this.#signals.send(idOf(to), data, tag);
  }

  /** Kills a process, whatever it does. Returns false where there is no such process. */
  kill(process: ProcessReference): boolean {
    return this.#signals.kill(idOf(process));
  }

  /** Gives a process a name that processes can look up, in place of whatever had it. The name outlives the process. */
  register(name: string, process: ProcessReference): void {
    this.#registry.put(name, { nodeId: 0n, processId: idOf(process) }, null);
  }

  /** Removes a name, if it is there. */
  unregister(name: string): void {
    this.#registry.remove(name);
  }

  /** The id of the process that has a name; undefined where none has. */
  lookUp(name: string): bigint | undefined {
    return this.#registry.get(name)?.processId;
  }

  /**
   * Lets debuggers and process trees connect, through the inspection protocol. Whoever knows the URL controls the processes
   * and reads their memory: it has a random token, and the default is to listen on this machine alone.
   * @returns the one inspection, which is opened by the first call. It is open until it is closed, or until `stop`
   * @throws InspectListenError where it cannot listen at the address; StoppedError
   */
  async inspect(options: InspectOptions = {}): Promise<Inspection> {
    this.#check();
    this.#inspection ??= this.#openInspection(options);
    return await this.#inspection;
  }

  async #openInspection(options: InspectOptions): Promise<Inspection> {
    try {
      // The new one may be wanted on the same port.
      await this.#inspectionClosed;
      if (this.#first === null) await (await this.mailbox()).close();
      const { scheduler } = this.#runtime;
      const name = basename(process.argv[1] ?? 'node');
      if (this.#first === null) throw new StoppedError('this Lunatic has been stopped');
      const onClose = (closed: Promise<void>) => {
        this.#inspection = null;
        this.#inspectionClosed = closed;
      };
      return await openInspection(
        { scheduler, module: this.#mailboxModule, first: this.#first, onClose },
        { name, ...options },
      );
    } catch (error) {
      this.#inspection = null;
      throw error;
    }
  }

  /** Kills all processes, closes all mailboxes and inspections, and resolves when nothing is left. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #stop(): Promise<void> {
    const { scheduler } = this.#runtime;
    for (const queue of this.#queues.values()) queue.isClosing = true;
    while (this.#environment.size > 0 || this.#starting.size > 0) {
      for (const process of this.#starting) scheduler.kill(process);
      await killAll(this.#environment, scheduler);
      await nextTurn();
    }
    await (await this.#inspection?.catch(() => undefined))?.close();
    await this.#inspectionClosed;
    this.#keepAwake();
  }

  #check(): void {
    if (this.#stopped !== null) throw new StoppedError('this Lunatic has been stopped');
  }

  async #run(module: LoadedModule, options: RootOptions, queue?: MessageQueue) {
    let created: Process | null = null;
    let id = 0;
    try {
      return await this.#runtime.run(module, {
        ...options,
        within: { environment: this.#environment, registry: this.#registry },
        onCreated: (process) => {
          created = process;
          id = process.id;
          this.#first ??= process;
          this.#starting.add(process);
          if (queue !== undefined) this.#queues.set(process.id, queue);
        },
      });
    } catch (error) {
      this.#queues.delete(id);
      throw error;
    } finally {
      if (created !== null) this.#starting.delete(created);
      this.#keepAwake();
    }
  }

  /** Processes that wait for messages give Node nothing to wait for. */
  #keepAwake(): void {
    const guests = this.#environment.size - this.#queues.size;
    const wanted = this.#starting.size > 0 || guests > 0 || this.#receiving > 0;
    if (wanted) this.#awake ??= setInterval(() => {}, 2 ** 30);
    else if (this.#awake !== null) {
      clearInterval(this.#awake);
      this.#awake = null;
    }
  }
}

/** @throws TypeError for a value that no type of WebAssembly has */
function checked(params: readonly unknown[]): EntryValue[] {
  return params.map((value, i) => {
    if (typeof value === 'number' || typeof value === 'bigint') return value;
    if (value instanceof Uint8Array && value.length === 16) return value;
    throw new TypeError(
      `parameter ${i} must be a number for an i32, a bigint for an i64, or a Uint8Array of 16 bytes for a v128`,
    );
  });
}
