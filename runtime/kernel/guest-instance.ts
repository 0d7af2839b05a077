import type { CompiledModule } from './compiled-module.ts';
import type { EntryFunction } from './entry-stacks.ts';
import { GuestMemory, type MemoryWork } from './guest-memory.ts';
import type { OwnedMemory } from './owned-memory.ts';
import { UsedMemory } from './used-memory.ts';

/** The estimated size of an instance without its memories, in bytes. */
const INSTANCE_SIZE = 16_384;

/** Calls an exported function of a guest on a stack of its own. */
export type Starter = (...params: (number | bigint)[]) => Promise<unknown>;

/**
 * A wasm instance with the memories that the kernel gave it. It serves one process at a time. What a process changed is set
 * back for the next one, since instantiating takes longer than all the rest of a short process's life.
 */
export class GuestInstance {
  readonly compiled: CompiledModule;
  readonly exports: WebAssembly.Exports;
  /** Null if the module defines no memory. */
  readonly owned: OwnedMemory | null;
  /** What the pool that keeps it counts for it. */
  keptSize = 0;
  /** The mutable globals with their first values; null if the instance cannot be set back. */
  readonly #globals: readonly { readonly global: WebAssembly.Global; readonly value: unknown }[] | null;
  readonly #memories: readonly UsedMemory[];
  #memory: GuestMemory | null = null;
  readonly #work: MemoryWork;
  /** The entry function that was asked for last, which is nearly always the only one. */
  #entryName = '';
  #entry: EntryFunction | null = null;
  #starter: Starter | null = null;

  /**
   * @param work charged for what host functions do with its memory
   * @throws LinkError, RuntimeError or RangeError if the module cannot be instantiated
   */
  constructor(
    compiled: CompiledModule,
    imports: WebAssembly.Imports,
    owned: OwnedMemory | null,
    work: MemoryWork,
  ) {
    this.compiled = compiled;
    this.#work = work;
    this.owned = owned;
    this.exports = new WebAssembly.Instance(compiled.module, imports).exports;
    this.#globals = this.#readGlobals();
    const memories = owned === null ? [] : [owned, ...owned.others];
    this.#memories = memories.map((memory, index) => {
      const bytes = Buffer.from(memory.memory.buffer);
      return new UsedMemory(memory, bytes, this.#globals === null ? null : compiled.imageOf(index, bytes));
    });
  }

  #readGlobals(): { global: WebAssembly.Global; value: unknown }[] | null {
    const { state } = this.compiled;
    if (state === undefined) return null;
    const globals: { global: WebAssembly.Global; value: unknown }[] = [];
    for (const name of state) {
      const global = this.exports[name];
      if (!(global instanceof WebAssembly.Global)) return null;
      const value: unknown = global.value;
      // JavaScript does not keep the bits of a NaN.
      if (Number.isNaN(value)) return null;
      globals.push({ global, value });
    }
    return globals;
  }

  /** The exported memory; undefined if none is exported. */
  get memory(): GuestMemory | undefined {
    if (this.#memory === null) {
      const memory = this.exports['memory'];
      if (!(memory instanceof WebAssembly.Memory)) return undefined;
      this.#memory = new GuestMemory(memory, this.#work);
    }
    return this.#memory;
  }

  /** An exported function. */
  entry(name: string): EntryFunction {
    if (this.#entry === null || this.#entryName !== name) {
      this.#entry = this.exports[name] as EntryFunction;
      this.#entryName = name;
      this.#starter = null;
    }
    return this.#entry;
  }

  /** Returns a function that starts an exported function. */
  starter(name: string): Starter {
    const entry = this.entry(name);
    this.#starter ??= WebAssembly.promising(entry);
    return this.#starter;
  }

  /** The estimated bytes of real memory that it takes when it has been set back. */
  get size(): number {
    let size = INSTANCE_SIZE + this.compiled.instanceSize;
    for (const memory of this.#memories) size += memory.size;
    return size;
  }

  /** Makes the instance what it was before it served a process. Returns false if that is not possible. */
  reset(): boolean {
    if (this.#globals === null) return false;
    for (const memory of this.#memories) if (!memory.reset()) return false;
    for (const { global, value } of this.#globals) global.value = value;
    return true;
  }
}
