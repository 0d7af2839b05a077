import type { Payer } from '../kernel/account.ts';
import type { Process } from '../kernel/process.ts';
import { PluginMemory } from './plugin-memory.ts';

/** A process has ended, and its state and memory are gone. */
export class ProcessEndedError extends Error {
  override readonly name = 'ProcessEndedError';
  readonly code = 'LUNATIC_PROCESS_ENDED';

  /** Plugins import this class from the package, and the command brings its own: they are two classes for one error. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return value instanceof Error && 'code' in value && value.code === 'LUNATIC_PROCESS_ENDED';
  }
}

/** Bytes that plugins keep for processes. */
const kept = new WeakMap<Process, number>();

/** A process as a plugin sees it. */
export class PluginProcess<State> {
  /** Unique in its environment. */
  readonly id: number;
  /** The number of its environment: 1 for `lunatic run`, 0 for each test, which has an environment of its own. */
  readonly environment: number;
  /** The id of the process that spawned it; null for a root process. */
  readonly parent: number | null;
  /** The name of the exported function that it runs. */
  readonly entry: string;
  readonly memory: PluginMemory;
  readonly #process: Process;
  readonly #stateOf: (process: Process) => State;

  constructor(process: Process, stateOf: (process: Process) => State) {
    this.id = process.id;
    this.environment = process.environment.id;
    this.parent = process.parent;
    this.entry = process.entry.name;
    this.#process = process;
    this.#stateOf = stateOf;
    this.memory = new PluginMemory(
      () => {
        this.#check();
        return process.memory;
      },
      (bytes) => this.copying(bytes),
    );
  }

  /**
   * Counts bytes that the plugin keeps for the process against its `max_host_memory`, until they are released or the process has
   * ended. Must be called before they are kept: if that is too much it throws a trap, which ends the process unless it is caught.
   */
  charge(bytes: number): void {
    this.#check();
    checkBytes(bytes);
    this.#process.account.charge(bytes);
    kept.set(this.#process, (kept.get(this.#process) ?? 0) + bytes);
  }

  /** Gives back bytes that were charged. Does nothing if the process has ended. @throws RangeError if so many were not */
  release(bytes: number): void {
    checkBytes(bytes);
    const left = (kept.get(this.#process) ?? 0) - bytes;
    if (left < 0) throw new RangeError(`${bytes} bytes were not charged`);
    kept.set(this.#process, left);
    this.#process.account.release(bytes);
  }

  /** Called before the plugin copies bytes out of the memory. */
  protected copying(_bytes: number): void {}

  /** Whether it has ended. It has no state and no memory then. */
  get ended(): boolean {
    return this.#process.instance === null;
  }

  /** What the plugin's `state` made for the process. */
  get state(): State {
    this.#check();
    return this.#stateOf(this.#process);
  }

  #check(): void {
    if (this.ended) throw new ProcessEndedError(`process ${this.id} has ended`);
  }
}

/** The process that calls a function of a plugin. */
export class PluginCaller<State> extends PluginProcess<State> {
  #abort: AbortController | null = null;
  #aborted = false;
  readonly #payer: Payer;
  /** Bytes that were copied during the call. The plugin cannot release them: it has not charged them. */
  #copied = 0;
  #finished = false;

  constructor(process: Process, stateOf: (process: Process) => State) {
    super(process, stateOf);
    this.#payer = process;
  }

  /** A signal that is aborted if the process is killed while the function's promise is pending. */
  get signal(): AbortSignal {
    if (this.#abort === null) {
      this.#abort = new AbortController();
      if (this.#aborted) this.#abort.abort();
    }
    return this.#abort.signal;
  }

  protected override copying(bytes: number): void {
    if (this.#finished) return;
    this.#payer.account.charge(bytes);
    this.#copied += bytes;
  }

  /** Called by the runtime when the call is over: what the plugin keeps of what it has copied, or copies later, it charges itself. */
  finish(): void {
    this.#finished = true;
    if (this.#copied > 0) this.#payer.account.release(this.#copied);
    this.#copied = 0;
  }

  /** Called by the runtime when the process does not wait any more. */
  abort(): void {
    this.#aborted = true;
    this.#abort?.abort();
  }
}

function checkBytes(bytes: number): void {
  if (!Number.isSafeInteger(bytes) || bytes < 0) throw new RangeError(`${bytes} is no number of bytes`);
}
