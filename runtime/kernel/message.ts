/**
 * What the mailbox and the scratch area of a process hold: data, the death of a link, or the death of a monitored process.
 */
import { type Account, ENTRY_COST } from './account.ts';
import type { GuestMemory } from './guest-memory.ts';
import type { ProcessId } from './ids.ts';
import { type MessageResource, releaseResources } from './message-resources.ts';
import { NO_TAG, type Tag } from './tag.ts';

/** `receive` returns these codes to the guest (abi 2.7). */
export const MessageKind = { Data: 0, LinkDied: 1, ProcessDied: 2 } as const;
export type MessageKind = (typeof MessageKind)[keyof typeof MessageKind];

/** Which account is charged for a message, and how. */
interface Payment {
  readonly account: Account;
  readonly cost: number;
  /** Whether the message outlasts the process that pays. */
  readonly lasting: boolean;
}

const EMPTY = new Uint8Array(0);

/** Bytes of the buffer that a message begins with. */
export const SHORT_MESSAGE = 64;
/** Bytes of the longest message that is copied to be without unused room. */
const LONGEST_TRIMMED = 2 ** 20;
/** The number of messages that are kept to serve again. With thousands of processes each new one is a cache miss. */
const MAX_SPARES = 1024;
const spares: Message[] = [];

/**
 * One message. The fields besides `kind` and `tag` belong to data messages, except `processId`. All kinds have one shape, which
 * keeps hot paths monomorphic. In a mailbox most are bytes in a row instead.
 */
export class Message {
  kind: MessageKind;
  tag: Tag;
  /** The process that has died, in a `ProcessDied`; otherwise 0. */
  processId: ProcessId | 0;
  /** Bytes written so far are `buffer.subarray(0, length)`. What comes after them may be of an earlier message. */
  buffer: Uint8Array = EMPTY;
  length = 0;
  /** Read position; `seek_data` may place it beyond the end. */
  position = 0;
  /** A resource that is taken leaves null, so that the other indexes stay. */
  resources: (MessageResource | null)[] | null = null;
  /** The same bytes as `buffer` in words of four, if that is the short one; otherwise null. */
  #words: Int32Array | null = null;
  /** How an account is charged for the message; null for short ones. */
  #payment: Payment | null = null;

  constructor(kind: MessageKind, tag: Tag, processId: ProcessId | 0 = 0) {
    this.kind = kind;
    this.tag = tag;
    this.processId = processId;
  }

  /** Appends a copy of `size` bytes from `start`, which must be within the memory. */
  write(memory: GuestMemory, start: number, size: number): void {
    const end = this.length + size;
    if (end > this.buffer.length) this.#grow(end);
    copy(memory.bytes, start, this.buffer, this.length, size);
    this.length = end;
  }

  /** Whether it is data without resources. */
  get isPlain(): boolean {
    return this.kind === MessageKind.Data && this.resources === null;
  }

  /** Whether its bytes can be copied as words. */
  get isShort(): boolean {
    return this.#words !== null || this.length === 0;
  }

  /** Copies all bytes of a short message, in words, to `words` from `at` on. */
  copyWords(words: Int32Array, at: number): void {
    const own = this.#words;
    if (own === null) return;
    const count = (this.length + 3) >> 2;
    for (let i = 0; i < count; i++) words[at + i] = own[i] ?? 0;
  }

  /** Makes `length` bytes its contents, at most those of a short message; they are in `words` from `at` on. */
  setWords(words: Int32Array, at: number, length: number): void {
    if (this.#words === null && length > 0) this.#grow(length);
    const own = this.#words;
    this.length = length;
    if (own === null) return;
    const count = (length + 3) >> 2;
    for (let i = 0; i < count; i++) own[i] = words[at + i] ?? 0;
  }

  /** What has been written so far. */
  get bytes(): Uint8Array {
    return this.buffer.subarray(0, this.length);
  }

  /** Appends bytes that come from outside. */
  append(bytes: Uint8Array): void {
    const end = this.length + bytes.length;
    if (end > this.buffer.length) this.#grow(end);
    this.buffer.set(bytes, this.length);
    this.length = end;
  }

  /** The same for a range of bytes. */
  appendRange(bytes: Uint8Array, from: number, length: number): void {
    const end = this.length + length;
    if (end > this.buffer.length) this.#grow(end);
    copy(bytes, from, this.buffer, this.length, length);
    this.length = end;
  }

  /** The most bytes that a write of so many copies: those of the message as well if it needs more room. */
  costOfWrite(size: number): number {
    return this.length + size > this.buffer.length ? this.length + size : size;
  }

  /** Its buffer, or a larger and empty one, with room for so many bytes. */
  bufferFor(end: number): Uint8Array {
    return end > this.buffer.length ? new Uint8Array(this.#roomFor(end)) : this.buffer;
  }

  /** Makes the first `length` bytes of a buffer its contents. */
  replaceBuffer(buffer: Uint8Array, length: number): void {
    if (buffer !== this.buffer) {
      this.buffer = buffer;
      this.#words = null;
    }
    this.length = length;
  }

  /** Bytes that the message takes once it has so many bytes of data. */
  costOf(end: number): number {
    const { length } = this.buffer;
    let cost = end <= length ? length : this.#roomFor(end);
    for (const resource of this.resources ?? []) if (resource !== null) cost += resourceCost(resource);
    return cost;
  }

  /** The same once it carries another resource. */
  costWith(resource: MessageResource): number {
    return (this.#payment?.cost ?? this.costOf(this.length)) + resourceCost(resource);
  }

  /**
   * Charges an account for the message instead of the one that has been charged until now.
   * @param cost see `costOf`
   * @param lasting whether the message outlasts the process that pays
   * @returns null, or why the account cannot be charged. Then nobody is
   */
  payBy(account: Account, cost: number, lasting = false): string | null {
    const paid = this.#payment;
    // For a message that grows, only the difference: what is charged anew may make the account ask the machine.
    if (paid !== null && paid.account === account && !paid.lasting && !lasting && cost >= paid.cost) {
      const refusal = account.add(cost - paid.cost);
      if (refusal === null) this.#payment = { account, cost, lasting };
      else this.refund();
      return refusal;
    }
    this.refund();
    const refusal = lasting ? account.addLasting(cost) : account.add(cost);
    if (refusal !== null) return refusal;
    this.#payment = { account, cost, lasting };
    return null;
  }

  /** Charges another account for the message, if one has been charged until now. Returns null, or why it cannot be. */
  payInsteadBy(account: Account): string | null {
    return this.#payment === null ? null : this.payBy(account, this.costOf(this.length));
  }

  /** Nobody is charged for the message any more. */
  refund(): void {
    if (this.#payment === null) return;
    const { account, cost, lasting } = this.#payment;
    this.#payment = null;
    if (lasting) account.releaseLasting(cost);
    else account.release(cost);
  }

  #roomFor(end: number): number {
    return this.length === 0 ? end : Math.max(end, this.buffer.length * 2);
  }

  #grow(end: number): void {
    if (end <= SHORT_MESSAGE) {
      this.#words = new Int32Array(SHORT_MESSAGE / 4);
      this.buffer = new Uint8Array(this.#words.buffer);
      return;
    }
    const grown = new Uint8Array(this.#roomFor(end));
    grown.set(this.buffer.subarray(0, this.length));
    this.buffer = grown;
    this.#words = null;
  }

  /**
   * Gives up room that nothing is written into, if it is much: the message is to be kept for long. A long message keeps it, since
   * it would be copied at once; pages that nobody has touched take no memory.
   */
  trim(): void {
    const { buffer, length } = this;
    if (length <= LONGEST_TRIMMED && this.#words === null && 8 * (buffer.length - length) > buffer.length)
      this.buffer = buffer.slice(0, length);
  }

  /** Copies the next bytes, at most `size`, to a range that the memory must have. Returns how many there were. */
  read(memory: GuestMemory, at: number, size: number): number {
    const { position } = this;
    const count = Math.min(size, this.length - position);
    copy(this.buffer, position, memory.bytes, at, count);
    this.position = position + count;
    return count;
  }

  /** Adds a resource and returns its index. */
  addResource(resource: MessageResource): number {
    this.resources ??= [];
    return this.resources.push(resource) - 1;
  }

  /** Gives the resource at an index to the caller, who is charged for it from now on. */
  takeResource(index: number): void {
    const resource = this.resources?.[index] ?? null;
    if (this.resources === null || resource === null) return;
    this.resources[index] = null;
    const paid = this.#payment;
    if (paid === null || paid.lasting) return;
    const cost = resourceCost(resource);
    paid.account.release(cost);
    this.#payment = { ...paid, cost: paid.cost - cost };
  }

  /** Releases the resources that nobody has taken. */
  dropResources(): void {
    if (this.resources !== null) releaseResources(this.resources);
  }

  /** Releases the message's resources and lets it serve again. Nobody may use it any more. */
  recycle(): void {
    this.dropResources();
    if (this.#payment !== null) this.refund();
    if (spares.length === MAX_SPARES || (this.#words === null && this.buffer !== EMPTY)) return;
    this.length = this.position = 0;
    this.resources = null;
    spares.push(this);
  }
}

/** What a message that carries a resource counts for that. */
function resourceCost(resource: MessageResource): number {
  return ENTRY_COST + (resource.kind === 'module' ? resource.bytes.length : resource.cost);
}

function copy(source: Uint8Array, from: number, target: Uint8Array, to: number, size: number): void {
  // A loop is faster than making a view of a few bytes.
  if (size > SHORT_MESSAGE) target.set(source.subarray(from, from + size), to);
  else for (let i = 0; i < size; i++) target[to + i] = source[from + i] ?? 0;
}

export function dataMessage(tag: Tag): Message {
  const spare = spares.pop();
  if (spare === undefined) return new Message(MessageKind.Data, tag);
  spare.kind = MessageKind.Data;
  spare.tag = tag;
  spare.processId = 0;
  return spare;
}

/** A copy of a message that carries nothing but bytes. */
export function copyOf({ tag, bytes }: Message): Message {
  const copy = dataMessage(tag);
  copy.append(bytes);
  return copy;
}

export function linkDiedMessage(tag: Tag): Message {
  return new Message(MessageKind.LinkDied, tag);
}

export function processDiedMessage(id: ProcessId): Message {
  return new Message(MessageKind.ProcessDied, NO_TAG, id);
}
