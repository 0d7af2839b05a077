import type { ProcessId } from './ids.ts';
import {
  dataMessage,
  linkDiedMessage,
  type Message,
  MessageKind,
  processDiedMessage,
  SHORT_MESSAGE,
} from './message.ts';
import { highHalf, lowHalf, type Tag, tagFromHalves } from './tag.ts';

/** The most bytes of data that a message in a chunk has. */
export const MOST_PACKED = 1024;

/** Words that stand before the data of a message. */
const HEADER = 3;
/** Words of the first chunk of a mailbox. V8 keeps arrays of so many on its heap, where they are cheap. */
export const FIRST_CHUNK = 16;
/** Words of the largest chunk. */
const LARGEST_CHUNK = 16_384;

/** The first word of a message: the number of its bytes, and these. */
const LENGTH = 0xffff;
const TAKEN = 1 << 16;
const POSITIONED = 1 << 17;
const KIND_SHIFT = 18;
const KIND = 3 << KIND_SHIFT;
/** Besides the kinds of messages: one that is kept elsewhere, under a number. */
const KEPT = 3;

const TWO_32 = 2 ** 32;

/** Words that a message needs; 0 for one that does not fit into a chunk and must be kept elsewhere. */
export function packedSize(message: Message): number {
  const { kind, length, position } = message;
  if (kind !== MessageKind.Data) return HEADER;
  if (length > MOST_PACKED || !(position <= length) || message.resources !== null) return 0;
  return HEADER + (position === 0 ? 0 : 1) + ((length + 3) >> 2);
}

/** Words of a message that is kept elsewhere. */
export const KEPT_SIZE = HEADER + 1;

/**
 * A part of a mailbox: messages one after the other, in words.
 *
 *     +----------------+---------+----------+------------+-----------+
 *     | length, flags  | tag low | tag high | (position) | data      | ...
 *     +----------------+---------+----------+------------+-----------+
 *
 * The process that has died is in the place of the tag, which such a message does not have; the number under which a message
 * is kept elsewhere is in the place of the data.
 */
export class MailboxChunk {
  next: MailboxChunk | null = null;
  /** Where the first message is that may still be there. */
  start = 0;
  /** Where the last one ends. */
  end = 0;
  readonly #words: Int32Array;
  /** The same as bytes, made for the first message that is not copied as words. */
  #bytes: Uint8Array | null = null;

  constructor(size: number) {
    this.#words = new Int32Array(size);
  }

  /** A chunk to follow one, with room for a message. */
  static after(last: MailboxChunk | null, size: number): MailboxChunk {
    const wanted = last === null ? FIRST_CHUNK : Math.min(LARGEST_CHUNK, 2 * last.size);
    return new MailboxChunk(Math.max(wanted, size));
  }

  get size(): number {
    return this.#words.length;
  }

  hasRoom(size: number): boolean {
    return this.end + size <= this.#words.length;
  }

  /** Appends a message of the size `packedSize`, for which there must be room. */
  push(message: Message, size: number): void {
    const { kind, length, position } = message;
    const at = this.end;
    this.end = at + size;
    if (kind === MessageKind.ProcessDied) {
      const { processId } = message;
      this.#head(at, kind << KIND_SHIFT, processId | 0, Math.floor(processId / TWO_32));
      return;
    }
    const { tag } = message;
    const flags = length | (kind << KIND_SHIFT) | (position === 0 ? 0 : POSITIONED);
    this.#head(at, flags, lowHalf(tag), highHalf(tag));
    if (position !== 0) this.#words[at + HEADER] = position;
    const data = at + HEADER + (position === 0 ? 0 : 1);
    if (message.isShort) message.copyWords(this.#words, data);
    else this.#asBytes().set(message.buffer.subarray(0, length), 4 * data);
  }

  /** Appends what stands for a message that is kept elsewhere. */
  pushKept(tag: Tag, number: number): void {
    const at = this.end;
    this.end = at + KEPT_SIZE;
    this.#head(at, KEPT << KIND_SHIFT, lowHalf(tag), highHalf(tag));
    this.#words[at + HEADER] = number;
  }

  #head(at: number, first: number, low: number, high: number): void {
    const words = this.#words;
    words[at] = first;
    words[at + 1] = low;
    words[at + 2] = high;
  }

  #asBytes(): Uint8Array {
    this.#bytes ??= new Uint8Array(this.#words.buffer);
    return this.#bytes;
  }

  // -- the message at a place ----------------------------------------------------------------------------

  /** Where the message after the one at a place begins. */
  after(at: number): number {
    return at + this.sizeAt(at);
  }

  sizeAt(at: number): number {
    const first = this.#words[at] ?? 0;
    if ((first & KIND) === KEPT << KIND_SHIFT) return KEPT_SIZE;
    return HEADER + (first & POSITIONED ? 1 : 0) + (((first & LENGTH) + 3) >> 2);
  }

  isTaken(at: number): boolean {
    return ((this.#words[at] ?? 0) & TAKEN) !== 0;
  }

  take(at: number): void {
    this.#words[at] = (this.#words[at] ?? 0) | TAKEN;
  }

  /** Whether the message has the tag of these halves, which is not `NO_TAG`. */
  hasTag(at: number, low: number, high: number): boolean {
    const words = this.#words;
    if (words[at + 1] !== low || words[at + 2] !== high) return false;
    return ((words[at] ?? 0) & KIND) !== MessageKind.ProcessDied << KIND_SHIFT;
  }

  tagAt(at: number): Tag {
    const words = this.#words;
    if (((words[at] ?? 0) & KIND) === MessageKind.ProcessDied << KIND_SHIFT) return 0;
    return tagFromHalves(words[at + 1] ?? 0, words[at + 2] ?? 0);
  }

  /** The number under which the message is kept elsewhere; -1 if it is here. */
  keptAt(at: number): number {
    const words = this.#words;
    return ((words[at] ?? 0) & KIND) === KEPT << KIND_SHIFT ? (words[at + HEADER] ?? 0) : -1;
  }

  /** Makes a message of what is here. It must not be kept elsewhere. */
  messageAt(at: number): Message {
    const words = this.#words;
    const first = words[at] ?? 0;
    switch ((first & KIND) >> KIND_SHIFT) {
      case MessageKind.Data:
        return this.#dataAt(at, first);
      case MessageKind.LinkDied:
        return linkDiedMessage(this.tagAt(at));
      default:
        return processDiedMessage(
          ((words[at + 2] ?? 0) * TWO_32 + ((words[at + 1] ?? 0) >>> 0)) as ProcessId,
        );
    }
  }

  #dataAt(at: number, first: number): Message {
    const words = this.#words;
    const message = dataMessage(this.tagAt(at));
    const length = first & LENGTH;
    let data = at + HEADER;
    if (first & POSITIONED) message.position = words[data++] ?? 0;
    if (length <= SHORT_MESSAGE) message.setWords(words, data, length);
    else message.append(this.#asBytes().subarray(4 * data, 4 * data + length));
    return message;
  }

  /** Copies the message at a place of another chunk, for which there must be room. */
  copyFrom(other: MailboxChunk, at: number, size: number): void {
    const words = this.#words;
    for (let i = 0; i < size; i++) words[this.end + i] = other.#words[at + i] ?? 0;
    this.end += size;
  }
}
