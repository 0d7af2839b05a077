import type { NameEntry } from '../transport.ts';

/** Names that a hub keeps at most, and bytes of all of them. */
const MOST_NAMES = 2 ** 18;
const MOST_BYTES = 64 * 2 ** 20;
/** Bytes that are counted for each beside its text and its value. */
const OVERHEAD = 128;
const LARGEST_VALUE = 2 ** 16;
const LONGEST_NAME = 2 ** 12;

/** A name cannot be kept. */
export class NameRefusal extends Error {
  override readonly name = 'NameRefusal';
  readonly code = 'LUNATIC_NAME_REFUSED';
}

/** The names of a cluster, each with one value. They are in memory. */
export class Names {
  readonly #entries = new Map<string, NameEntry>();
  readonly #mostBytes: number;
  #bytes = 0;
  /** Revisions are never given twice, also not to a name that was removed in between. */
  #revision = 0;

  constructor(mostBytes = MOST_BYTES) {
    this.#mostBytes = mostBytes;
  }

  get(environment: number, name: string): NameEntry | null {
    return this.#entries.get(keyOf(environment, name)) ?? null;
  }

  /** @throws NameRefusal */
  create(environment: number, name: string, value: Uint8Array): number | null {
    const key = keyOf(environment, name);
    if (this.#entries.has(key)) return null;
    if (name.length > LONGEST_NAME) throw new NameRefusal('The name is too long.');
    if (this.#entries.size >= MOST_NAMES) throw new NameRefusal('The cluster has too many names.');
    return this.#set(key, value, OVERHEAD + key.length + value.length);
  }

  /** @throws NameRefusal */
  update(environment: number, name: string, value: Uint8Array, revision: number): number | null {
    const key = keyOf(environment, name);
    const entry = this.#entries.get(key);
    if (entry?.revision !== revision) return null;
    return this.#set(key, value, value.length - entry.value.length);
  }

  remove(environment: number, name: string, revision: number): boolean {
    const key = keyOf(environment, name);
    const entry = this.#entries.get(key);
    if (entry?.revision !== revision) return false;
    this.#entries.delete(key);
    this.#bytes -= OVERHEAD + key.length + entry.value.length;
    return true;
  }

  /** @param more bytes that the names take then in addition */
  #set(key: string, value: Uint8Array, more: number): number {
    if (value.length > LARGEST_VALUE) throw new NameRefusal('The value of the name is too large.');
    if (this.#bytes + more > this.#mostBytes)
      throw new NameRefusal('The names of the cluster take too much memory.');
    this.#bytes += more;
    const revision = ++this.#revision;
    // A copy: it came with what else was in a message.
    this.#entries.set(key, { value: Uint8Array.from(value), revision });
    return revision;
  }
}

function keyOf(environment: number, name: string): string {
  return `${environment} ${name}`;
}
