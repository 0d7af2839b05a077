/** The number of bytes that are kept from the beginning of an output, and from its end. */
export const KEPT_HEAD = 2 ** 22;
export const KEPT_TAIL = 2 ** 20;

const INITIAL_SIZE = 256;

/**
 * What a process has printed. A process may print for ever, so of a long output only the beginning and the end are kept.
 *
 *     head  |################|      then      tail  |######>.........|   a ring: the next byte replaces the oldest
 */
export class KeptOutput {
  #head = Buffer.alloc(0);
  #headLength = 0;
  #tail: Buffer | null = null;
  /** The number of bytes that came after the head. The tail holds the last of them. */
  #after = 0;

  add(bytes: Uint8Array): void {
    const room = KEPT_HEAD - this.#headLength;
    if (room > 0) this.#addToHead(bytes.subarray(0, room));
    if (bytes.length > room) this.#addToTail(bytes.subarray(room));
  }

  get isEmpty(): boolean {
    return this.#headLength === 0;
  }

  /** The bytes as text. Bytes that are not UTF-8 become replacement characters. */
  get text(): string {
    const head = this.#head.subarray(0, this.#headLength);
    const tail = this.#tail;
    if (tail === null) return head.toString();
    const at = this.#after % KEPT_TAIL;
    if (this.#after <= KEPT_TAIL) {
      return Buffer.concat([head, tail.subarray(0, this.#after)]).toString();
    }
    const left = this.#after - KEPT_TAIL;
    return `${head}\n... ${left} bytes left out ...\n${Buffer.concat([tail.subarray(at), tail.subarray(0, at)])}`;
  }

  #addToHead(bytes: Uint8Array): void {
    const length = this.#headLength + bytes.length;
    if (length > this.#head.length) {
      const size = Math.min(Math.max(INITIAL_SIZE, length, this.#head.length * 2), KEPT_HEAD);
      const larger = Buffer.alloc(size);
      this.#head.copy(larger, 0, 0, this.#headLength);
      this.#head = larger;
    }
    this.#head.set(bytes, this.#headLength);
    this.#headLength = length;
  }

  #addToTail(bytes: Uint8Array): void {
    this.#tail ??= Buffer.alloc(KEPT_TAIL);
    const skipped = Math.max(0, bytes.length - KEPT_TAIL);
    this.#after += skipped;
    let rest = bytes.subarray(skipped);
    while (rest.length > 0) {
      const at = this.#after % KEPT_TAIL;
      const part = rest.subarray(0, KEPT_TAIL - at);
      this.#tail.set(part, at);
      this.#after += part.length;
      rest = rest.subarray(part.length);
    }
  }
}
