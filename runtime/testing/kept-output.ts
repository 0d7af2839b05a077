import type { OutputRoom } from './output-room.ts';

/** The number of bytes that are kept from the beginning of an output, and from its end. */
export const KEPT_HEAD = 2 ** 22;
export const KEPT_TAIL = 2 ** 20;

const INITIAL_SIZE = 256;
const NOTHING = Buffer.alloc(0);

/**
 * What a process has printed. A process may print for ever, so of a long output only the beginning and the end are kept, and
 * less of both where there is no room.
 *
 *     head  |################|      then      tail  |######>.........|   a ring: the next byte replaces the oldest
 */
export class KeptOutput {
  readonly #headRoom: OutputRoom;
  readonly #tailRoom: OutputRoom;
  #head: Buffer = NOTHING;
  #headLength = 0;
  #headLimit = KEPT_HEAD;
  #tail: Buffer = NOTHING;
  #tailLimit = KEPT_TAIL;
  /** The number of bytes that were written to the tail, which holds the last of them. */
  #inTail = 0;
  #total = 0;

  constructor(headRoom: OutputRoom, tailRoom: OutputRoom) {
    this.#headRoom = headRoom;
    this.#tailRoom = tailRoom;
  }

  add(bytes: Uint8Array): void {
    this.#total += bytes.length;
    const rest = this.#addToHead(bytes);
    if (rest.length > 0) this.#addToTail(rest);
  }

  get isEmpty(): boolean {
    return this.#total === 0;
  }

  /** Whether the last line has no end. */
  get lineIsOpen(): boolean {
    const [at, from] =
      this.#inTail > 0
        ? [(this.#inTail - 1) % this.#tail.length, this.#tail]
        : [this.#headLength - 1, this.#head];
    return this.#total > 0 && from[at] !== 0x0a;
  }

  /** The bytes as text. Bytes that are not UTF-8 become replacement characters. */
  get text(): string {
    const head = this.#head.subarray(0, this.#headLength);
    const tail = this.#tailBytes();
    const left = this.#total - head.length - tail.length;
    if (left === 0) return (tail.length === 0 ? head : Buffer.concat([head, tail])).toString();
    const begin = head.length === 0 ? '' : `${head}\n`;
    return `${begin}... ${left} bytes left out ...\n${tail}`;
  }

  /** Keeps no more than this, also of what is still to come, and gives back the room of the rest. */
  trim(headLimit: number, tailLimit: number): void {
    if (this.#head.length <= headLimit && this.#tail.length <= tailLimit) {
      this.#headLimit = Math.min(this.#headLimit, headLimit);
      this.#tailLimit = Math.min(this.#tailLimit, tailLimit);
      return;
    }
    const head = this.#head.subarray(0, this.#headLength);
    const tail = this.#tailBytes();
    const isWhole = head.length + tail.length === this.#total;
    const end = isWhole ? Buffer.concat([head.subarray(headLimit), tail]) : tail;
    this.#setHead(Buffer.from(head.subarray(0, headLimit)));
    // What comes later follows the head only if nothing lies between.
    if (isWhole && end.length === 0) this.#headLimit = Math.min(headLimit, KEPT_HEAD);
    this.#setTail(
      Buffer.from(end.subarray(Math.max(0, end.length - tailLimit))),
      Math.min(this.#tailLimit, tailLimit),
    );
  }

  #setHead(head: Buffer): void {
    this.#headRoom.give(this.#head.length - head.length);
    this.#head = head;
    this.#headLength = this.#headLimit = head.length;
  }

  #setTail(tail: Buffer, limit: number): void {
    this.#tailRoom.give(this.#tail.length - tail.length);
    this.#tail = tail;
    this.#inTail = tail.length;
    this.#tailLimit = Math.max(tail.length, limit);
  }

  #tailBytes(): Buffer {
    const tail = this.#tail;
    if (this.#inTail <= tail.length) return tail.subarray(0, this.#inTail);
    const at = this.#inTail % tail.length;
    return Buffer.concat([tail.subarray(at), tail.subarray(0, at)]);
  }

  /** Returns the bytes that are not in the head. */
  #addToHead(bytes: Uint8Array): Uint8Array {
    if (this.#headLength === this.#headLimit) return bytes;
    const wanted = Math.min(this.#headLength + bytes.length, this.#headLimit);
    if (wanted > this.#head.length) {
      const head = larger(this.#head, wanted, this.#headLimit, this.#headRoom);
      this.#head = head;
      if (head.length < wanted) this.#headLimit = head.length;
    }
    const part = bytes.subarray(0, Math.min(bytes.length, this.#headLimit - this.#headLength));
    this.#head.set(part, this.#headLength);
    this.#headLength += part.length;
    return bytes.subarray(part.length);
  }

  #addToTail(bytes: Uint8Array): void {
    const wanted = Math.min(this.#inTail + bytes.length, this.#tailLimit);
    if (wanted > this.#tail.length) {
      const tail = larger(this.#tail, wanted, this.#tailLimit, this.#tailRoom);
      this.#tail = tail;
      // From now on the ring turns.
      if (tail.length < wanted) this.#tailLimit = tail.length;
    }
    const size = this.#tail.length;
    if (size === 0) return;
    const skipped = Math.max(0, bytes.length - size);
    this.#inTail += skipped;
    let rest = bytes.subarray(skipped);
    while (rest.length > 0) {
      const at = this.#inTail % size;
      const part = rest.subarray(0, size - at);
      this.#tail.set(part, at);
      this.#inTail += part.length;
      rest = rest.subarray(part.length);
    }
  }
}

/** A copy of a buffer that holds so many bytes, or fewer where there is no room for them. */
function larger(buffer: Buffer, wanted: number, limit: number, room: OutputRoom): Buffer {
  let size = Math.min(Math.max(INITIAL_SIZE, wanted, buffer.length * 2), limit);
  while (!room.take(size - buffer.length)) {
    size = size > wanted ? wanted : buffer.length + ((size - buffer.length) >> 1);
    if (size === buffer.length) return buffer;
  }
  const copy = Buffer.alloc(size);
  buffer.copy(copy);
  return copy;
}
