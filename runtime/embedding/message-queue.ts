import type { MailboxClosedError } from './errors.ts';

/** What a mailbox received. */
export type ReceivedMessage =
  /** A message that a process sent. Resources that it carries, such as sockets, are released. */
  | { readonly kind: 'data'; readonly tag: bigint; readonly data: Uint8Array }
  /** A process to which the mailbox is linked has failed, or there was none. `tag` is that of the link. */
  | { readonly kind: 'link-died'; readonly tag: bigint }
  /** A process that the mailbox monitors has ended, normally or not. */
  | { readonly kind: 'process-died'; readonly process: bigint };

/** Bytes that a message takes besides its data. */
const OVERHEAD = 128;

type Tags = ReadonlySet<bigint> | null;

/** The process of the mailbox. */
interface Payer {
  charge(bytes: number): void;
  release(bytes: number): void;
}

interface Receiver {
  readonly tags: Tags;
  readonly done: (message: ReceivedMessage) => void;
  readonly failed: (reason: unknown) => void;
}

/** Messages that the embedding program has not received yet, and those who wait for some. */
export class MessageQueue {
  /** The embedding program closes the mailbox, and wants no message any more. */
  isClosing = false;
  readonly #maxBytes: number;
  readonly #messages = new Map<ReceivedMessage, Payer>();
  readonly #receivers = new Set<Receiver>();
  /** Called when somebody begins to wait, and when nobody waits any more. */
  readonly #onWaiting: (waiting: boolean) => void;
  #bytes = 0;
  #closed: MailboxClosedError | null = null;

  constructor(maxBytes: number, onWaiting: (waiting: boolean) => void) {
    this.#maxBytes = maxBytes;
    this.#onWaiting = onWaiting;
  }

  /**
   * Takes a message in. Returns false where it would hold too much.
   * @param payer is charged for it until it is received; throws where that cannot be
   */
  put(message: ReceivedMessage, payer: Payer): boolean {
    for (const receiver of this.#receivers) {
      if (!fits(message, receiver.tags)) continue;
      receiver.done(message);
      return true;
    }
    payer.charge(sizeOf(message));
    this.#messages.set(message, payer);
    this.#bytes += sizeOf(message);
    return this.#bytes <= this.#maxBytes;
  }

  /** The oldest message that fits, or the next one. */
  async take(tags: Tags, signal: AbortSignal | undefined): Promise<ReceivedMessage> {
    signal?.throwIfAborted();
    for (const [message, payer] of this.#messages) {
      if (!fits(message, tags)) continue;
      this.#messages.delete(message);
      payer.release(sizeOf(message));
      this.#bytes -= sizeOf(message);
      return message;
    }
    if (this.#closed !== null) throw this.#closed;
    return await this.#wait(tags, signal);
  }

  #wait(tags: Tags, signal: AbortSignal | undefined): Promise<ReceivedMessage> {
    return new Promise((done, failed) => {
      const leave = () => {
        this.#receivers.delete(receiver);
        signal?.removeEventListener('abort', abort);
        if (this.#receivers.size === 0) this.#onWaiting(false);
      };
      const abort = () => receiver.failed(signal?.reason);
      const receiver: Receiver = {
        tags,
        done(message) {
          leave();
          done(message);
        },
        failed(reason) {
          leave();
          failed(reason);
        },
      };
      signal?.addEventListener('abort', abort);
      this.#receivers.add(receiver);
      if (this.#receivers.size === 1) this.#onWaiting(true);
    });
  }

  /** Nothing comes any more. What is there can still be taken. */
  close(reason: MailboxClosedError): void {
    this.#closed ??= reason;
    for (const receiver of this.#receivers) receiver.failed(this.#closed);
  }

  /** Drops what was not received. */
  clear(): void {
    this.#messages.clear();
    this.#bytes = 0;
  }
}

/** As in the kernel: a tag of 0 means none, and fits no filter. */
function fits(message: ReceivedMessage, tags: Tags): boolean {
  if (tags === null) return true;
  return message.kind !== 'process-died' && message.tag !== 0n && tags.has(message.tag);
}

function sizeOf(message: ReceivedMessage): number {
  return OVERHEAD + (message.kind === 'data' ? message.data.length : 0);
}
