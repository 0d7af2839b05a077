import { type EnvironmentId, type ProcessId, processId, type SchedulerIndex } from './ids.ts';

/**
 * Owns the process ids and the live processes of one program (abi 2.1). Ids count from 1 and are never
 * reused; an id means nothing outside its environment.
 */
export class Environment<Process extends { readonly id: ProcessId }> {
  readonly id: EnvironmentId;
  readonly #scheduler: SchedulerIndex;
  readonly #processes = new Map<ProcessId, Process>();
  #spawned = 0;
  /** Processes that are being made, of which the environment does not know yet. */
  starting = 0;

  constructor(id: EnvironmentId, scheduler: SchedulerIndex) {
    this.id = id;
    this.#scheduler = scheduler;
  }

  /** Uses up the next id. */
  takeId(): ProcessId {
    return processId(this.#scheduler, ++this.#spawned);
  }

  add(process: Process): void {
    this.#processes.set(process.id, process);
  }

  remove(process: Process): void {
    this.#processes.delete(process.id);
  }

  get(id: ProcessId): Process | undefined {
    return this.#processes.get(id);
  }

  /** The number of live processes. */
  get size(): number {
    return this.#processes.size;
  }

  /** The live processes, oldest first. */
  processes(): IterableIterator<Process> {
    return this.#processes.values();
  }
}
