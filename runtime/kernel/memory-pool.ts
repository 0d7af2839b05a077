/** Bytes of a wasm page. */
export const PAGE_SIZE = 65_536;

const OS_PAGE_SIZE = 4096;
const ZEROS = Buffer.alloc(PAGE_SIZE);

/** A memory together with the size it was made for, in pages. */
export interface PooledMemory {
  readonly memory: WebAssembly.Memory;
  readonly initial: number;
  readonly maximum: number;
}

/**
 * Memories of ended processes, cleaned for the next ones. A fresh memory costs several times what a pooled one
 * does, and creating and dropping many of them fragments the address space.
 *
 * Only memories that did not grow come back: a memory cannot shrink, and a guest must find the size its module
 * declares.
 */
export class MemoryPool {
  readonly #free = new Map<string, PooledMemory[]>();
  readonly #capacity: number;
  #pooledBytes = 0;

  /** @param capacity bytes of memory kept at most */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** A zeroed memory of this size in pages, where one is free. */
  acquire(initial: number, maximum: number): PooledMemory | undefined {
    const pooled = this.#free.get(`${initial}:${maximum}`)?.pop();
    if (pooled !== undefined) this.#pooledBytes -= initial * PAGE_SIZE;
    return pooled;
  }

  /** Takes a memory back that nobody uses any more. */
  release(pooled: PooledMemory): void {
    const { memory, initial, maximum } = pooled;
    const { buffer } = memory;
    const size = buffer.byteLength;
    if (size === 0 || size !== initial * PAGE_SIZE || this.#pooledBytes + size > this.#capacity) return;
    clean(buffer);
    const key = `${initial}:${maximum}`;
    const free = this.#free.get(key);
    if (free === undefined) this.#free.set(key, [pooled]);
    else free.push(pooled);
    this.#pooledBytes += size;
  }

  /** Lets all pooled memories go. */
  clear(): void {
    this.#free.clear();
    this.#pooledBytes = 0;
  }
}

/**
 * Zeroes a buffer without touching what is zero already: most pages of a guest's stack and heap were never
 * used, and writing to them would make the operating system give each a page of real memory.
 */
function clean(buffer: ArrayBuffer): void {
  const bytes = Buffer.from(buffer);
  for (let page = 0; page < bytes.length; page += PAGE_SIZE) {
    if (bytes.compare(ZEROS, 0, PAGE_SIZE, page, page + PAGE_SIZE) === 0) continue;
    for (let at = page; at < page + PAGE_SIZE; at += OS_PAGE_SIZE) {
      const end = at + OS_PAGE_SIZE;
      if (bytes.compare(ZEROS, 0, OS_PAGE_SIZE, at, end) !== 0) bytes.fill(0, at, end);
    }
  }
}
