import type { FoundChanges } from '../inspect/change-feed.ts';
import { partsOf } from '../inspect/process-key.ts';
import type { EndedProcess, Notifications, ProcessInfo, ProcessKey } from '../inspect/protocol.ts';
import { FIRST_SCHEDULER, type SchedulerIndex } from '../kernel/ids.ts';
import type { AskedSystem } from './asked-system.ts';

/** Milliseconds within which a scheduler tells of a process that has come to it; then it is asked. */
const PATIENCE = 1000;

type Changes = Notifications['processes/changed'];

/** A process on another scheduler of which the client knows. */
interface Far {
  readonly place: SchedulerIndex;
  /** When it left for there, if that scheduler has not told of it. */
  readonly left: number | null;
}

/**
 * Makes one story of what schedulers tell of their processes. One that goes from one to another has not ended, and begins once;
 * those of a scheduler that has gone have ended.
 */
export class FarChanges {
  readonly #system: AskedSystem;
  readonly #tell: (changes: Changes) => void;
  readonly #far = new Map<ProcessKey, Far>();
  readonly #totals = new Map<SchedulerIndex, number>();
  #isWatched = false;
  #timer: NodeJS.Timeout | null = null;

  constructor(system: AskedSystem, tell: (changes: Changes) => void) {
    this.#system = system;
    this.#tell = tell;
  }

  /** Whether the client is told of changes from now on. */
  watched(isWatched: boolean): void {
    this.#isWatched = isWatched;
    if (!isWatched) this.close();
  }

  close(): void {
    this.#isWatched = false;
    this.#far.clear();
    this.#totals.clear();
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  /** A scheduler tells of its processes. */
  heard(from: SchedulerIndex, { departed = [], ...changes }: FoundChanges): void {
    if (!this.#isWatched) return;
    this.#totals.set(from, changes.total);
    for (const key of departed) this.#leave(key);
    const started: ProcessInfo[] = [];
    const changed = changes.changed.map(this.#withParent);
    for (const info of changes.started) {
      (this.#far.has(info.key) ? changed : started).push(this.#withParent(info));
      if (from === FIRST_SCHEDULER) this.#far.delete(info.key);
      else this.#far.set(info.key, { place: from, left: null });
    }
    for (const { process } of changes.ended) this.#far.delete(process);
    this.#tellChanges({ started, changed, ended: changes.ended });
  }

  #tellChanges(changes: Omit<Changes, 'total'>): void {
    let total = 0;
    for (const count of this.#totals.values()) total += count;
    this.#tell({ ...changes, total });
  }

  /** Other schedulers do not know whether a parent has ended. */
  readonly #withParent = (info: ProcessInfo): ProcessInfo => {
    const { parent } = info;
    if (parent === null) return info;
    const { index } = this.#system.inspector;
    const place = index.environmentOf(parent)?.elsewhere?.place(partsOf(parent).id) ?? FIRST_SCHEDULER;
    return place === FIRST_SCHEDULER && index.find(parent) === undefined ? { ...info, parent: null } : info;
  };

  #leave(key: ProcessKey): void {
    const { index } = this.#system.inspector;
    const place = index.environmentOf(key)?.elsewhere?.place(partsOf(key).id) ?? FIRST_SCHEDULER;
    // It may have come back, or has been told of already.
    if (this.#far.get(key)?.left === null && this.#far.get(key)?.place === place) return;
    this.#far.set(key, { place, left: performance.now() });
    this.#timer ??= setTimeout(this.#look, PATIENCE).unref();
  }

  /** Looks for processes that have left and were not heard of again: they ended soon. */
  readonly #look = async (): Promise<void> => {
    const until = performance.now() - PATIENCE;
    const late = new Map<SchedulerIndex, ProcessKey[]>();
    let isAnyLeft = false;
    for (const [key, { place, left }] of this.#far) {
      if (left === null) continue;
      if (left > until) isAnyLeft = true;
      else late.set(place, [...(late.get(place) ?? []), key]);
    }
    const ended: ProcessKey[] = [];
    for (const [place, keys] of late) {
      const missing =
        place === FIRST_SCHEDULER ? this.#missingHere(keys) : await this.#system.missing(place, keys);
      ended.push(...missing.filter((key) => this.#far.get(key)?.left != null));
    }
    if (!this.#isWatched) return;
    this.#end(ended);
    this.#timer = isAnyLeft || late.size > 0 ? setTimeout(this.#look, PATIENCE).unref() : null;
  };

  #missingHere(keys: readonly ProcessKey[]): ProcessKey[] {
    return keys.filter((key) => this.#system.inspector.index.find(key) === undefined);
  }

  /** A scheduler has gone. */
  lost(index: SchedulerIndex): void {
    this.#totals.delete(index);
    this.#end([...this.#far].filter(([, { place }]) => place === index).map(([key]) => key));
  }

  #end(keys: readonly ProcessKey[]): void {
    if (keys.length === 0) return;
    const time = Date.now();
    const ended: EndedProcess[] = keys.map((process) => ({ process, end: { kind: 'killed' }, time }));
    for (const key of keys) this.#far.delete(key);
    this.#tellChanges({ started: [], changed: [], ended });
  }
}
