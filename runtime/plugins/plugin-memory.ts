import type { GuestMemory } from '../kernel/guest-memory.ts';

/**
 * The memory of a process, for plugins. Every access checks its range, and that the process still has its memory, which
 * may be another process's after an `await`. So all of this is safe at any time.
 *
 * Pointers may be negative, as wasm passes those from 2 GiB on. An access out of range throws a trap, which can be caught.
 */
export class PluginMemory {
  readonly #access: () => GuestMemory;
  readonly #copying: (bytes: number) => void;

  /**
   * @param access returns the memory as it is now; throws if the process has ended
   * @param copying called before so many bytes are copied; throws if that is too much
   */
  constructor(access: () => GuestMemory, copying: (bytes: number) => void) {
    this.#access = access;
    this.#copying = copying;
  }

  /** The size of the memory in bytes. */
  get size(): number {
    return this.#access().bytes.length;
  }

  /** Returns a copy of some bytes, which counts for the process during the call. */
  read(pointer: number, length: number): Uint8Array {
    const bytes = this.#access().slice(pointer, length);
    this.#copying(bytes.length);
    return bytes.slice();
  }

  /** Reads UTF-8 text. Traps if it is not UTF-8. */
  readString(pointer: number, length: number): string {
    const memory = this.#access();
    memory.check(pointer, length >>> 0);
    this.#copying(2 * (length >>> 0));
    return memory.string(pointer, length);
  }

  write(pointer: number, bytes: Uint8Array): void {
    this.#access().write(pointer, bytes);
  }

  /** Writes text as UTF-8 and returns its length in bytes. */
  writeString(pointer: number, text: string): number {
    const bytes = Buffer.from(text);
    this.#access().write(pointer, bytes);
    return bytes.length;
  }

  /**
   * Lets a function work on the bytes themselves, without a copy. They are valid only until it returns: it must not be
   * asynchronous.
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
