import { createHash } from 'node:crypto';

/** Bytes of all modules that a hub keeps. */
const MOST_BYTES = 2 ** 30;

/** The modules of a cluster, in memory. Their ids count from 1. */
export class Modules {
  readonly #modules: Uint8Array[] = [];
  readonly #ids = new Map<string, number>();
  readonly #mostBytes: number;
  #bytes = 0;

  constructor(mostBytes = MOST_BYTES) {
    this.#mostBytes = mostBytes;
  }

  /** Returns the id of a module, or null if there is no room for it. The same bytes have the same id. */
  add(bytes: Uint8Array): number | null {
    const hash = createHash('sha256').update(bytes).digest('base64');
    const known = this.#ids.get(hash);
    if (known !== undefined) return known;
    if (this.#bytes + bytes.length > this.#mostBytes) return null;
    this.#bytes += bytes.length;
    const id = this.#modules.push(bytes);
    this.#ids.set(hash, id);
    return id;
  }

  get(id: number): Uint8Array | null {
    return this.#modules[id - 1] ?? null;
  }
}
