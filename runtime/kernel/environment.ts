import { type HasRoom, TotalAccount } from './account.ts';
import type { Beyond, Elsewhere } from './elsewhere.ts';
import { type EnvironmentId, type ProcessId, processId, type SchedulerIndex } from './ids.ts';
import type { Router } from './router.ts';

/** The number of processes that are kept as looked up last; a power of two. */
const RECENT = 1024;

/**
 * Owns the process ids and the live processes of one program (abi 2.1). Ids count from 1 and are never
 * reused; an id means nothing outside its environment.
 */
export class Environment<Process extends { readonly id: ProcessId }> {
  readonly id: EnvironmentId;
  /** Brings signals to its processes. */
  readonly router: Router<Process>;
  /** What the host keeps for its processes. */
  readonly account: TotalAccount;
  /** The scheduler on which its processes are that it knows. */
  readonly scheduler: SchedulerIndex;
  readonly #processes = new Map<ProcessId, Process>();
  /** The processes that were looked up last, by id. Every message looks its receiver up, most often one of a few. */
  readonly #recent: (Process | null)[] = new Array(RECENT).fill(null);
  #spawned = 0;
  /** Processes that are being made, of which the environment does not know yet. */
  starting = 0;
  /** When one of its processes was last preempted while others were ready. */
  preempted = Number.NEGATIVE_INFINITY;
  /** Whether all of its processes are to be killed, also those that come yet. */
  isEnding = false;
  /** Its processes on other schedulers; null as long as there are none. */
  elsewhere: Elsewhere | null = null;
  /** The processes of other nodes that its own know; null without a cluster. */
  remote: Beyond | null = null;

  /**
   * @param makeRouter called with the environment, which has no processes yet
   * @param hasRoom whether the machine has room for so many bytes more that the host is to keep
   */
  constructor(
    id: EnvironmentId,
    scheduler: SchedulerIndex,
    makeRouter: (environment: Environment<Process>) => Router<Process>,
    hasRoom: HasRoom,
  ) {
    this.id = id;
    this.scheduler = scheduler;
    this.account = new TotalAccount(hasRoom);
    this.router = makeRouter(this);
  }

  /** Uses up the next id. */
  takeId(): ProcessId {
    return processId(this.scheduler, ++this.#spawned);
  }

  add(process: Process): void {
    this.#processes.set(process.id, process);
  }

  /** Enters a process in place of the one that has its id. */
  replace(process: Process): void {
    const { id } = process;
    this.#processes.set(id, process);
    this.#recent[id & (RECENT - 1)] = process;
  }

  remove(process: Process): void {
    const { id } = process;
    this.#processes.delete(id);
    if (this.#recent[id & (RECENT - 1)] === process) this.#recent[id & (RECENT - 1)] = null;
    this.elsewhere?.ended(id);
  }

  /** The live process of an id; undefined if there is none. */
  get(id: ProcessId): Process | undefined {
    // Numbers are compared with numbers only, or each comparison would call a function and make an object of the id.
    const recent = this.#recent[id & (RECENT - 1)] ?? null;
    if (recent !== null && recent.id === id) return recent;
    const found = this.#processes.get(id);
    if (found !== undefined) this.#recent[id & (RECENT - 1)] = found;
    return found;
  }

  /** The number of live processes here. */
  get size(): number {
    return this.#processes.size;
  }

  /** The live processes, oldest first. */
  processes(): IterableIterator<Process> {
    return this.#processes.values();
  }
}
