/**
 * What a mailbox holds and what the scratch area of a process holds: data, the death of a link, or the death
 * of a monitored process. Plain data only, so that a message crosses schedulers by structured clone.
 */
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

/** Bytes of a buffer that short messages share one after the other, and how many are kept. */
const SHORT = 64;
const MAX_SPARES = 1024;
const spares: Uint8Array[] = [];

/**
 * One message. The fields beyond `kind` and `tag` belong to data messages, except `processId`. One shape for
 * all three keeps the hot paths monomorphic; `next` makes the mailbox's list without further objects.
 */
export class Message {
  readonly kind: MessageKind;
  readonly tag: Tag;
  /** The dead process of a `ProcessDied`. */
  readonly processId: ProcessId | 0;
  /** Bytes written so far are `buffer.subarray(0, length)`. */
  buffer: Uint8Array = EMPTY;
  length = 0;
  /** Read position; `seek_data` may place it beyond the end. */
  position = 0;
  /** Taken resources leave a hole, so that the other indexes stay. */
  resources: (MessageResource | null)[] | null = null;
  next: Message | null = null;

  constructor(kind: MessageKind, tag: Tag, processId: ProcessId | 0 = 0) {
    this.kind = kind;
    this.tag = tag;
    this.processId = processId;
  }

  /** Appends a copy of `source[start .. start + size]`. */
  write(source: Uint8Array, start: number, size: number): void {
    const end = this.length + size;
    if (end > this.buffer.length) this.#grow(end);
    copyBytes(source, start, this.buffer, this.length, size);
    this.length = end;
  }

  #grow(end: number): void {
    if (this.length === 0) {
      this.buffer = end > SHORT ? new Uint8Array(end) : (spares.pop() ?? new Uint8Array(SHORT));
      return;
    }
    const grown = new Uint8Array(Math.max(end, this.buffer.length * 2));
    grown.set(this.buffer.subarray(0, this.length));
    this.buffer = grown;
  }

  /** Gives the buffer to the next message. Nobody may use this one any more. */
  recycle(): void {
    const { buffer } = this;
    if (buffer.length !== SHORT || spares.length === MAX_SPARES) return;
    this.buffer = EMPTY;
    this.length = 0;
    spares.push(buffer);
  }

  /** Copies the next bytes, at most `size`, to `target[at ...]`. Returns how many there were. */
  read(target: Uint8Array, at: number, size: number): number {
    const count = Math.min(size, this.length - this.position);
    copyBytes(this.buffer, this.position, target, at, count);
    this.position += count;
    return count;
  }
}

function copyBytes(source: Uint8Array, from: number, target: Uint8Array, to: number, size: number): void {
  // A loop is faster than making a view of a few bytes.
  if (size > SHORT) {
    target.set(source.subarray(from, from + size), to);
    return;
  }
  for (let i = 0; i < size; i++) target[to + i] = source[from + i] ?? 0;
}

export function dataMessage(tag: Tag): Message {
  return new Message(MessageKind.Data, tag);
}

export function linkDiedMessage(tag: Tag): Message {
  return new Message(MessageKind.LinkDied, tag);
}

export function processDiedMessage(id: ProcessId): Message {
  return new Message(MessageKind.ProcessDied, NO_TAG, id);
}
