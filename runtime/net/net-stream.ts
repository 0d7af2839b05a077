import type { Socket } from 'node:net';
import { ByteQueue, type Memory } from './byte-queue.ts';
import { copyBytes } from './copy-bytes.ts';
import { type Endpoint, endpoint } from './endpoint.ts';
import { Line } from './line.ts';
import type { Sharer } from './shares.ts';
import { handleOf, makeSocket } from './socket.ts';
import type {
  Outcome,
  Reader,
  ReadOperation,
  Stream,
  StreamOperation,
  StreamState,
  Writer,
} from './stream.ts';
import { StreamTimeouts } from './stream-timeouts.ts';
import { errorText } from './system-error.ts';
import { LITTLE, unsent } from './unsent.ts';
import { MAX_WRITE, WriteBuffers } from './write-buffers.ts';

/** Weight of unread bytes at which the peer has to wait. A stream holds this and one more chunk at most. */
const MAX_UNREAD = 2 ** 15;
/** Bytes that a TLS stream may hold back before a writer waits. */
const MAX_UNSENT = 2 ** 16;
/** Milliseconds that written bytes may take to reach the peer after the stream was closed. */
const LINGER = 60_000;
/** Turns of the event loop in which a stream is closed if its peer lets it. A session of TLS takes five. */
const CLOSING_TURNS = 8;

const EMPTY = new Uint8Array(0);
const CLOSED = 'The connection was closed';

const buffers = new WriteBuffers();

/** What a TLS session runs over. */
interface Transport {
  /** The peer hung up in the middle of the session. */
  readonly truncated: boolean;
  /** The error that broke the connection. */
  readonly failure: Error | null;
}

const OWNER = Symbol('stream');
type OwnedSocket = Socket & { [OWNER]?: NetStream };

/**
 * A stream whose socket is in this OS process. Bytes go straight from the socket's events into the memory of the reader that
 * waits; no promise or chunk is in between.
 *
 * Nothing is read before somebody wants bytes, and reading stops while some are left unread. A write is over when the
 * system has taken its bytes: they are not lost with the process that wrote them, nor with the whole runtime.
 */
export class NetStream implements Stream {
  readonly #socket: OwnedSocket;
  readonly #unread = new ByteQueue();
  readonly #owner: Sharer;
  /** What a TLS session runs over; null for plain TCP. */
  readonly #transport: Transport | null;
  /** Characters of the certificates that a TLS session trusts instead of the usual ones. */
  readonly pemLength: number;
  #references = 1;
  #flowing = false;
  #ended = false;
  #failure: string | null = null;
  #draining = false;
  /** Bytes that it holds until the socket has drained. */
  #held = 0;
  readonly #readers = new Line<Reader>();
  readonly #writers = new Line<Writer>();
  /** An offer has been made to the first reader, which has not told how much it takes. */
  #isOffered = false;
  readonly #timeouts = new StreamTimeouts();

  /**
   * @param socket connected, paused, with `allowHalfOpen`
   * @param owner the process that has got it
   * @param transport what a TLS session runs over. Written bytes may then stay in the socket for a while
   * @param pemLength characters of the certificates that it trusts instead of the usual ones
   */
  constructor(socket: Socket, owner: Sharer, transport: Transport | null = null, pemLength = 0) {
    this.#owner = owner;
    this.pemLength = pemLength;
    this.#socket = socket;
    this.#transport = transport;
    this.#socket[OWNER] = this;
    socket.on('data', onData).on('end', onEnd).on('error', onError).on('close', onClose);
    // A session may have broken while it waited to be accepted.
    if (socket.destroyed) this.onClose();
  }

  get peer(): Endpoint | undefined {
    const { remoteAddress: address, remotePort: port } = this.#socket;
    return address === undefined || port === undefined ? undefined : endpoint({ address, port });
  }

  // -- references --------------------------------------------------------------------------------------

  share(): this {
    this.#references++;
    return this;
  }

  /**
   * The last reference closes the stream. Bytes that were written still reach the peer if it reads them within a
   * minute. A peer that does not may lose them, if too many streams of the process that has got this one wait for theirs. A large
   * write that was under way is broken off while all streams together hold too much: nobody was told that it is written.
   */
  release(): void {
    if (--this.#references > 0) return;
    const socket = this.#socket;
    this.#unread.clear();
    if (socket.destroyed) return;
    const size = socket.writableLength;
    socket.destroySoon();
    if (size > MAX_UNSENT + LITTLE && unsent.isMuch) socket.destroy();
    // A session's last word may have to wait behind what the transport still has to send.
    else if (size > 0 || this.#transport !== null) this.#awaitClose(CLOSING_TURNS);
  }

  /** Gives a closed stream some turns of the event loop. If that is not enough it waits for its peer. */
  #awaitClose(turns: number): void {
    const socket = this.#socket;
    if (socket.destroyed) return;
    if (turns > 0) {
      setImmediate(() => this.#awaitClose(turns - 1));
      return;
    }
    const leave = unsent.linger(this.#owner);
    if (leave === null) {
      socket.destroy();
      return;
    }
    const abandon = setTimeout(() => socket.destroy(), LINGER).unref();
    socket.on('close', () => {
      clearTimeout(abandon);
      leave();
    });
  }

  // -- reading -----------------------------------------------------------------------------------------

  read(operation: ReadOperation, memory: Memory, start: number, size: number): Outcome | undefined {
    return this.#readers.first === null ? this.#tryRead(operation, memory, start, size) : undefined;
  }

  awaitBytes(reader: Reader): void {
    this.#readers.push(reader);
    this.#fill();
    const { operation } = reader;
    reader.waits(this.#timeouts.values[operation === 'offer' ? 'read' : operation]);
    // What is there has not been tried yet for an offer.
    if (operation === 'offer' && this.#readers.first === reader) this.#serveReaders();
  }

  leave(reader: Reader): void {
    if (this.#readers.first === reader) this.#isOffered = false;
    this.#readers.remove(reader);
    this.#serveReaders();
  }

  /** Ends an offer: so many of its bytes have been read. Does nothing if the reader has left. */
  accept(reader: Reader, count: number): void {
    if (this.#readers.first !== reader || !this.#isOffered) return;
    this.#isOffered = false;
    this.#readers.shift();
    const unread = this.#unread;
    unread.discard(count);
    if (unread.length === 0) this.#fill();
    this.#serveReaders();
  }

  #tryRead(operation: Reader['operation'], memory: Memory, start: number, size: number): Outcome | undefined {
    const unread = this.#unread;
    if (unread.length > 0) {
      const count = unread.read(memory, start, size, operation !== 'read');
      if (unread.length === 0) this.#fill();
      return count;
    }
    return this.#ended ? 0 : (this.#failure ?? undefined);
  }

  #serveReaders(): void {
    const readers = this.#readers;
    for (let reader = readers.first; reader !== null; reader = readers.first) {
      const outcome = this.#tryRead(reader.operation, reader.memory, reader.start, reader.size);
      if (outcome === undefined) break;
      if (reader.operation === 'offer' && typeof outcome === 'number' && outcome > 0) {
        this.#offer(reader, outcome);
        break;
      }
      readers.shift();
      reader.done(outcome);
    }
    this.#settle();
  }

  /** Tells the first reader once of bytes that are for nobody else until it has answered. */
  #offer(reader: Reader, count: number): void {
    if (this.#isOffered) return;
    this.#isOffered = true;
    reader.done(count);
  }

  /** Lets bytes come in. */
  #fill(): void {
    if (this.#flowing || this.#ended || this.#failure !== null || this.#references === 0) return;
    this.#flowing = true;
    this.#socket.resume();
  }

  // -- writing -----------------------------------------------------------------------------------------

  write(writer: Writer): Outcome | undefined {
    return this.#writers.first === null ? this.#tryWrite(writer) : undefined;
  }

  awaitWrite(writer: Writer): void {
    this.#writers.push(writer);
    writer.waits(this.#timeouts.values.write);
  }

  withdraw(writer: Writer, left?: (taken: number) => void): void {
    this.#writers.remove(writer);
    this.#serveWriters();
    left?.(writer.taken);
  }

  #tryWrite(writer: Writer): Outcome | undefined {
    const socket = this.#socket;
    const failure = this.#writeFailure();
    if (failure !== null) return failure;
    const allowed = this.#transport === null ? 0 : MAX_UNSENT;
    const isFlush = writer.operation === 'flush';
    const isTaken = writer.taken >= 0;
    const size = isFlush || isTaken ? 0 : writer.count(unsent.limit(MAX_WRITE));
    // A large write waits until all before it was sent: if it has to be broken off, nothing is lost that a writer was told is written.
    const before = isFlush || size > LITTLE ? 0 : allowed;
    if (socket.writableLength > before) return this.#awaitDrain();
    if (isFlush) return 0;
    if (isTaken) return writer.taken;

    if (size > 0) {
      const buffer = buffers.take(size);
      writer.copyTo(buffer);
      const isOpen = socket.write(buffer);
      if (socket.writableLength === 0) {
        buffers.release();
        // Nearly always the system has taken everything.
        if (isOpen) return size;
      } else {
        buffers.give();
      }
    }
    const late = this.#writeFailure();
    if (late !== null) return late;
    writer.taken = size;
    if (socket.writableLength <= allowed) return size;
    unsent.hold(size);
    this.#held += size;
    return this.#awaitDrain();
  }

  #writeFailure(): string | null {
    if (this.#failure !== null) return this.#failure;
    const { errored, destroyed } = this.#socket;
    if (errored !== null) return errorText(errored);
    return destroyed ? CLOSED : null;
  }

  /** Goes on with the writers when the socket has written what it has. */
  #awaitDrain(): undefined {
    if (this.#draining) return;
    this.#draining = true;
    // Its callback comes in order, after everything before it. The `drain` event comes only after a full buffer.
    this.#socket.write(EMPTY, () => {
      this.#draining = false;
      unsent.letGo(this.#held);
      this.#held = 0;
      this.#serveWriters();
    });
  }

  #serveWriters(): void {
    const writers = this.#writers;
    for (let writer = writers.first; writer !== null; writer = writers.first) {
      const outcome = this.#tryWrite(writer);
      if (outcome === undefined) break;
      writers.shift();
      writer.done(outcome);
    }
    this.#settle();
  }

  // -- operations under way ----------------------------------------------------------------------------

  #isBusy(operation: StreamOperation): boolean {
    if (operation === 'write') return this.#writers.first?.operation === 'write';
    const under = this.#readers.first?.operation;
    return under === operation || (under === 'offer' && operation === 'read');
  }

  timeout(operation: StreamOperation, change: bigint | null): bigint | undefined {
    return this.#isBusy(operation) ? undefined : this.#timeouts.use(operation, change);
  }

  awaitTimeout(
    operation: StreamOperation,
    change: bigint | null,
    done: (timeout: bigint) => void,
  ): () => void {
    return this.#timeouts.await(operation, change, done);
  }

  #settle(): void {
    if (!this.#timeouts.isQuiet) this.#timeouts.settle((operation) => this.#isBusy(operation));
  }

  // -- moving to another OS process --------------------------------------------------------------------

  /**
   * Stops the stream so that its connection can go on in another OS process. Nothing is read, and `release` must not be called, before
   * `stay` or `abandon` tells what came of it.
   * @returns the connection, null if it is gone already, and all else that the stream is. Undefined if it cannot move: it is shared,
   * it is a TLS session, or the system has not taken all that was written
   */
  depart(): { readonly handle: object | null; readonly state: StreamState } | undefined {
    const socket = this.#socket;
    const isQuiet = this.#readers.first === null && this.#writers.first === null && this.#timeouts.isQuiet;
    if (this.#transport !== null || this.#references !== 1 || !isQuiet) return undefined;
    const failure = this.#writeFailure();
    const handle = failure === null ? handleOf(socket) : null;
    if (failure === null) {
      if (handle === null || this.#draining || socket.writableLength > 0) return undefined;
      socket.pause();
      // What it holds comes in `data` events.
      while (socket.readableLength > 0 && socket.read() !== null);
      handle.readStop();
      handle.reading = false;
      this.#flowing = false;
    }
    const unread = new Uint8Array(this.#unread.length);
    this.#unread.read({ bytes: unread }, 0, unread.length, true);
    return { handle, state: { unread, ended: this.#ended, failure, timeouts: this.#timeouts.values } };
  }

  /** The stream has not moved. It is as it was. */
  stay(): void {
    if (this.#unread.length === 0 && this.#readers.first !== null) this.#fill();
  }

  /** The connection goes on elsewhere. It ends here without a word to the peer. */
  abandon(): void {
    this.#references = 0;
    this.#unread.clear();
    this.#socket.destroy();
  }

  /**
   * Makes the stream anew of what `depart` gave in another OS process.
   * @param handle the connection, null if it was gone
   * @param owner the process that has got it
   */
  static arrive(handle: object | null, state: StreamState, owner: Sharer): NetStream {
    const socket = makeSocket(receive, handle === null ? {} : { handle, pauseOnCreate: true });
    if (handle === null) socket.destroy();
    const stream = new NetStream(socket, owner);
    stream.#ended = state.ended;
    stream.#failure = state.failure ?? stream.#failure;
    stream.#timeouts.values = state.timeouts;
    if (state.unread.length > 0) stream.#unread.push(state.unread);
    return stream;
  }

  // -- events of the socket ----------------------------------------------------------------------------

  /**
   * @param size the number of bytes of the chunk that have come
   * @param isLent whether the chunk is used again after this call
   */
  onData(chunk: Uint8Array, size: number, isLent: boolean): void {
    if (this.#references === 0) return;
    const reader = this.#readers.first;
    if (reader?.operation === 'read' && this.#unread.length === 0 && size <= reader.size) {
      // Nearly always all of it is for the one reader that waits.
      this.#readers.shift();
      copyBytes(chunk, 0, reader.memory.bytes, reader.start, size);
      reader.done(size);
      this.#settle();
      return;
    }
    this.#unread.push(isLent ? new Uint8Array(chunk.subarray(0, size)) : chunk);
    this.#serveReaders();
    if (this.#unread.weight <= MAX_UNREAD) return;
    this.#flowing = false;
    this.#socket.pause();
  }

  onEnd(): void {
    if (this.#transport?.truncated) {
      this.onFailure('The peer closed the connection without a TLS close notification');
    } else {
      this.#ended = true;
      this.#serveReaders();
    }
  }

  onClose(): void {
    const broken = this.#transport?.failure ?? null;
    this.onFailure(broken === null ? CLOSED : errorText(broken));
  }

  onFailure(failure: string): void {
    this.#failure ??= failure;
    this.#serveReaders();
    this.#serveWriters();
  }
}

// All streams share these functions: thousands of streams need not have functions of their own.

function onData(this: OwnedSocket, chunk: Uint8Array): void {
  this[OWNER]?.onData(chunk, chunk.length, false);
}

/** Takes the first bytes of a buffer that a socket reads into, in place of `data` events. Whoever has the socket gets them. */
export function receive(socket: OwnedSocket, buffer: Uint8Array, size: number): void {
  socket[OWNER]?.onData(buffer, size, true);
}

function onEnd(this: OwnedSocket): void {
  this[OWNER]?.onEnd();
}

function onError(this: OwnedSocket, error: Error): void {
  this[OWNER]?.onFailure(errorText(error));
}

function onClose(this: OwnedSocket): void {
  this[OWNER]?.onClose();
}
