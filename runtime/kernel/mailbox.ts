import type { Payer } from './account.ts';
import { KEPT_SIZE, MailboxChunk, packedSize } from './mailbox-chunk.ts';
import type { Message } from './message.ts';
import { highHalf, lowHalf, NO_TAG } from './tag.ts';
import { accepts, type TagFilter } from './tag-filter.ts';

/** What a message counts besides its data. One that lies in a chunk takes no more than this. */
export const MESSAGE_OVERHEAD = 32;
/** The same for a message that is kept as an object: one that is long or carries resources. */
export const KEPT_OVERHEAD = 512;

/** Words of messages taken from the middle that may stay where they were. */
const MOST_DEAD = 1024;
/** The largest chunk, in words, that an empty mailbox keeps for the next messages. */
const LARGEST_SPARE = 256;

/**
 * The messages a process has not received yet, in order of arrival, packed into chunks: a short message takes its bytes and
 * three words. A message that is long or carries resources is kept as the object that it is, and only its tag lies in a chunk.
 *
 * A selective receive marks what it takes from the middle. The chunks are packed anew once more than half of what is in them
 * has been taken.
 */
export class Mailbox {
  length = 0;
  /** The bytes of all messages, and an overhead for each. */
  bytes = 0;
  /** Why the account of the owner cannot be charged for all messages. The owner must be killed then. */
  refusal: string | null = null;
  /** The number of messages that the last `take` or `takeFurther` had to look at. */
  looked = 0;
  #first: MailboxChunk | null = null;
  #last: MailboxChunk | null = null;
  /** Messages that are kept as objects, by number. */
  #kept: Map<number, Message> | null = null;
  #nextKept = 0;
  readonly #owner: Payer;
  /** Where a search goes on that has been interrupted. */
  #nextIn: MailboxChunk | null = null;
  #nextAt = 0;
  /** Words of all messages, and of those that were taken from the middle. */
  #words = 0;
  #dead = 0;

  /** @param owner whose account is charged for chunks that are not small, and for messages that are kept as objects */
  constructor(owner: Payer) {
    this.#owner = owner;
  }

  /** Appends a message, which belongs to the mailbox from now on. Nobody may use it any more. */
  push(message: Message): void {
    const size = packedSize(message);
    this.length++;
    if (size === 0) {
      this.#keep(message);
      return;
    }
    this.bytes += message.length + MESSAGE_OVERHEAD;
    this.#words += size;
    this.#roomFor(size).push(message, size);
    message.recycle();
  }

  #keep(message: Message): void {
    message.trim();
    const refusal = message.payBy(this.#owner.account, message.costOf(message.length) + KEPT_OVERHEAD);
    if (refusal !== null) this.refusal = refusal;
    this.bytes += message.length + KEPT_OVERHEAD;
    this.#words += KEPT_SIZE;
    this.#kept ??= new Map();
    const number = this.#nextKept;
    this.#nextKept = (number + 1) & 0x7fff_ffff;
    this.#kept.set(number, message);
    this.#roomFor(KEPT_SIZE).pushKept(message.tag, number);
  }

  #roomFor(size: number): MailboxChunk {
    const last = this.#last;
    if (last?.hasRoom(size)) return last;
    const chunk = MailboxChunk.after(last, size);
    if (chunk.size > LARGEST_SPARE) this.#charge(chunk);
    // The last chunk is empty only if nothing is in the mailbox.
    if (last === null || last.start === last.end) this.#first = chunk;
    else last.next = chunk;
    this.#last = chunk;
    return chunk;
  }

  #charge(chunk: MailboxChunk): void {
    const { account } = this.#owner;
    const bytes = 4 * chunk.size;
    const refusal = account.add(bytes);
    if (refusal === null) return;
    account.force(bytes);
    this.refusal = refusal;
  }

  #refund(chunk: MailboxChunk): void {
    if (chunk.size > LARGEST_SPARE) this.#owner.account.release(4 * chunk.size);
  }

  /**
   * Takes out the oldest message that the filter accepts.
   * @param most messages to look at. If there are more, the search is interrupted, and `takeFurther` goes on with it
   */
  take(filter: TagFilter, most = Number.POSITIVE_INFINITY): Message | null {
    this.looked = 0;
    this.#nextIn = null;
    const first = this.#first;
    if (this.length === 0 || first === null) return null;
    if (filter === null) return this.#takeAt(first, first.start);
    return this.#search(filter, first, first.start, most);
  }

  /** Whether a search has been interrupted. Nothing may be taken before it has been finished. */
  get isInterrupted(): boolean {
    return this.#nextIn !== null;
  }

  /** Goes on with a search that has been interrupted, also in what has come since. */
  takeFurther(filter: TagFilter, most: number): Message | null {
    const chunk = this.#nextIn;
    this.looked = 0;
    this.#nextIn = null;
    return chunk === null ? null : this.#search(filter, chunk, this.#nextAt, most);
  }

  #search(filter: TagFilter, from: MailboxChunk, start: number, most: number): Message | null {
    const single = Array.isArray(filter) && filter.length === 1 ? filter[0] : undefined;
    const low = single === undefined ? 0 : lowHalf(single);
    const high = single === undefined ? 0 : highHalf(single);
    if (single === NO_TAG) return null;
    let looked = 0;
    let at = start;
    for (let chunk: MailboxChunk | null = from; chunk !== null; chunk = chunk.next, at = chunk?.start ?? 0) {
      for (; at < chunk.end; at = chunk.after(at)) {
        if (looked === most) {
          this.looked = looked;
          this.#nextIn = chunk;
          this.#nextAt = at;
          return null;
        }
        looked++;
        const fits = single === undefined ? accepts(filter, chunk.tagAt(at)) : chunk.hasTag(at, low, high);
        if (!fits || chunk.isTaken(at)) continue;
        this.looked = looked;
        return this.#takeAt(chunk, at);
      }
    }
    this.looked = looked;
    return null;
  }

  #takeAt(chunk: MailboxChunk, at: number): Message {
    const message = this.#messageAt(chunk, at);
    const kept = chunk.keptAt(at);
    if (kept >= 0) this.#kept?.delete(kept);
    this.length--;
    this.bytes -= message.length + (kept >= 0 ? KEPT_OVERHEAD : MESSAGE_OVERHEAD);
    chunk.take(at);
    this.#dead += chunk.sizeAt(at);
    this.#dropTaken();
    if (this.#dead > MOST_DEAD && 2 * this.#dead > this.#words) this.#pack();
    return message;
  }

  #messageAt(chunk: MailboxChunk, at: number): Message {
    const kept = chunk.keptAt(at);
    return this.#kept?.get(kept) ?? chunk.messageAt(at);
  }

  /** Gives up what was taken before the oldest message. */
  #dropTaken(): void {
    for (let chunk = this.#first; chunk !== null; chunk = chunk.next) {
      this.#first = chunk;
      while (chunk.start < chunk.end && chunk.isTaken(chunk.start)) {
        const size = chunk.sizeAt(chunk.start);
        chunk.start += size;
        this.#words -= size;
        this.#dead -= size;
      }
      if (chunk.start < chunk.end) return;
      if (chunk.next !== null) this.#refund(chunk);
    }
    // Nothing is left. A large chunk is not kept for a mailbox that may never hold as much again.
    const last = this.#last;
    if (last === null) return;
    last.start = last.end = 0;
    if (last.size <= LARGEST_SPARE) return;
    this.#refund(last);
    this.#first = this.#last = null;
  }

  /** Copies the messages that are left into new chunks. */
  #pack(): void {
    let old = this.#first;
    this.#first = this.#last = null;
    for (; old !== null; old = old.next) {
      this.#refund(old);
      for (let at = old.start; at < old.end; at = old.after(at)) {
        if (old.isTaken(at)) continue;
        const size = old.sizeAt(at);
        this.#roomFor(size).copyFrom(old, at, size);
      }
    }
    this.#words -= this.#dead;
    this.#dead = 0;
  }

  /** The messages from the `start`-th on, at most `count`, oldest first, as copies. Those with resources are the messages themselves. */
  slice(start: number, count: number): Message[] {
    const found: Message[] = [];
    let i = 0;
    for (let chunk = this.#first; chunk !== null; chunk = chunk.next) {
      for (let at = chunk.start; at < chunk.end; at = chunk.after(at)) {
        if (chunk.isTaken(at) || i++ < start) continue;
        if (found.length === count) return found;
        found.push(this.#messageAt(chunk, at));
      }
    }
    return found;
  }

  /** Releases what the messages carry. */
  dropResources(): void {
    for (const message of this.#kept?.values() ?? []) message.dropResources();
  }
}
