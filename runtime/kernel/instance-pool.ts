import type { CompiledModule } from './compiled-module.ts';
import type { GuestInstance, OwnedMemory } from './guest-instance.ts';
import { MemoryImage, PAGE_SIZE } from './memory-image.ts';

/** Bytes that an instance is taken to cost besides its memory. */
const INSTANCE_SIZE = 16_384;

/** Modules of which instances are kept. Their code stays as long as one of these does. */
const MAX_MODULES = 64;

/**
 * Instances of ended processes, set back for the next ones, and memories whose instance could not be. Fresh ones cost
 * several times what pooled ones do, and creating and dropping many memories fragments the address space.
 */
export class InstancePool {
  /** By module, the one used last at the end. */
  readonly #instances = new Map<CompiledModule, GuestInstance[]>();
  readonly #memories = new Map<string, OwnedMemory[]>();
  readonly #capacity: number;
  #size = 0;

  /** @param capacity bytes kept at most */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** An instance like a fresh one, where one is free. */
  acquire(compiled: CompiledModule, maximum: number | undefined): GuestInstance | undefined {
    const free = this.#instances.get(compiled);
    const last = free?.at(-1);
    // Processes of one module may have different limits.
    if (free === undefined || last === undefined || last.owned?.maximum !== maximum) return undefined;
    free.pop();
    this.#size -= sizeOf(last);
    return last;
  }

  /** A zeroed memory of this size in pages, where one is free. */
  acquireMemory(initial: number, maximum: number): OwnedMemory | undefined {
    const pooled = this.#memories.get(keyOf(initial, maximum))?.pop();
    if (pooled !== undefined) {
      this.#size -= initial * PAGE_SIZE;
      return pooled;
    }
    // An instance of another module gives its memory.
    for (const free of this.#instances.values()) {
      const last = free.at(-1);
      const owned = last?.owned;
      if (last === undefined || owned?.initial !== initial || owned.maximum !== maximum) continue;
      free.pop();
      this.#size -= sizeOf(last);
      blank(owned.memory.buffer);
      return owned;
    }
    return undefined;
  }

  /** Takes an instance back that nobody uses any more. */
  release(instance: GuestInstance): void {
    const size = sizeOf(instance);
    if (this.#size + size > this.#capacity) return;
    if (!instance.reset()) {
      if (instance.owned !== null) this.releaseMemory(instance.owned);
      return;
    }
    const free = this.#instances.get(instance.compiled);
    if (free !== undefined) {
      free.push(instance);
    } else {
      if (this.#instances.size === MAX_MODULES) this.#forgetOldest();
      this.#instances.set(instance.compiled, [instance]);
    }
    this.#size += size;
  }

  /** Takes a memory back that nobody uses any more. One that grew cannot shrink: it is not kept. */
  releaseMemory(owned: OwnedMemory): void {
    const { memory, initial, maximum } = owned;
    const { buffer } = memory;
    const size = buffer.byteLength;
    if (size === 0 || size !== initial * PAGE_SIZE || this.#size + size > this.#capacity) return;
    blank(buffer);
    const key = keyOf(initial, maximum);
    const free = this.#memories.get(key);
    if (free === undefined) this.#memories.set(key, [owned]);
    else free.push(owned);
    this.#size += size;
  }

  #forgetOldest(): void {
    for (const [compiled, free] of this.#instances) {
      for (const instance of free) this.#size -= sizeOf(instance);
      this.#instances.delete(compiled);
      return;
    }
  }

  /** Lets all of them go. */
  clear(): void {
    this.#instances.clear();
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

function sizeOf({ owned }: GuestInstance): number {
  return INSTANCE_SIZE + (owned === null ? 0 : owned.initial * PAGE_SIZE);
}
