/** JSON-RPC over a WebSocket: one message in each text frame, as the inspection protocol requires. */
import {
  AbstractMessageReader,
  AbstractMessageWriter,
  type ConnectionOptions,
  createMessageConnection,
  type DataCallback,
  Disposable,
  type Logger,
  type Message,
  type MessageConnection,
  type MessageReader,
  type MessageStrategy,
  type MessageWriter,
  NullLogger,
} from 'vscode-jsonrpc/node';
import type { RawData, WebSocket } from 'ws';
import { Outbox } from './outbox.ts';

/** Codes with which a WebSocket is closed (RFC 6455, section 7.4.1). */
const CloseCode = {
  /** A frame of a kind that is not accepted: binary. */
  UnsupportedData: 1003,
  /** A text that is not JSON. */
  InvalidPayload: 1007,
} as const;

/** Bytes of messages that may wait to be handled; then no more are read. */
const MAX_WAITING = 2 ** 18;

export interface SocketOptions extends Omit<ConnectionOptions, 'messageStrategy'> {
  /** Is told what goes wrong below the level of requests. Default: nothing is. */
  readonly logger?: Logger;
  /**
   * What is to be sent to the peer. If it is given, no message of a peer is handled as long as that peer has much to read. Only
   * one of two peers may do so: if both did, they could wait for each other.
   */
  readonly outbox?: Outbox;
}

/**
 * A JSON-RPC connection over an open WebSocket. `listen` must be called before the event loop goes on, so that no
 * message is missed. It closes with the socket, after the messages that came before have been handled. Whoever made the
 * socket closes it, and sets the largest message (`maxPayload`). A peer that sends anything but JSON-RPC is disconnected.
 *
 * Requests that wait for their response when the connection closes are rejected by `dispose` alone.
 */
export function socketConnection(socket: WebSocket, options: SocketOptions = {}): MessageConnection {
  const { logger = NullLogger, outbox, ...rest } = options;
  const reader = new SocketReader(socket, outbox ?? null);
  const messageStrategy: MessageStrategy = {
    handleMessage: (message, next) => {
      reader.handled();
      return next(message);
    },
  };
  return createMessageConnection(reader, new SocketWriter(outbox ?? new Outbox(socket)), logger, {
    ...rest,
    messageStrategy,
  });
}

/**
 * Gives the connection one message at a time. The connection handles one message in each turn of the event loop, and would
 * queue all others without a bound.
 */
class SocketReader extends AbstractMessageReader implements MessageReader {
  readonly #socket: WebSocket;
  readonly #outbox: Outbox | null;
  readonly #waiting: { readonly message: Message; readonly size: number }[] = [];
  #waitingBytes = 0;
  /** Whether the connection has a message that it has not handled. */
  #busy = false;
  #closed = false;
  #callback: DataCallback = () => {};

  constructor(socket: WebSocket, outbox: Outbox | null) {
    super();
    this.#socket = socket;
    this.#outbox = outbox;
    outbox?.onSent(() => {
      if (!this.#busy) this.#giveNext();
    });
    socket.on('error', (error) => this.fireError(error));
    socket.on('close', () => {
      this.#closed = true;
      if (!this.#busy) this.#giveNext();
      if (!this.#busy) this.fireClose();
    });
  }

  /** The connection begins to handle the message that it has. */
  handled(): void {
    this.#busy = false;
    this.#giveNext();
    if (!this.#busy && this.#closed) setImmediate(() => this.fireClose());
  }

  #giveNext(): void {
    if (this.#outbox?.isFull === true && !this.#closed) return;
    const next = this.#waiting.shift();
    if (next === undefined) return;
    this.#waitingBytes -= next.size;
    if (this.#socket.isPaused && this.#waitingBytes < MAX_WAITING / 2) this.#socket.resume();
    this.#give(next.message);
  }

  #give(message: Message): void {
    this.#busy = true;
    this.#callback(message);
  }

  override listen(callback: DataCallback): Disposable {
    this.#callback = callback;
    const receive = (data: RawData, isBinary: boolean) => {
      if (this.#socket.readyState !== this.#socket.OPEN) return;
      if (isBinary) return this.#refuse(CloseCode.UnsupportedData, 'expected text frames');
      const text = textOf(data);
      let message: unknown;
      try {
        message = JSON.parse(text);
      } catch {
        return this.#refuse(CloseCode.InvalidPayload, 'expected JSON');
      }
      if (!isMessage(message)) return this.#refuse(CloseCode.InvalidPayload, 'expected JSON-RPC 2.0');
      // Cancelling and progress may be ignored, and vscode-jsonrpc trusts their parameters.
      if ('method' in message && String(message.method).startsWith('$/')) return;
      this.#waiting.push({ message, size: text.length });
      this.#waitingBytes += text.length;
      if (!this.#busy) this.#giveNext();
      if (this.#waitingBytes >= MAX_WAITING) this.#socket.pause();
    };
    this.#socket.on('message', receive);
    return Disposable.create(() => {
      this.#socket.off('message', receive);
      this.#waiting.length = 0;
    });
  }

  #refuse(code: number, reason: string): void {
    this.fireError(new Error(`The peer of the inspection protocol was disconnected: ${reason}`));
    this.#socket.close(code, reason);
  }
}

class SocketWriter extends AbstractMessageWriter implements MessageWriter {
  readonly #outbox: Outbox;

  constructor(outbox: Outbox) {
    super();
    this.#outbox = outbox;
  }

  /** Resolves when the message has been handed to the operating system. */
  write(message: Message): Promise<void> {
    const sent = this.#outbox.send(message);
    sent.catch((error) => this.fireError(error));
    return sent;
  }

  /** Does nothing: whoever made the socket closes it, with what is buffered. */
  end(): void {}
}

function textOf(data: RawData): string {
  if (Array.isArray(data)) return Buffer.concat(data).toString();
  return data instanceof ArrayBuffer ? Buffer.from(data).toString() : data.toString();
}

function isMessage(value: unknown): value is Message {
  return typeof value === 'object' && value !== null && 'jsonrpc' in value && value.jsonrpc === '2.0';
}
