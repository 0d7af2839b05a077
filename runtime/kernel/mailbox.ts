import type { Message } from './message.ts';
import { NO_TAG, type Tag } from './tag.ts';

/** What a receive accepts: null takes any message, otherwise the tags of which one must match. */
export type TagFilter = readonly Tag[] | ReadonlySet<Tag> | null;

/** Bytes that a message takes besides its data. */
const OVERHEAD = 128;

/** The number of tags from which on a set is faster than comparing with each. */
const MANY_TAGS = 16;

/** Returns a filter that accepts these tags. */
export function tagFilter(tags: readonly Tag[]): TagFilter {
  return tags.length < MANY_TAGS ? tags : new Set(tags);
}

/** Whether a filtered or unfiltered receive takes a message (abi 6.2). A tag of 0 never matches. */
export function accepts(filter: TagFilter, tag: Tag): boolean {
  if (filter === null) return true;
  if (tag === NO_TAG) return false;
  if (filter instanceof Set) return filter.has(tag);
  const tags = filter as readonly Tag[];
  return tags.length === 1 ? tags[0] === tag : tags.includes(tag);
}

/**
 * The messages a process has not received yet, in order of arrival. An intrusive list: appending and taking
 * the oldest allocate nothing, and a selective receive unlinks from the middle.
 */
export class Mailbox {
  length = 0;
  /** The bytes of all messages, and an overhead for each. */
  bytes = 0;
  #head: Message | null = null;
  #tail: Message | null = null;

  push(message: Message): void {
    message.next = null;
    if (this.#tail === null) this.#head = message;
    else this.#tail.next = message;
    this.#tail = message;
    this.length++;
    this.bytes += message.length + OVERHEAD;
  }

  /** Takes out the oldest message that the filter accepts. */
  take(filter: TagFilter): Message | null {
    let previous: Message | null = null;
    for (let message = this.#head; message !== null; previous = message, message = message.next) {
      if (!accepts(filter, message.tag)) continue;
      if (previous === null) this.#head = message.next;
      else previous.next = message.next;
      if (message.next === null) this.#tail = previous;
      message.next = null;
      this.length--;
      this.bytes -= message.length + OVERHEAD;
      return message;
    }
    return null;
  }

  /** The messages, oldest first, without taking them. */
  *[Symbol.iterator](): Generator<Message> {
    for (let message = this.#head; message !== null; message = message.next) yield message;
  }
}
