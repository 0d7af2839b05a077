/**
 * What a mailbox holds and what the scratch area of a process holds: data, the death of a link, or the death
 * of a monitored process. Plain data only, so that a message crosses schedulers by structured clone.
 */
import type { GuestMemory } from './guest-memory.ts';
import type { ProcessId } from './ids.ts';
import { NO_TAG, type Tag } from './tag.ts';

/** `receive` returns these codes to the guest (semantics 2.7). */
export const MessageKind = { Data: 0, LinkDied: 1, ProcessDied: 2 } as const;
export type MessageKind = (typeof MessageKind)[keyof typeof MessageKind];

/** Something that travels in a message besides bytes. A module travels as its binary. */
export interface ModuleResource {
  readonly kind: 'module';
  readonly bytes: Uint8Array;
}
export type MessageResource = ModuleResource;

const EMPTY = new Uint8Array(0);

/** Bytes of the buffer that every message begins with. */
const SHORT = 64;
/** Messages that have been received and serve again. With thousands of processes each new one is a cache miss. */
const MAX_SPARES = 1024;
const spares: Message[] = [];

/**
 * One message. The fields beyond `kind` and `tag` belong to data messages, except `processId`. One shape for
 * all three keeps the hot paths monomorphic; `next` makes the mailbox's list without further objects.
 */
export class Message {
  kind: MessageKind;
  tag: Tag;
  /** The dead process of a `ProcessDied`. */
  processId: ProcessId | 0;
  /** Bytes written so far are `buffer.subarray(0, length)`. What comes after them may be of an earlier message. */
  buffer: Uint8Array = EMPTY;
  length = 0;
  /** Read position; `seek_data` may place it beyond the end. */
  position = 0;
  /** Taken resources leave a hole, so that the other indexes stay. */
  resources: (MessageResource | null)[] | null = null;
  next: Message | null = null;
  /** Of the short buffer, where the message has it. */
  #view: DataView | null = null;

  constructor(kind: MessageKind, tag: Tag, processId: ProcessId | 0 = 0) {
    this.kind = kind;
    this.tag = tag;
    this.processId = processId;
  }

  /** Appends a copy of `size` bytes from `start`, which must be within the memory. */
  write(memory: GuestMemory, start: number, size: number): void {
    const end = this.length + size;
    if (end > this.buffer.length) this.#grow(end);
    if (size <= SHORT && this.#view !== null) copyShort(memory.view, start, this.#view, this.length, size);
    else this.buffer.set(memory.bytes.subarray(start, start + size), this.length);
    this.length = end;
  }

  /** Appends bytes that come from outside. */
  append(bytes: Uint8Array): void {
    const end = this.length + bytes.length;
    if (end > this.buffer.length) this.#grow(end);
    this.buffer.set(bytes, this.length);
    this.length = end;
  }

  #grow(end: number): void {
    if (end <= SHORT) {
      this.buffer = new Uint8Array(SHORT);
      this.#view = new DataView(this.buffer.buffer);
      return;
    }
    const grown = new Uint8Array(this.length === 0 ? end : Math.max(end, this.buffer.length * 2));
    grown.set(this.buffer.subarray(0, this.length));
    this.buffer = grown;
    this.#view = null;
  }

  /** Copies the next bytes, at most `size`, to `at`, where the memory must have room. Returns how many there were. */
  read(memory: GuestMemory, at: number, size: number): number {
    const { position } = this;
    const count = Math.min(size, this.length - position);
    if (count <= SHORT && this.#view !== null) copyShort(this.#view, position, memory.view, at, count);
    else memory.bytes.set(this.buffer.subarray(position, position + count), at);
    this.position = position + count;
    return count;
  }

  /** Lets the message serve again. Nobody may use it any more. */
  recycle(): void {
    if (spares.length === MAX_SPARES || (this.#view === null && this.buffer !== EMPTY)) return;
    this.length = this.position = 0;
    this.resources = this.next = null;
    spares.push(this);
  }
}

/** Four bytes at a time: for so few a loop is faster than making a view of them. */
function copyShort(source: DataView, from: number, target: DataView, to: number, size: number): void {
  let i = 0;
  for (; i + 4 <= size; i += 4) target.setInt32(to + i, source.getInt32(from + i, true), true);
  for (; i < size; i++) target.setUint8(to + i, source.getUint8(from + i));
}

export function dataMessage(tag: Tag): Message {
  const spare = spares.pop();
  if (spare === undefined) return new Message(MessageKind.Data, tag);
  spare.kind = MessageKind.Data;
  spare.tag = tag;
  spare.processId = 0;
  return spare;
}

export function linkDiedMessage(tag: Tag): Message {
  return new Message(MessageKind.LinkDied, tag);
}

export function processDiedMessage(id: ProcessId): Message {
  return new Message(MessageKind.ProcessDied, NO_TAG, id);
}
