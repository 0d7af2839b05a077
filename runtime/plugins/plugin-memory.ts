import type { GuestMemory } from '../kernel/guest-memory.ts';

/**
 * The memory of a process, for plugins. Every access checks its range, and that the process still has its memory: that
 * may be another process's by the time something that was waited for is there. So that is also safe after an `await`.
 *
 * Pointers may be negative, as wasm has those from 2 GiB on. What is out of range traps; catching that is possible.
 */
export class PluginMemory {
  readonly #access: () => GuestMemory;

  /** @param access the memory as it is now; throws when there is none any more */
  constructor(access: () => GuestMemory) {
    this.#access = access;
  }

  /** Bytes. */
  get size(): number {
    return this.#access().bytes.length;
  }

  /** A copy of some bytes. */
  read(pointer: number, length: number): Uint8Array {
    return this.#access().slice(pointer, length).slice();
  }

  /** A copy of UTF-8 text. Traps for anything else. */
  readString(pointer: number, length: number): string {
    return this.#access().string(pointer, length);
  }

  write(pointer: number, bytes: Uint8Array): void {
    this.#access().write(pointer, bytes);
  }

  /** Writes text as UTF-8 and returns how many bytes that are. */
  writeString(pointer: number, text: string): number {
    const bytes = Buffer.from(text);
    this.#access().write(pointer, bytes);
    return bytes.length;
  }

  /**
   * Lets a function work on the bytes themselves, without a copy. They are good until it returns, and not after that:
   * it must not be asynchronous.
   */
  access<Result>(pointer: number, length: number, use: (bytes: Uint8Array) => Result): Result {
    return use(this.#access().slice(pointer, length));
  }

  readI32(pointer: number): number {
    return this.#access().readI32(pointer);
  }

  readU32(pointer: number): number {
    return this.#access().readU32(pointer);
  }

  readI64(pointer: number): bigint {
    return this.#access().readI64(pointer);
  }

  readU64(pointer: number): bigint {
    return this.#access().readU64(pointer);
  }

  readF64(pointer: number): number {
    return this.#view(pointer, 8).getFloat64(0, true);
  }

  readU8(pointer: number): number {
    return this.#access().readU8(pointer);
  }

  writeU8(pointer: number, value: number): void {
    this.#access().writeU8(pointer, value);
  }

  /** Writes an i32 or u32. */
  writeU32(pointer: number, value: number): void {
    this.#access().writeU32(pointer, value);
  }

  /** Writes an i64 or u64. */
  writeU64(pointer: number, value: bigint): void {
    this.#access().writeU64(pointer, value);
  }

  writeF64(pointer: number, value: number): void {
    this.#view(pointer, 8).setFloat64(0, value, true);
  }

  #view(pointer: number, length: number): DataView {
    const { buffer, byteOffset, byteLength } = this.#access().slice(pointer, length);
    return new DataView(buffer, byteOffset, byteLength);
  }
}
