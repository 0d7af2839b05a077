import { type Account, textCost } from './account.ts';

/** What a name stands for: plain numbers that a guest chooses freely and nothing checks (abi 11). */
export interface RegistryEntry {
  readonly nodeId: bigint;
  readonly processId: bigint;
}

/**
 * Who keeps the names of a program that has processes on several schedulers.
 *
 * `waits`: whether to wait while a name is reserved. In a start section nobody does: whoever has reserved the name may wait for that.
 */
export interface NameKeeper {
  get(name: string, waits: boolean): Promise<RegistryEntry | undefined>;
  put(name: string, entry: RegistryEntry, waits: boolean): Promise<void>;
  remove(name: string, waits: boolean): Promise<void>;
  /** Reserves a name, or returns what it stands for. */
  reserve(name: string, waits: boolean): Promise<RegistryEntry | undefined>;
  /** Ends a reservation, with what the name stands for from now on, if that is given. Rejects with a trap if there is no room for it. */
  release(name: string, entry: RegistryEntry | null): Promise<void>;
}

/** What an entry takes besides its name: two numbers and places in two maps. */
const NAME_COST = 256;

/**
 * Names of processes, shared by a root process and its descendants. Entries outlive their process.
 *
 * `get_or_spawn` reserves a name from look-up to insertion, which may take long if the new process has a start section.
 * Everybody else who asks for that name waits until it is free again. (Upstream locks the whole registry. Nobody can tell
 * the difference from outside, and a start section may use other names.)
 */
export class Registry {
  readonly #entries = new Map<string, RegistryEntry>();
  /** Whose accounts are charged for names. */
  readonly #payers = new Map<string, Account>();
  readonly #reserved = new Map<string, Set<() => void>>();
  /** How often an entry has been put or removed. */
  changes = 0;
  /** Whom to ask where the names are kept by another scheduler; null where they are here. */
  readonly keeper: NameKeeper | null;

  constructor(keeper: NameKeeper | null = null) {
    this.keeper = keeper;
  }

  get(name: string): RegistryEntry | undefined {
    return this.#entries.get(name);
  }

  /**
   * @param payer charged for the name, which outlasts its process; null for nobody
   * @throws a trap if the host would keep too much
   */
  put(name: string, entry: RegistryEntry, payer: Account | null): void {
    const known = this.#payers.get(name);
    if (known !== payer || known === undefined) {
      payer?.chargeLasting(NAME_COST + textCost(name));
      this.#refund(name, known);
      if (payer !== null) this.#payers.set(name, payer);
    }
    this.#entries.set(name, entry);
    this.changes++;
  }

  remove(name: string): void {
    this.#entries.delete(name);
    this.#refund(name, this.#payers.get(name));
    this.changes++;
  }

  #refund(name: string, payer: Account | undefined): void {
    if (payer === undefined) return;
    payer.releaseLasting(NAME_COST + textCost(name));
    this.#payers.delete(name);
  }

  /** All names, oldest first. */
  entries(): IterableIterator<[name: string, RegistryEntry]> {
    return this.#entries.entries();
  }

  /** The first names that stand for a process, at most `most`, for messages to people. */
  namesOf(processId: number, most: number): string[] {
    const names: string[] = [];
    if (this.#entries.size === 0) return names;
    const id = BigInt(processId);
    for (const [name, entry] of this.#entries) {
      if (entry.processId === id && names.push(name) === most) break;
    }
    return names;
  }

  /** Whether a `get_or_spawn` has reserved the name. */
  isReserved(name: string): boolean {
    return this.#reserved.has(name);
  }

  reserve(name: string): void {
    this.#reserved.set(name, new Set());
  }

  /** Ends a reservation and calls everybody who waited for that. */
  release(name: string): void {
    const waiters = this.#reserved.get(name);
    if (waiters === undefined) return;
    this.#reserved.delete(name);
    for (const wake of waiters) wake();
  }

  /** Calls `wake` when the name is no longer reserved. Returns a function that gives up waiting. */
  whenReleased(name: string, wake: () => void): () => void {
    const waiters = this.#reserved.get(name);
    waiters?.add(wake);
    return () => waiters?.delete(wake);
  }
}
