import type { FrameValues, WasmStore } from '../dwarf/location.ts';
import type { FrameState, MemoryRange } from './variable-info.ts';

/** Expressions read single values. */
const MAX_READ = 64;
/** Ranges that one answer asks for. */
const MAX_MISSING = 256;

/** What is known of a frame that has stopped elsewhere. What an expression reads and is not known is noted. */
export class FrameMemory implements FrameValues {
  readonly #state: FrameState;
  readonly #missing = new Map<string, MemoryRange>();

  constructor(state: FrameState) {
    this.#state = state;
  }

  get missing(): MemoryRange[] {
    return [...this.#missing.values()];
  }

  read(store: WasmStore, index: number): Uint8Array | null {
    if (store === 'operand') return null;
    return (store === 'local' ? this.#state.locals : this.#state.globals).get(index) ?? null;
  }

  memory(address: number, size: number): Uint8Array | null {
    if (size > MAX_READ || address + size > 2 ** 32) return null;
    for (const part of this.#state.memory) {
      const from = address - part.address;
      if (from >= 0 && from + size <= part.bytes.length) return part.bytes.subarray(from, from + size);
    }
    if (this.#missing.size < MAX_MISSING) this.#missing.set(`${address} ${size}`, { address, size });
    return null;
  }
}
