import type { Capacity } from './capacity.ts';
import { type Delivery, tellOfEnd } from './delivery.ts';
import { checkEntry, isPlain, suits } from './entry.ts';
import { EntryStacks } from './entry-stacks.ts';
import { type Exit, exitFromError, KILLED_EXIT, RETURNED } from './exit.ts';
import type { Holding } from './holding.ts';
import type { InstancePool } from './instance-pool.ts';
import type { Observers } from './observers.ts';
import type { Probes } from './probes.ts';
import type { Process } from './process.ts';
import type { ScratchArea } from './scratch-area.ts';
import type { Turns } from './turns.ts';
import { withVectorEntry } from './vector-entry.ts';

/** Calls back in a microtask, in a fraction of the time that `queueMicrotask` takes. */
const AT_ONCE = Promise.resolve();

/** Processes for which it is worth to make stacks that are kept: to make the first one takes a millisecond. */
const MANY_PROCESSES = 64;

/** The parts of a scheduler that hear of beginnings and ends. */
interface Parts {
  readonly pool: InstancePool;
  readonly capacity: Capacity;
  readonly observers: Observers;
  readonly scratch: ScratchArea;
  readonly delivery: Delivery;
  readonly holding: Holding;
  readonly probes: Probes | null;
}

/**
 * Begins processes and ends them (abi 2.8): a start section if there is one, and then the entry function, each on a stack of
 * its own. The stack that returns or fails is always that of the process which has the turn.
 */
export class Lifecycle {
  readonly #turns: Turns;
  readonly #parts: Parts;
  readonly #stacks: EntryStacks;
  /** Processes that have begun on a stack of their own. */
  #begun = 0;

  constructor(turns: Turns, parts: Parts) {
    this.#turns = turns;
    this.#parts = parts;
    this.#stacks = new EntryStacks(this.#returned, this.#failed);
  }

  /** Begins a process that has its first turn, or the first one after its start section. */
  begin(process: Process): void {
    if (process.frames >= 0) this.#parts.probes?.begins(process);
    if (process.killed || !this.#stacks.hasIdle || !this.#callEntry(process)) void AT_ONCE.then(this.#begin);
  }

  // From the bottom of the JavaScript stack, since stacks that are made there nest.
  readonly #begin = (): void => {
    const process = this.#turns.current;
    if (process.killed) {
      this.#countStack(process);
      this.#end(process, KILLED_EXIT);
    } else if (++this.#begun < MANY_PROCESSES || !this.#callEntry(process)) {
      this.#countStack(process);
      process.started = true;
      this.#parts.scratch.lend(process);
      start(process).then(this.#returned, this.#failed);
    }
  };

  /** Calls the entry function of a process on a stack that is kept when it returns; returns false if there is none for it. */
  #callEntry(process: Process): boolean {
    const { initialized, instance, module, entry } = process;
    const type = module.exportedFunction(entry.name);
    if (!initialized || instance === null || type === undefined) return false;
    if (type.shape < 0 || !suits(entry.params, type)) return false;
    this.#countStack(process);
    process.started = true;
    this.#parts.scratch.lend(process);
    this.#stacks.call(instance.entry(entry.name), type.shape, entry.params);
    return true;
  }

  #countStack(process: Process): void {
    if (process.turns === 1) this.#parts.capacity.beginStack();
  }

  readonly #returned = (): void => {
    const process = this.#turns.current;
    const { scratch } = this.#parts;
    if (scratch.isLent) scratch.takeBack();
    if (!process.initialized) this.#finishInitialization(process, null);
    else if (this.#turns.watcher !== null && !process.killed && this.#hold(process, RETURNED, null))
      this.#turns.handOn();
    else this.#end(process, RETURNED);
  };

  readonly #failed = (error: unknown): void => {
    const process = this.#turns.current;
    // What fails after the end of a process is the runtime itself.
    if (process.exit !== null) throw error;
    const { scratch } = this.#parts;
    if (scratch.isLent) scratch.takeBack();
    const exit = exitFromError(error);
    const { killReason } = process;
    if (killReason !== null) this.#parts.observers.lost(process, failedExit(killReason), error);
    if (!process.initialized && !process.killed) {
      this.#parts.observers.lost(process, exit, error);
      this.#finishInitialization(process, exit);
    } else if ((process.killed && this.#turns.watcher === null) || !this.#hold(process, exit, error)) {
      this.#end(process, exit);
    } else {
      this.#turns.handOn();
    }
  };

  /** Holds a process whose stack has ended, if an observer wants that. */
  #hold(process: Process, exit: Exit, error: unknown): boolean {
    if (process.killReason !== null || process.successor !== null) return false;
    const end = () => void AT_ONCE.then(() => this.#end(process, exit));
    return this.#parts.holding.hold(process, exit, error, end);
  }

  /** The start section has ended. Whoever spawns the process decides how it goes on. */
  #finishInitialization(process: Process, failure: Exit | null): void {
    process.started = false;
    // One that is begun anew is known to others, who hear of its end.
    if (failure !== null && process.environment.get(process.id) === process) {
      this.#end(process, failure);
      return;
    }
    const { onInitialized } = process;
    process.onInitialized = null;
    if (failure === null) {
      process.initialized = true;
      if (process.turns === 1 && this.#turns.work.isUntouched) process.module.startsAlone = true;
    } else this.discard(process);
    onInitialized?.(failure);
    this.#turns.handOn();
  }

  /** Ends the current process and hands the turn on. */
  #end(process: Process, ending: Exit): void {
    const { killReason } = process;
    const exit = killReason === null ? ending : failedExit(killReason);
    const { delivery, observers } = this.#parts;
    // Links that it asked for just before it ended count.
    if (process.signals !== null)
      for (const signal of process.signals) if (signal.kind !== 'message') delivery.apply(process, signal);
    process.exit = exit;
    if (process.successor === null) {
      process.environment.remove(process);
      observers.exited(process, exit);
      tellOfEnd(process, exit);
    }
    const { onInitialized } = process;
    this.#release(process);
    if (onInitialized !== null && !process.initialized) onInitialized(exit);
    this.#turns.handOn();
  }

  /** Releases a process that never ran its entry function. It must not have a stack. */
  discard(process: Process): void {
    if (process.exit !== null) return;
    process.exit = KILLED_EXIT;
    this.#release(process);
  }

  /** Gives up a process that has not begun and goes on elsewhere: it ends here without anybody hearing of it. */
  depart(process: Process): void {
    process.environment.remove(process);
    process.onEnd = null;
    this.#parts.observers.departed(process);
    this.discard(process);
  }

  #release(process: Process): void {
    const { instance, onEnd, exit } = process;
    const { scratch, capacity, pool } = this.#parts;
    scratch.release(process);
    if (process.frames >= 0) this.#parts.probes?.release(process);
    process.release();
    capacity.releaseStack(process.turns > 0, process.committed);
    process.committed = 0;
    if (instance !== null) pool.release(instance);
    if (exit !== null) onEnd?.(exit);
  }
}

/** Runs the start section of a process, or its entry function if the start section has run, on a stack that is not kept. */
function start({ instance, module, config, entry, initialized }: Process): Promise<unknown> {
  try {
    if (instance === null) throw new Error('a process without an instance');
    if (!initialized) return instance.starter(module.compiledFor(config).startExport ?? '')();
    const { name, params } = entry;
    checkEntry(entry, module.exportedFunction(name));
    if (isPlain(params)) return instance.starter(name)(...params);
    const vectors = withVectorEntry(instance.entry(name), params);
    return WebAssembly.promising(vectors.fn)(...vectors.params);
  } catch (error) {
    return Promise.reject(error);
  }
}

/** A process that the runtime kills has failed, however it has ended meanwhile, and its author must read why. */
function failedExit(reason: string): Exit {
  return { kind: 'trapped', message: reason, error: new Error(reason) };
}
