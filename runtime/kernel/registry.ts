/** What a name stands for. Plain numbers a guest may choose freely; nothing checks them (semantics 11). */
export interface RegistryEntry {
  readonly nodeId: bigint;
  readonly processId: bigint;
}

/**
 * Names of processes, shared by a root process and its descendants. Entries outlive their process.
 *
 * `get_or_spawn` holds a name from look-up to insertion, which may take long when the new process has a start
 * section; everybody else who asks for that name waits until it is settled. (Upstream locks the whole registry;
 * holding the one name cannot be told apart from outside, and a start section may use other names.)
 */
export class Registry {
  readonly #entries = new Map<string, RegistryEntry>();
  readonly #held = new Map<string, Set<() => void>>();

  get size(): number {
    return this.#entries.size;
  }

  get(name: string): RegistryEntry | undefined {
    return this.#entries.get(name);
  }

  put(name: string, entry: RegistryEntry): void {
    this.#entries.set(name, entry);
  }

  remove(name: string): void {
    this.#entries.delete(name);
  }

  /** All names, oldest first. */
  entries(): IterableIterator<[name: string, RegistryEntry]> {
    return this.#entries.entries();
  }

  /** The first names that stand for a process, for messages to people. */
  namesOf(processId: number, most: number): string[] {
    const names: string[] = [];
    if (this.#entries.size === 0) return names;
    const id = BigInt(processId);
    for (const [name, entry] of this.#entries) {
      if (entry.processId === id && names.push(name) === most) break;
    }
    return names;
  }

  /** Whether a `get_or_spawn` of somebody else holds the name at the moment. */
  isHeld(name: string): boolean {
    return this.#held.has(name);
  }

  hold(name: string): void {
    this.#held.set(name, new Set());
  }

  /** Ends a hold and calls everybody who waited for it. */
  release(name: string): void {
    const waiters = this.#held.get(name);
    if (waiters === undefined) return;
    this.#held.delete(name);
    for (const wake of waiters) wake();
  }

  /** Calls `wake` when the name is no longer held. Returns how to give up. */
  whenReleased(name: string, wake: () => void): () => void {
    const waiters = this.#held.get(name);
    waiters?.add(wake);
    return () => waiters?.delete(wake);
  }
}
