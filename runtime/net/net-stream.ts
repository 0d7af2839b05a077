import type { Socket } from 'node:net';
import { ByteQueue, type Memory } from './byte-queue.ts';
import { copyBytes } from './copy-bytes.ts';
import { type Endpoint, endpoint } from './endpoint.ts';
import { Line } from './line.ts';
import type { Sharer } from './shares.ts';
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

/** `highWaterMark` of sockets: what they keep for themselves once they were told to pause. */
export const SOCKET_BUFFER = 2 ** 14;

const EMPTY = new Uint8Array(0);
const CLOSED = 'The connection was closed';

const buffers = new WriteBuffers();

/** What came of an operation: a number of bytes, or why it failed, in words for people. */
export type Outcome = number | string;

/** `peek` leaves the bytes in the stream. */
export type ReadOperation = 'read' | 'peek';

/** What a stream's timeouts apply to. */
export type StreamOperation = ReadOperation | 'write';

/** A read, and who waits for it. */
export interface Reader {
  readonly operation: ReadOperation;
  /** Where the bytes go: `size` bytes at `start`, a range that the memory has. */
  readonly memory: Memory;
  readonly start: number;
  /** Not 0. */
  readonly size: number;
  /** Called once if the reader had to wait; with 0 at the end of the stream. */
  done(outcome: Outcome): void;
}

/** A write, and who waits for it. */
export interface Writer {
  /** `flush` has no bytes of its own: it waits for those that were written before. */
  readonly operation: 'write' | 'flush';
  /** Bytes that the socket has taken; -1 before it has taken any. The stream sets it. */
  taken: number;
  /** Returns how many bytes a write of at most `limit` bytes takes. */
  count(limit: number): number;
  /** Copies the first bytes, as many as the target holds. */
  copyTo(target: Uint8Array): void;
  /** Called once if the writer had to wait. */
  done(outcome: Outcome): void;
}

/** What a TLS session runs over. */
interface Transport {
  /** The peer hung up in the middle of the session. */
  readonly truncated: boolean;
  /** The error that broke the connection. */
  readonly failure: Error | null;
}

/** A caller that waits until no operation of a kind is under way. */
interface Settler {
  readonly operation: StreamOperation;
  readonly settled: () => void;
}

const OWNER = Symbol('stream');
type OwnedSocket = Socket & { [OWNER]?: NetStream };

/**
 * A TCP or TLS stream, shared by everybody who has a reference to it (abi 8). Bytes go straight from the socket's
 * events into the memory of the reader that waits; no promise or chunk is in between.
 *
 * Nothing is read before somebody wants bytes, and reading stops while some are left unread. A write is over when the
 * system has taken its bytes: they are not lost with the process that wrote them, nor with the whole runtime.
 */
export class NetStream {
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
  readonly #settlers: Settler[] = [];
  /**
   * Milliseconds that operations may take, -1 for no limit. The stream only keeps them, for everybody who has a reference
   * to it; readers and writers give up by themselves.
   */
  readonly timeouts: Record<StreamOperation, bigint> = { read: -1n, write: -1n, peek: -1n };

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

  /** The peer's address; undefined once the connection is gone. */
  get peer(): Endpoint | undefined {
    const { remoteAddress: address, remotePort: port } = this.#socket;
    return address === undefined || port === undefined ? undefined : endpoint({ address, port });
  }

  // -- references --------------------------------------------------------------------------------------

  /** Returns the stream, with one more reference to it. */
  share(): this {
    this.#references++;
    return this;
  }

  /**
   * Gives a reference back. The last one closes the stream. Bytes that were written still reach the peer if it reads them within a
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

  /**
   * Reads bytes that are there, at most `size`, which is not 0, into a range that the memory has. Returns undefined if there
   * are none yet, or others wait for them: see `awaitBytes`.
   */
  read(operation: ReadOperation, memory: Memory, start: number, size: number): Outcome | undefined {
    return this.#readers.first === null ? this.#tryRead(operation, memory, start, size) : undefined;
  }

  /** Lets a reader wait for bytes, behind those that wait already. */
  awaitBytes(reader: Reader): void {
    this.#readers.push(reader);
    this.#fill();
  }

  /** Lets a reader wait no longer. */
  leave(reader: Reader): void {
    this.#readers.remove(reader);
    this.#serveReaders();
  }

  #tryRead(operation: ReadOperation, memory: Memory, start: number, size: number): Outcome | undefined {
    const unread = this.#unread;
    if (unread.length > 0) {
      const count = unread.read(memory, start, size, operation === 'peek');
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
      readers.shift();
      reader.done(outcome);
    }
    this.#settle();
  }

  /** Lets bytes come in. */
  #fill(): void {
    if (this.#flowing || this.#ended || this.#failure !== null || this.#references === 0) return;
    this.#flowing = true;
    this.#socket.resume();
  }

  // -- writing -----------------------------------------------------------------------------------------

  /**
   * Writes as many bytes as one write takes, or finds that there is nothing to flush. Returns undefined if the writer has
   * to wait, perhaps with its bytes taken already: see `awaitWrite`.
   */
  write(writer: Writer): Outcome | undefined {
    return this.#writers.first === null ? this.#tryWrite(writer) : undefined;
  }

  /**
   * Lets a writer wait until the system has its bytes, behind those that wait already.
   * @returns a function that gives up. Bytes that were taken are sent all the same
   */
  awaitWrite(writer: Writer): () => void {
    this.#writers.push(writer);
    return () => {
      this.#writers.remove(writer);
      this.#serveWriters();
    };
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

  /** Whether an operation of this kind is under way. */
  isBusy(operation: StreamOperation): boolean {
    const { first } = operation === 'write' ? this.#writers : this.#readers;
    return first?.operation === operation;
  }

  /**
   * Calls back when no operation of this kind is under way any more.
   * @returns a function that gives up
   */
  whenSettled(operation: StreamOperation, settled: () => void): () => void {
    const settler = { operation, settled };
    this.#settlers.push(settler);
    return () => remove(this.#settlers, settler);
  }

  #settle(): void {
    const settlers = this.#settlers;
    if (settlers.length === 0) return;
    for (const settler of settlers.splice(0)) {
      if (this.isBusy(settler.operation)) settlers.push(settler);
      else settler.settled();
    }
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

function remove<T>(list: T[], item: T): void {
  const index = list.indexOf(item);
  if (index >= 0) list.splice(index, 1);
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
