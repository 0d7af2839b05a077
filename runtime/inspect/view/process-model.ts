import type { EndedProcess, Notifications, ProcessInfo, ProcessKey, ProcessPage } from '../protocol.ts';
import { isFailure } from './process-text.ts';
import type { ViewedProcess } from './viewed-process.ts';

/** Processes of one program that are kept at most; the oldest of them. The others are only counted. */
export const MAX_KEPT = 20_000;

/** Processes that have ended and are kept: so many that ended well or were killed, and so many that failed. */
export const MAX_ENDED = 50;

/** Milliseconds for which a process is kept that ended well or was killed, and for which one that failed is. */
const ENDED_TIME = 5000;
const FAILED_TIME = 60_000;

/** What has become of a model since it was asked last. */
export interface ModelChanges {
  /** Processes of which something is different; one that has ended is among them. */
  readonly changed: ReadonlySet<ProcessKey>;
  /** Processes that have other children than before; null stands for the program. */
  readonly parents: ReadonlySet<ProcessKey | null>;
  /** Processes that are not displayed any more. */
  readonly removed: ReadonlySet<ProcessKey>;
}

/**
 * The process tree of a program, as far as it is known: pages of what was there, and what has changed since. A process
 * that has ended stays for a while. The model knows neither the editor nor where the news comes from.
 */
export class ProcessModel {
  readonly #processes = new Map<ProcessKey, ViewedProcess>();
  /** Who names a process as its parent, whether that is there or not. */
  readonly #named = new Map<ProcessKey, Set<ProcessKey>>();
  /** Under which process each is displayed, and what is displayed under each; null stands for the top. */
  readonly #placed = new Map<ProcessKey, ProcessKey | null>();
  readonly #siblings = new Map<ProcessKey | null, Siblings>();
  /** Processes that have ended, the earliest first. */
  readonly #ended: readonly [wellOrKilled: Set<ProcessKey>, failed: Set<ProcessKey>] = [new Set(), new Set()];
  #changed = new Set<ProcessKey>();
  #parents = new Set<ProcessKey | null>();
  #removed = new Set<ProcessKey>();
  #total = 0;
  readonly #capacity: number;

  constructor(capacity: number = MAX_KEPT) {
    this.#capacity = capacity;
  }

  /** Live processes, also those that are not kept. */
  get total(): number {
    return this.#total;
  }

  /** Live processes that are kept. */
  get size(): number {
    const [well, failed] = this.#ended;
    return this.#processes.size - well.size - failed.size;
  }

  get isFull(): boolean {
    return this.size >= this.#capacity;
  }

  get(key: ProcessKey): ViewedProcess | undefined {
    return this.#processes.get(key);
  }

  /** Children of a process, or with null the processes at the top, oldest first. */
  childrenOf(parent: ProcessKey | null): readonly ProcessKey[] {
    return this.#siblings.get(parent)?.sorted(this.#processes) ?? [];
  }

  childCount(parent: ProcessKey | null): number {
    return this.#siblings.get(parent)?.keys.size ?? 0;
  }

  /**
   * The process under which one is displayed; null at the top. One that has ended stays below its parent while that is
   * kept; one that lives moves to the top when its parent ends.
   */
  parentOf(key: ProcessKey): ProcessKey | null {
    return this.#placed.get(key) ?? null;
  }

  processes(): Iterable<ViewedProcess> {
    return this.#processes.values();
  }

  addPage(page: ProcessPage): void {
    for (const info of page.processes) this.#put(info);
    this.#setTotal(page.total);
  }

  apply({ started, changed, ended, total }: Notifications['processes/changed']): void {
    for (const end of ended) this.#end(end);
    for (const info of started) this.#put(info);
    for (const info of changed) if (this.#isLive(info.key)) this.#put(info);
    this.#setTotal(total);
  }

  /** All there is, where news was missed. How others have ended is not known, so they go at once. */
  replace(processes: readonly ProcessInfo[], total: number): void {
    const there = new Set(processes.map(({ key }) => key));
    for (const key of [...this.#processes.keys()])
      if (!there.has(key) && this.#isLive(key)) this.#remove(key);
    for (const info of processes) this.#put(info);
    this.#setTotal(total);
  }

  /**
   * Lets go of processes that ended too long ago. Call it every second or so while something is displayed.
   * @param now a Unix time in milliseconds
   * @returns whether one has gone
   */
  expire(now: number): boolean {
    const [well, failed] = this.#ended;
    const before = this.#processes.size;
    this.#expire(well, now - ENDED_TIME);
    this.#expire(failed, now - FAILED_TIME);
    return this.#processes.size < before;
  }

  #expire(ended: Set<ProcessKey>, until: number): void {
    for (const key of ended) {
      if ((this.#processes.get(key)?.since ?? 0) > until && ended.size <= MAX_ENDED) break;
      this.#remove(key);
    }
  }

  /** What has changed since this was called last. */
  takeChanges(): ModelChanges {
    const changes = { changed: this.#changed, parents: this.#parents, removed: this.#removed };
    this.#changed = new Set();
    this.#parents = new Set();
    this.#removed = new Set();
    return changes;
  }

  #setTotal(total: number): void {
    if (total !== this.#total) this.#parents.add(null);
    this.#total = total;
  }

  #isLive(key: ProcessKey): boolean {
    const process = this.#processes.get(key);
    return process !== undefined && process.state !== 'ended';
  }

  #put(process: ViewedProcess): void {
    const { key, parent, state } = process;
    const before = this.#processes.get(key);
    // A process that has ended does not come back, in whatever order pages and changes arrive.
    if (before?.state === 'ended') return;
    if (before === undefined && state !== 'ended' && this.isFull) return;
    this.#processes.set(key, process);
    this.#changed.add(key);
    this.#removed.delete(key);
    if (before === undefined || before.parent !== parent) {
      if (before !== undefined) this.#forgetParent(before);
      this.#nameParent(process);
    }
    this.#place(process);
    if (before === undefined || before.state !== state) this.#placeChildren(key);
  }

  #end({ process: key, end, time, last }: EndedProcess): void {
    const process = this.#processes.get(key) ?? last;
    if (process === undefined || process.state === 'ended') return;
    this.#put({ ...process, state: 'ended', since: time, end });
    const [well, failed] = this.#ended;
    const ended = isFailure(end) ? failed : well;
    ended.add(key);
    this.#expire(ended, Number.NEGATIVE_INFINITY);
  }

  #remove(key: ProcessKey): void {
    const process = this.#processes.get(key);
    if (process === undefined) return;
    this.#processes.delete(key);
    for (const ended of this.#ended) ended.delete(key);
    this.#forgetParent(process);
    this.#leave(key);
    this.#placeChildren(key);
    this.#changed.delete(key);
    this.#removed.add(key);
  }

  #nameParent({ key, parent }: ViewedProcess): void {
    if (parent === null) return;
    const named = this.#named.get(parent);
    if (named === undefined) this.#named.set(parent, new Set([key]));
    else named.add(key);
  }

  #forgetParent({ key, parent }: ViewedProcess): void {
    if (parent === null) return;
    const named = this.#named.get(parent);
    named?.delete(key);
    if (named?.size === 0) this.#named.delete(parent);
  }

  /** Displays a process where it belongs. */
  #place(process: ViewedProcess): void {
    const { key } = process;
    const parent = this.#visibleParent(process);
    if (this.#placed.get(key) === parent) return;
    this.#leave(key);
    let siblings = this.#siblings.get(parent);
    if (siblings === undefined) {
      siblings = new Siblings();
      this.#siblings.set(parent, siblings);
    }
    siblings.add(key);
    this.#placed.set(key, parent);
    this.#parents.add(parent);
  }

  #placeChildren(key: ProcessKey): void {
    for (const child of this.#named.get(key) ?? []) {
      const process = this.#processes.get(child);
      if (process !== undefined) this.#place(process);
    }
  }

  /** Takes a process away from where it is displayed. */
  #leave(key: ProcessKey): void {
    const parent = this.#placed.get(key);
    if (parent === undefined) return;
    this.#placed.delete(key);
    this.#parents.add(parent);
    const siblings = this.#siblings.get(parent);
    siblings?.delete(key);
    if (siblings?.keys.size === 0) this.#siblings.delete(parent);
  }

  #visibleParent({ parent, state }: ViewedProcess): ProcessKey | null {
    const found = parent === null ? undefined : this.#processes.get(parent);
    return found === undefined || (found.state === 'ended' && state !== 'ended') ? null : parent;
  }
}

/** Processes that are displayed beside each other: as they were heard of, and sorted when somebody looks. */
class Siblings {
  readonly keys = new Set<ProcessKey>();
  #sorted: ProcessKey[] | undefined;

  add(key: ProcessKey): void {
    this.keys.add(key);
    this.#sorted = undefined;
  }

  delete(key: ProcessKey): void {
    if (this.keys.delete(key)) this.#sorted = undefined;
  }

  sorted(processes: ReadonlyMap<ProcessKey, ViewedProcess>): readonly ProcessKey[] {
    this.#sorted ??= [...this.keys].sort((a, b) => compare(processes.get(a), processes.get(b)));
    return this.#sorted;
  }
}

/** Environments one after the other, and in each the processes by age. */
function compare(a: ViewedProcess | undefined, b: ViewedProcess | undefined): number {
  if (a === undefined || b === undefined) return 0;
  return a.environment - b.environment || a.id - b.id;
}
