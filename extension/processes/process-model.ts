import type { Notifications, ProcessInfo, ProcessKey, ProcessPage } from '../../runtime/inspect/protocol.ts';

/** What has become of a model since it was asked last. */
export interface ModelChanges {
  /** Processes of which something is different. */
  readonly changed: ReadonlySet<ProcessKey>;
  /** Processes that have other children than before; null stands for the program. */
  readonly parents: ReadonlySet<ProcessKey | null>;
  readonly ended: ReadonlySet<ProcessKey>;
}

/** Processes of one program that are kept at most; the oldest of them. The others are only counted. */
export const MAX_KEPT = 20_000;

/**
 * The process tree of a program, as far as it is known: pages of what was there, and what has changed since. Knows
 * neither the editor nor where the news comes from.
 */
export class ProcessModel {
  readonly #processes = new Map<ProcessKey, ProcessInfo>();
  /** By the parent that a process names, whether that is there or not. */
  readonly #children = new Map<ProcessKey, Siblings>();
  /** Those without a parent, or whose parent is not there. */
  readonly #top = new Siblings();
  #changed = new Set<ProcessKey>();
  #parents = new Set<ProcessKey | null>();
  #ended = new Set<ProcessKey>();
  #total = 0;
  readonly #capacity: number;

  constructor(capacity: number = MAX_KEPT) {
    this.#capacity = capacity;
  }

  /** Live processes, also those that are not kept. */
  get total(): number {
    return this.#total;
  }

  /** Processes that are kept. */
  get size(): number {
    return this.#processes.size;
  }

  get isFull(): boolean {
    return this.#processes.size >= this.#capacity;
  }

  get(key: ProcessKey): ProcessInfo | undefined {
    return this.#processes.get(key);
  }

  /** Children of a process, or with null the processes at the top, oldest first. */
  childrenOf(parent: ProcessKey | null): readonly ProcessKey[] {
    return this.#siblings(parent)?.sorted(this.#processes) ?? [];
  }

  childCount(parent: ProcessKey | null): number {
    return this.#siblings(parent)?.keys.size ?? 0;
  }

  /** The process under which one is shown; null at the top. */
  parentOf(key: ProcessKey): ProcessKey | null {
    const parent = this.#processes.get(key)?.parent ?? null;
    return parent !== null && this.#processes.has(parent) ? parent : null;
  }

  processes(): Iterable<ProcessInfo> {
    return this.#processes.values();
  }

  addPage(page: ProcessPage): void {
    for (const info of page.processes) this.#put(info);
    this.#setTotal(page.total);
  }

  apply({ started, changed, ended, total }: Notifications['processes/changed']): void {
    for (const key of ended) this.#remove(key);
    for (const info of started) this.#put(info);
    for (const info of changed) if (this.#processes.has(info.key)) this.#put(info);
    this.#setTotal(total);
  }

  /** All there is, where news was missed. */
  replace(processes: readonly ProcessInfo[], total: number): void {
    const there = new Set(processes.map(({ key }) => key));
    for (const key of [...this.#processes.keys()]) if (!there.has(key)) this.#remove(key);
    for (const info of processes) this.#put(info);
    this.#setTotal(total);
  }

  /** What has changed since this was called last. */
  takeChanges(): ModelChanges {
    const changes = { changed: this.#changed, parents: this.#parents, ended: this.#ended };
    this.#changed = new Set();
    this.#parents = new Set();
    this.#ended = new Set();
    return changes;
  }

  #setTotal(total: number): void {
    if (total !== this.#total) this.#parents.add(null);
    this.#total = total;
  }

  #put(info: ProcessInfo): void {
    const { key, parent } = info;
    const before = this.#processes.get(key);
    if (before === undefined && this.isFull) return;
    this.#changed.add(key);
    if (before !== undefined && before.parent === parent) {
      this.#processes.set(key, info);
      return;
    }
    if (before !== undefined) this.#remove(key);
    this.#processes.set(key, info);
    this.#ended.delete(key);
    // Those that were heard of before their parent.
    for (const child of this.#children.get(key)?.keys ?? []) this.#top.delete(child);
    if (parent !== null) this.#childrenOf(parent).add(key);
    if (parent === null || !this.#processes.has(parent)) this.#top.add(key);
    this.#parents.add(this.parentOf(key));
  }

  #remove(key: ProcessKey): void {
    const info = this.#processes.get(key);
    if (info === undefined) return;
    this.#parents.add(this.parentOf(key));
    this.#processes.delete(key);
    this.#top.delete(key);
    if (info.parent !== null) {
      const siblings = this.#childrenOf(info.parent);
      siblings.delete(key);
      if (siblings.keys.size === 0) this.#children.delete(info.parent);
    }
    // Those it leaves behind move to the top.
    const left = this.#children.get(key)?.keys ?? [];
    for (const child of left) {
      this.#top.add(child);
      this.#parents.add(null);
    }
    this.#changed.delete(key);
    this.#ended.add(key);
  }

  #siblings(parent: ProcessKey | null): Siblings | undefined {
    return parent === null ? this.#top : this.#children.get(parent);
  }

  #childrenOf(parent: ProcessKey): Siblings {
    let siblings = this.#children.get(parent);
    if (siblings === undefined) {
      siblings = new Siblings();
      this.#children.set(parent, siblings);
    }
    return siblings;
  }
}

/** Processes that are shown beside each other: as they were heard of, and sorted when somebody looks. */
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

  sorted(processes: ReadonlyMap<ProcessKey, ProcessInfo>): readonly ProcessKey[] {
    this.#sorted ??= [...this.keys].sort((a, b) => compare(processes.get(a), processes.get(b)));
    return this.#sorted;
  }
}

/** Environments one after the other, and in each the processes by age. */
function compare(a: ProcessInfo | undefined, b: ProcessInfo | undefined): number {
  if (a === undefined || b === undefined) return 0;
  return a.environment - b.environment || a.id - b.id;
}
