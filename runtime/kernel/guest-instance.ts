import type { CompiledModule } from './compiled-module.ts';
import { GuestMemory } from './guest-memory.ts';
import { type MemoryImage, PAGE_SIZE } from './memory-image.ts';

/** A memory together with the size it was made for, in pages. */
export interface OwnedMemory {
  readonly memory: WebAssembly.Memory;
  readonly initial: number;
  readonly maximum: number;
}

/** Calls a guest's function on a stack of its own. */
export type Starter = (...params: (number | bigint)[]) => Promise<unknown>;

/**
 * A wasm instance with the memory the kernel gave it. It serves one process at a time; what a process changed is set
 * back for the next one, since instantiating takes longer than all the rest of a short process's life.
 */
export class GuestInstance {
  readonly compiled: CompiledModule;
  readonly exports: WebAssembly.Exports;
  /** Null where the module defines none. */
  readonly owned: OwnedMemory | null;
  /** What the mutable globals were; null where the instance cannot be set back. */
  readonly #globals: readonly { readonly global: WebAssembly.Global; readonly value: unknown }[] | null;
  readonly #image: MemoryImage | null;
  /** All of its own memory; empty once that has grown. */
  readonly #bytes: Buffer;
  #memory: GuestMemory | null = null;
  /** The function started last: nearly always the only one. */
  #started = '';
  #starter: Starter | null = null;

  /** @throws LinkError, RuntimeError or RangeError where the module cannot be instantiated */
  constructor(compiled: CompiledModule, imports: WebAssembly.Imports, owned: OwnedMemory | null) {
    this.compiled = compiled;
    this.owned = owned;
    this.exports = new WebAssembly.Instance(compiled.module, imports).exports;
    this.#globals = this.#readGlobals();
    this.#bytes = Buffer.from(owned?.memory.buffer ?? new ArrayBuffer(0));
    this.#image = this.#globals === null || owned === null ? null : compiled.imageOf(this.#bytes);
  }

  #readGlobals(): { global: WebAssembly.Global; value: unknown }[] | null {
    const { state } = this.compiled;
    if (state === undefined) return null;
    const globals: { global: WebAssembly.Global; value: unknown }[] = [];
    for (const name of state) {
      const global = this.exports[name];
      if (!(global instanceof WebAssembly.Global)) return null;
      const value: unknown = global.value;
      // The bits of a NaN do not survive the way through JavaScript.
      if (Number.isNaN(value)) return null;
      globals.push({ global, value });
    }
    return globals;
  }

  /** The memory it exports; undefined where it exports none. */
  get memory(): GuestMemory | undefined {
    if (this.#memory === null) {
      const memory = this.exports['memory'];
      if (!(memory instanceof WebAssembly.Memory)) return undefined;
      this.#memory = new GuestMemory(memory);
    }
    return this.#memory;
  }

  /** What starts an exported function. */
  starter(name: string): Starter {
    if (this.#starter === null || this.#started !== name) {
      this.#starter = WebAssembly.promising(this.exports[name] as Starter);
      this.#started = name;
    }
    return this.#starter;
  }

  /** Makes the instance what it was before it served a process. Returns false where that is not possible. */
  reset(): boolean {
    const { owned } = this;
    if (this.#globals === null) return false;
    if (owned !== null) {
      // A memory cannot shrink.
      if (this.#image === null || this.#bytes.length !== owned.initial * PAGE_SIZE) return false;
      this.#image.restore(this.#bytes);
    }
    for (const { global, value } of this.#globals) global.value = value;
    return true;
  }
}
