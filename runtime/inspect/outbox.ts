import type { Message } from 'vscode-jsonrpc/node';
import type { WebSocket } from 'ws';

/** Bytes that may wait for a peer before no more of its requests are answered. */
export const MAX_UNREAD = 2 ** 20;
/** Bytes of long data that are encoded at a time. Base64 has four characters for three of them. */
const PIECE = 3 * 2 ** 18;

/** The result of a request, `{ data }` in base64. Long data is encoded while it is sent, as far as the peer reads it. */
export class DataResult {
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  toJSON(): { readonly data: string } {
    return { data: base64(this.bytes) };
  }
}

/** A message that waits until a long one has been sent. */
interface Waiting {
  readonly message: string | LongMessage;
  readonly done: () => void;
  readonly fail: (error: unknown) => void;
}

interface LongMessage {
  readonly before: string;
  readonly bytes: Uint8Array;
  readonly after: string;
}

/** Sends the messages of one side of a connection, and knows how much the other side has not read. */
export class Outbox {
  readonly #socket: WebSocket;
  /** Messages that were given while a long one is being sent: others cannot be between its frames. */
  readonly #waiting: Waiting[] = [];
  #waitingBytes = 0;
  #isSendingLong = false;
  readonly #settlers: (() => void)[] = [];
  #readAt = 0;
  #onSent: () => void = () => {};

  constructor(socket: WebSocket) {
    this.#socket = socket;
  }

  /** Bytes that are in memory until the peer reads. */
  get unread(): number {
    return this.#socket.bufferedAmount + this.#waitingBytes;
  }

  /** Whether the peer has so much to read that it gets no more answers until then. */
  get isFull(): boolean {
    return this.#isSendingLong || this.unread > MAX_UNREAD;
  }

  /** Resolves when no long message is being sent, nor another one waits for that. */
  settled(): Promise<void> {
    if (!this.#isSendingLong) return Promise.resolve();
    return new Promise((resolve) => this.#settlers.push(resolve));
  }

  /** When the peer was last seen to read, by the clock of `performance`. */
  get readAt(): number {
    return this.#readAt;
  }

  /** @param listener called each time that the operating system has taken something */
  onSent(listener: () => void): void {
    this.#onSent = listener;
  }

  /**
   * Resolves when the message has been handed to the operating system. It is copied at once, but for a `DataResult`: whatever
   * is here stays in memory until the peer has read.
   */
  send(message: Message): Promise<void> {
    const given = 'result' in message && message.result instanceof DataResult ? message.result.bytes : null;
    if (given !== null && given.length > PIECE) {
      const others = JSON.stringify({ ...message, result: undefined });
      const before = `${others.slice(0, -1)},"result":{"data":"`;
      return this.#wait({ before, bytes: given, after: '"}}' });
    }
    const text = JSON.stringify(message);
    return this.#isSendingLong ? this.#wait(text) : this.#frame(text, true);
  }

  #wait(message: string | LongMessage): Promise<void> {
    return new Promise((done, fail) => {
      if (typeof message === 'string') this.#waitingBytes += message.length;
      this.#waiting.push({ message, done, fail });
      if (!this.#isSendingLong) this.#sendWaiting();
    });
  }

  async #sendWaiting(): Promise<void> {
    this.#isSendingLong = true;
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      const { message, done, fail } = next;
      if (typeof message === 'string') this.#waitingBytes -= message.length;
      const sent = typeof message === 'string' ? this.#frame(message, true) : this.#sendLong(message);
      sent.then(done, fail);
      // Short ones are in the socket's own buffer at once.
      if (typeof message !== 'string') await sent.catch(() => {});
    }
    this.#isSendingLong = false;
    for (const settled of this.#settlers.splice(0)) settled();
    this.#onSent();
  }

  async #sendLong({ before, bytes, after }: LongMessage): Promise<void> {
    await this.#frame(before, false);
    for (let at = 0; at < bytes.length; at += PIECE)
      await this.#frame(base64(bytes.subarray(at, at + PIECE)), false);
    await this.#frame(after, true);
  }

  #frame(text: string, fin: boolean): Promise<void> {
    // Nothing waits, so what is sent from now on has not been there to be read before.
    if (this.#socket.bufferedAmount === 0) this.#readAt = performance.now();
    return new Promise((done, fail) => {
      this.#socket.send(text, { fin }, (error) => {
        if (error != null) return fail(error);
        this.#readAt = performance.now();
        done();
        this.#onSent();
      });
    });
  }
}

function base64({ buffer, byteOffset, length }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, length).toString('base64');
}
