import { type EnvironmentId, type ProcessId, processId, type SchedulerIndex } from './ids.ts';
import type { Process } from './process.ts';
import type { RunningTest } from './running-test.ts';

/**
 * Owns the process ids and the live processes of one program (semantics 2.1). Ids count from 1 and are never
 * reused; an id means nothing outside its environment.
 */
export class Environment {
  readonly id: EnvironmentId;
  /** The test whose processes live here. */
  readonly test: RunningTest | null;
  readonly #scheduler: SchedulerIndex;
  readonly #processes = new Map<ProcessId, Process>();
  #spawned = 0;
  /** Processes whose start section runs. */
  starting = 0;

  constructor(id: EnvironmentId, scheduler: SchedulerIndex, test: RunningTest | null = null) {
    this.id = id;
    this.test = test;
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

  /** Live processes. */
  get size(): number {
    return this.#processes.size;
  }

  /** The live processes, oldest first. */
  processes(): IterableIterator<Process> {
    return this.#processes.values();
  }
}
