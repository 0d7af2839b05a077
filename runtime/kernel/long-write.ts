import type { GuestMemory } from './guest-memory.ts';
import type { Message } from './message.ts';

/**
 * Many bytes that are appended to a message, or few for which it needs so much more room that its bytes are copied for long: a
 * piece at each step. The message has them once the last step is done.
 */
export class LongWrite {
  readonly #message: Message;
  readonly #memory: GuestMemory;
  readonly #start: number;
  readonly #size: number;
  /** Where the bytes go: the message's own buffer, or the one that replaces it. */
  readonly #buffer: Uint8Array;
  /** Where the next piece goes. */
  #at: number;

  /** @param start where the bytes are, which must be within the memory; it does not shrink */
  constructor(message: Message, memory: GuestMemory, start: number, size: number) {
    this.#message = message;
    this.#memory = memory;
    this.#start = start;
    this.#size = size;
    this.#buffer = message.bufferFor(message.length + size);
    this.#at = this.#buffer === message.buffer ? message.length : 0;
  }

  /** Copies a piece of at most so many bytes, and returns their number: 0 if all have been copied before. */
  step(most: number): number {
    const message = this.#message;
    const { length } = message;
    const at = this.#at;
    const isMove = at < length;
    const end = Math.min(at + most, isMove ? length : length + this.#size);
    if (isMove) {
      this.#buffer.set(message.buffer.subarray(at, end), at);
    } else {
      const from = this.#start - length;
      this.#buffer.set(this.#memory.bytes.subarray(from + at, from + end), at);
    }
    this.#at = end;
    return end - at;
  }

  /** Gives the bytes to the message, once all have been copied. */
  finish(): void {
    this.#message.replaceBuffer(this.#buffer, this.#at);
  }
}
