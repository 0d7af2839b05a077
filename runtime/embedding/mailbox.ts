import { MailboxClosedError } from './errors.ts';
import type { MessageQueue, ReceivedMessage } from './message-queue.ts';
import { idOf, type ProcessReference, type Signals } from './signals.ts';

/** What a mailbox is made with. */
export interface MailboxOptions {
  /** A name for it, as processes look it up in the registry. Default: none. */
  readonly name?: string;
  /** Bytes of messages that may wait to be received, 128 more for each. With more the mailbox is killed. Default: what `max_host_memory` allows. */
  readonly maxBytes?: number;
}

/** Which message to wait for. */
export interface ReceiveOptions {
  /** Only messages with one of these tags, and deaths of links under one of them. Default: any message. */
  readonly tags?: readonly bigint[];
  /** Gives up when it is aborted, as `AbortSignal.timeout(1000)` is after a second. */
  readonly signal?: AbortSignal;
}

/**
 * A process of the embedding program. It has an id that processes send messages to, and can be linked to processes and
 * monitor them; to them it looks like any other process. It survives the death of its links.
 *
 *     await using mailbox = await lunatic.mailbox();
 *     await lunatic.spawn(module, { entry: 'worker', params: [mailbox.id] });
 *     for await (const message of mailbox) console.log(message);
 */
export class Mailbox implements AsyncIterable<ReceivedMessage>, AsyncDisposable {
  /** The id that processes send to. */
  readonly id: bigint;
  /** Resolves when the mailbox has closed, whoever closed it. */
  readonly closed: Promise<void>;
  readonly #signals: Signals;
  readonly #queue: MessageQueue;

  /** @internal Made by `Lunatic.mailbox`. */
  constructor(id: bigint, signals: Signals, queue: MessageQueue, closed: Promise<void>) {
    this.id = id;
    this.closed = closed;
    this.#signals = signals;
    this.#queue = queue;
  }

  /**
   * The oldest message that has arrived, or the next one. Node does not end while somebody waits for one.
   * @throws MailboxClosedError where the mailbox has closed and no fitting message is left, and the reason of the signal where
   *   that is aborted
   */
  receive({ tags, signal }: ReceiveOptions = {}): Promise<ReceivedMessage> {
    return this.#queue.take(tags === undefined ? null : new Set(tags), signal);
  }

  /** All messages, until `close` or `Lunatic.stop` is called. Throws MailboxClosedError where the mailbox was killed. */
  async *[Symbol.asyncIterator](): AsyncGenerator<ReceivedMessage, void> {
    while (!this.#queue.isClosing) {
      try {
        yield await this.receive();
      } catch (error) {
        if (error instanceof MailboxClosedError && this.#queue.isClosing) return;
        throw error;
      }
    }
  }

  /**
   * Links the mailbox and a process. When the process fails, or is gone already, the mailbox gets `link-died`. When the
   * mailbox is killed, the process dies too, unless it has chosen to survive its links.
   * @param tag the tag of that message
   */
  link(process: ProcessReference, tag = 0n): void {
    this.#signals.link(this.id, idOf(process), tag);
  }

  /** Removes the link to a process, if there is one. */
  unlink(process: ProcessReference): void {
    this.#signals.unlink(this.id, idOf(process));
  }

  /** Asks for `process-died` when a process ends. Returns false where it has ended already: then nothing will come. */
  monitor(process: ProcessReference): boolean {
    return this.#signals.monitor(this.id, idOf(process));
  }

  /** Takes back what `monitor` asked for. */
  stopMonitoring(process: ProcessReference): void {
    this.#signals.monitor(this.id, idOf(process), 'stop-monitoring');
  }

  /** Ends the mailbox as a process ends that returns: its links survive. Messages that were not received are dropped. */
  async close(): Promise<void> {
    this.#queue.isClosing = true;
    // Whatever it receives ends it.
    this.#signals.send(this.id, new Uint8Array(0), 0n);
    await this.closed;
    this.#queue.clear();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
