import type { CompiledModule } from './compiled-module.ts';
import type { GuestInstance } from './guest-instance.ts';
import { MemoryImage, PAGE_SIZE } from './memory-image.ts';
import { isCommon, type OwnedMemory } from './owned-memory.ts';

/** The number of modules of which instances are kept. A module's code stays as long as one of its instances. */
const MAX_MODULES = 64;

/**
 * The most bytes of a memory that is kept without its instance. To zero it, it is read whole, in one piece, and the operating
 * system maps each page that was never touched: measured, 80 ms of 256 MiB. To collect it later takes a sixth of that.
 */
const LARGEST_BLANK = 4 * 2 ** 20;

/**
 * Keeps instances of processes that have ended, set back for the next ones, and the memories of instances that cannot be set
 * back. Fresh ones cost several times as much, and to create and drop many memories fragments the address space.
 */
export class InstancePool {
  /** The free instances of each module; the module that got one first comes first. */
  readonly #instances = new Map<CompiledModule, GuestInstance[]>();
  readonly #memories = new Map<string, OwnedMemory[]>();
  readonly #capacity: number;
  readonly #onDrop: (owned: OwnedMemory) => void;
  #size = 0;

  /**
   * @param capacity the most bytes to keep
   * @param onDrop called with each memory that is not kept, or not any longer
   */
  constructor(capacity: number, onDrop: (owned: OwnedMemory) => void = () => {}) {
    this.#capacity = capacity;
    this.#onDrop = onDrop;
  }

  /** Takes an instance that is like a fresh one; undefined if none is free. */
  acquire(compiled: CompiledModule, maximum: number | undefined): GuestInstance | undefined {
    const free = this.#instances.get(compiled);
    const last = free?.at(-1);
    // Processes of one module may have different limits.
    if (free === undefined || last === undefined || last.owned?.maximum !== maximum) return undefined;
    free.pop();
    this.#size -= last.keptSize;
    return last;
  }

  /** Takes a zeroed memory with these sizes, in pages; undefined if none is free. */
  acquireMemory(initial: number, maximum: number): OwnedMemory | undefined {
    const pooled = this.#memories.get(keyOf(initial, maximum))?.pop();
    if (pooled !== undefined) {
      this.#size -= initial * PAGE_SIZE;
      return pooled;
    }
    // An instance of another module gives up its memory.
    for (const free of this.#instances.values()) {
      const last = free.at(-1);
      const owned = last?.owned;
      if (last === undefined || owned?.initial !== initial || owned.maximum !== maximum || !isCommon(owned))
        continue;
      free.pop();
      this.#size -= last.keptSize;
      blank(owned.memory.buffer);
      return owned;
    }
    return undefined;
  }

  /** Takes back an instance that nobody uses any more. */
  release(instance: GuestInstance): void {
    const { owned } = instance;
    const isLarge = owned !== null && owned.initial * PAGE_SIZE > this.#capacity;
    if (isLarge || this.#size + instance.size + instance.compiled.keptSize > this.#capacity) {
      if (owned !== null) this.#onDrop(owned);
      return;
    }
    if (!instance.reset()) {
      if (owned !== null) this.releaseMemory(owned);
      return;
    }
    instance.keptSize = instance.size;
    const free = this.#instances.get(instance.compiled);
    if (free !== undefined) {
      free.push(instance);
    } else {
      if (this.#instances.size === MAX_MODULES) this.#forgetOldest();
      this.#instances.set(instance.compiled, [instance]);
      this.#size += instance.compiled.keptSize;
    }
    this.#size += instance.keptSize;
  }

  /** Takes back a memory that nobody uses any more. One that has grown is not kept, since it cannot shrink. */
  releaseMemory(owned: OwnedMemory): void {
    const { memory, initial, maximum } = owned;
    const { buffer } = memory;
    const size = buffer.byteLength;
    const isKept = size > 0 && size <= LARGEST_BLANK && size === initial * PAGE_SIZE && isCommon(owned);
    if (!isKept || this.#size + size > this.#capacity) {
      this.#onDrop(owned);
      return;
    }
    blank(buffer);
    const key = keyOf(initial, maximum);
    const free = this.#memories.get(key);
    if (free === undefined) this.#memories.set(key, [owned]);
    else free.push(owned);
    this.#size += size;
  }

  #forgetOldest(): void {
    for (const [compiled, free] of this.#instances) {
      for (const instance of free) {
        this.#size -= instance.keptSize;
        if (instance.owned !== null) this.#onDrop(instance.owned);
      }
      this.#size -= compiled.keptSize;
      this.#instances.delete(compiled);
      return;
    }
  }

  /** Drops all instances and memories. */
  clear(): void {
    while (this.#instances.size > 0) this.#forgetOldest();
    for (const free of this.#memories.values()) for (const owned of free) this.#onDrop(owned);
    this.#memories.clear();
    this.#size = 0;
  }
}

function blank(buffer: ArrayBuffer): void {
  MemoryImage.blank(buffer.byteLength).restore(Buffer.from(buffer));
}

function keyOf(initial: number, maximum: number): string {
  return `${initial}:${maximum}`;
}
