/** Bytes that are read at once. */
const PAGE_SIZE = 4096;
const MAX_PAGES = 512;
/** Larger values are not read as a whole. */
const MAX_READ = 2 ** 20;

/** The memory of a process that stands still. What was read is kept. */
export class ProcessMemory {
  readonly #read: (address: number, count: number) => Promise<Uint8Array>;
  readonly #pages = new Map<number, Promise<Uint8Array>>();

  /** @param read reads bytes; fewer where the memory ends */
  constructor(read: (address: number, count: number) => Promise<Uint8Array>) {
    this.#read = read;
  }

  /** Null if not all of the bytes are in the memory, or if they are very many. */
  async bytes(address: number, size: number): Promise<Uint8Array | null> {
    if (!(address >= 0 && size >= 0 && size <= MAX_READ && address + size <= 2 ** 32)) return null;
    const bytes = new Uint8Array(size);
    const first = Math.floor(address / PAGE_SIZE);
    const last = Math.floor((address + size - 1) / PAGE_SIZE);
    const pages = await Promise.all(
      Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => this.#page(first + i)),
    );
    for (const [i, page] of pages.entries()) {
      const start = (first + i) * PAGE_SIZE;
      const from = Math.max(address, start);
      const to = Math.min(address + size, start + PAGE_SIZE);
      if (to - start > page.length) return null;
      bytes.set(page.subarray(from - start, to - start), from - address);
    }
    return bytes;
  }

  /** As many bytes as there are up to `size`, which stands for at most a MiB. */
  async upTo(address: number, size: number): Promise<Uint8Array> {
    let wanted = Math.min(size, MAX_READ);
    let bytes = await this.bytes(address, wanted);
    // The memory ends in between.
    while (bytes === null && wanted > 0) {
      wanted = Math.floor(wanted / 2);
      bytes = await this.bytes(address, wanted);
    }
    return bytes ?? new Uint8Array();
  }

  #page(index: number): Promise<Uint8Array> {
    let page = this.#pages.get(index);
    if (page === undefined) {
      page = this.#read(index * PAGE_SIZE, PAGE_SIZE);
      page.catch(() => this.#pages.delete(index));
      this.#pages.set(index, page);
      for (const oldest of this.#pages.keys()) {
        if (this.#pages.size <= MAX_PAGES) break;
        this.#pages.delete(oldest);
      }
    }
    return page;
  }
}
