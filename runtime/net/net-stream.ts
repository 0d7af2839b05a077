import type { Socket } from 'node:net';
import { fail, OK } from '../hostcall/conventions.ts';
import type { Process } from '../kernel/process.ts';
import type { Scheduler } from '../kernel/scheduler.ts';
import { ByteQueue } from './byte-queue.ts';
import { copyBytes } from './copy-bytes.ts';
import { type Endpoint, endpoint } from './endpoint.ts';
import { gather } from './gather.ts';
import { errorText } from './system-error.ts';
import { armTimeout, timeOut, timeoutFromGuest } from './timeout.ts';
import { WriteBuffers } from './write-buffers.ts';

/** Weight of unread bytes from which on the peer has to wait: a stream holds this and one chunk more. */
const MAX_UNREAD = 2 ** 15;
/** Bytes that a TLS stream may hold back before a writer waits. */
const MAX_UNSENT = 2 ** 16;
/** Milliseconds that what was written may take to reach the peer after the stream was closed. */
const LINGER = 60_000;

/** `highWaterMark` of sockets: what they keep for themselves once they were told to pause. */
export const SOCKET_BUFFER = 2 ** 14;

/** No timeout, as guests see it. */
const NONE = -1n;
const EMPTY = new Uint8Array(0);

const buffers = new WriteBuffers();

/** What a stream's timeouts apply to. */
export type StreamOperation = 'read' | 'write' | 'peek';

/** What a TLS session runs over. */
interface Transport {
  /** The peer hung up in the middle of the session. */
  readonly truncated: boolean;
  /** What broke the connection. */
  readonly failure: Error | null;
}

/** A process that waits for bytes. */
interface Reader {
  readonly process: Process;
  readonly operation: 'read' | 'peek';
  readonly pointer: number;
  readonly size: number;
  readonly out: number;
  readonly wake: (code: number) => void;
}

/** A process that waits until its bytes, or those before them, are on their way. */
interface Writer {
  readonly process: Process;
  readonly operation: 'write' | 'flush';
  /** Address and length of the array of buffers. */
  readonly vectors: number;
  readonly count: number;
  readonly out: number;
  /** Bytes that the socket has taken; -1 for none yet. */
  taken: number;
  readonly wake: (code: number) => void;
}

/** A process that waits for its turn to get or set a timeout. */
interface Settler {
  readonly operation: StreamOperation;
  readonly wake: (code: number) => void;
}

const OWNER = Symbol('stream');
type OwnedSocket = Socket & { [OWNER]?: NetStream };

/**
 * A TCP or TLS stream, shared by all who have a reference to it (semantics 8). Bytes go straight between the memory of
 * the process that waits and the socket's events; no promise or callback is in between.
 *
 * Reads are not begun before a process wants bytes, and stop while some are left unread. A write is over when the
 * system has taken its bytes: what a process wrote is not lost with the process, nor with the whole runtime.
 */
export class NetStream {
  readonly #scheduler: Scheduler;
  readonly #socket: OwnedSocket;
  readonly #unread = new ByteQueue();
  /** What a TLS session runs over; null for plain TCP. */
  readonly #transport: Transport | null;
  #references = 1;
  #flowing = false;
  #ended = false;
  #failure: string | null = null;
  #draining = false;
  readonly #readers: Reader[] = [];
  readonly #writers: Writer[] = [];
  readonly #settlers: Settler[] = [];
  readonly #timeouts = { read: NONE, write: NONE, peek: NONE };

  /**
   * @param socket connected, paused, with `allowHalfOpen`
   * @param transport what it runs over if it is a TLS session; what was written may then stay in the socket for a while
   */
  constructor(scheduler: Scheduler, socket: Socket, transport: Transport | null = null) {
    this.#scheduler = scheduler;
    this.#socket = socket;
    this.#transport = transport;
    this.#socket[OWNER] = this;
    socket.on('data', onData).on('end', onEnd).on('error', onError).on('close', onClose);
    // A session may have broken while it waited to be accepted.
    if (socket.destroyed) this.onClose();
  }

  /** Where the peer is; undefined once the connection is gone. */
  get peer(): Endpoint | undefined {
    const { remoteAddress: address, remotePort: port } = this.#socket;
    return address === undefined || port === undefined ? undefined : endpoint({ address, port });
  }

  // -- references --------------------------------------------------------------------------------------

  /** Another reference to it. */
  share(): this {
    this.#references++;
    return this;
  }

  /** Gives a reference back; with the last one the stream is closed. What was written still reaches the peer. */
  release(): void {
    if (--this.#references > 0) return;
    const socket = this.#socket;
    this.#unread.clear();
    if (socket.destroyed) return;
    socket.destroySoon();
    // A session's last word may have to wait behind what the transport still has to send.
    if (socket.writableLength === 0 && this.#transport === null) return;
    const abandon = setTimeout(() => socket.destroy(), LINGER).unref();
    socket.on('close', () => clearTimeout(abandon));
  }

  // -- reading -----------------------------------------------------------------------------------------

  /**
   * Reads or peeks for the current process. All ranges have been checked.
   * @param out address of the count, or of the error id
   * @param timeout milliseconds, Infinity for none; default: the stream's
   * @returns the result code
   */
  read(
    operation: 'read' | 'peek',
    process: Process,
    pointer: number,
    size: number,
    out: number,
    timeout = timeoutFromGuest(this.#timeouts[operation]),
  ): number | Promise<number> {
    if (size === 0) {
      process.memory.writeId(out, 0);
      return OK;
    }
    if (this.#readers.length === 0) {
      const code = this.#tryRead(operation, process, pointer, size, out);
      if (code >= 0) return code;
    }
    return this.#scheduler.waitForEvent(process, (wake) => {
      const readers = this.#readers;
      const reader: Reader = { process, operation, pointer, size, out, wake };
      readers.push(reader);
      this.#fill();
      const leave = () => {
        readers.splice(readers.indexOf(reader), 1);
        this.#serveReaders();
      };
      armTimeout(process, timeout, () => {
        wake(timeOut(process, out));
        leave();
      });
      return leave;
    });
  }

  /** Reads what is there; -1 where nothing is, but may come. */
  #tryRead(operation: 'read' | 'peek', process: Process, pointer: number, size: number, out: number): number {
    const unread = this.#unread;
    if (unread.length > 0) {
      process.memory.writeId(out, unread.read(process.memory, pointer, size, operation === 'peek'));
      if (unread.length === 0) this.#fill();
      return OK;
    }
    if (this.#ended) process.memory.writeId(out, 0);
    else return this.#failure === null ? -1 : fail(process, out, this.#failure);
    return OK;
  }

  #serveReaders(): void {
    const readers = this.#readers;
    while (readers[0] !== undefined) {
      const { process, operation, pointer, size, out, wake } = readers[0];
      const code = this.#tryRead(operation, process, pointer, size, out);
      if (code < 0) break;
      readers.shift();
      wake(code);
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
   * Writes the buffers of an array for the current process, or as many of their bytes as one write takes. All ranges
   * have been checked.
   * @param out address of the count, or of the error id
   * @param timeout milliseconds, Infinity for none; default: the stream's
   * @returns the result code
   */
  write(
    process: Process,
    vectors: number,
    count: number,
    out: number,
    timeout = timeoutFromGuest(this.#timeouts.write),
  ): number | Promise<number> {
    return this.#write('write', process, vectors, count, out, timeout);
  }

  /** Waits until the system has all that was written. */
  flush(process: Process, out: number): number | Promise<number> {
    return this.#write('flush', process, 0, 0, out, Number.POSITIVE_INFINITY);
  }

  #write(
    operation: 'write' | 'flush',
    process: Process,
    vectors: number,
    count: number,
    out: number,
    timeout: number,
  ): number | Promise<number> {
    const writer: Writer = { process, operation, vectors, count, out, taken: -1, wake: unset };
    if (this.#writers.length === 0) {
      const code = this.#tryWrite(writer);
      if (code >= 0) return code;
    }
    return this.#scheduler.waitForEvent(process, (wake) => {
      const writers = this.#writers;
      const waiting: Writer = { ...writer, wake };
      writers.push(waiting);
      const leave = () => {
        writers.splice(writers.indexOf(waiting), 1);
        this.#serveWriters();
      };
      armTimeout(process, timeout, () => {
        // What the socket has taken is written, only late.
        wake(waiting.taken < 0 ? timeOut(process, out) : succeed(waiting));
        leave();
      });
      return leave;
    });
  }

  /** Writes, or finds out that all is written; -1 where that takes a while. */
  #tryWrite(writer: Writer): number {
    const socket = this.#socket;
    const { process, out, operation } = writer;
    const failure = this.#writeFailure();
    if (failure !== null) return fail(process, out, failure);
    const unsent = this.#transport === null ? 0 : MAX_UNSENT;
    if (socket.writableLength > (operation === 'flush' ? 0 : unsent)) return this.#awaitDrain();
    if (operation === 'flush' || writer.taken >= 0) return succeed(writer);

    const { memory } = process;
    const size = gather(memory, writer.vectors, writer.count, null);
    if (size > 0) {
      const buffer = buffers.take(size);
      gather(memory, writer.vectors, writer.count, buffer);
      socket.write(buffer);
      if (socket.writableLength > 0) buffers.give();
      else buffers.release();
    }
    const late = this.#writeFailure();
    if (late !== null) return fail(process, out, late);
    writer.taken = size;
    return socket.writableLength > unsent ? this.#awaitDrain() : succeed(writer);
  }

  #writeFailure(): string | null {
    if (this.#failure !== null) return this.#failure;
    const { errored, destroyed } = this.#socket;
    if (errored !== null) return errorText(errored);
    return destroyed ? CLOSED : null;
  }

  /** Goes on with writers when the socket has written what it has. */
  #awaitDrain(): number {
    if (!this.#draining) {
      this.#draining = true;
      // Told of in order, after all before it. The socket's own event comes only where it was told to wait.
      this.#socket.write(EMPTY, () => {
        this.#draining = false;
        this.#serveWriters();
      });
    }
    return -1;
  }

  #serveWriters(): void {
    const writers = this.#writers;
    while (writers[0] !== undefined) {
      const writer = writers[0];
      const code = this.#tryWrite(writer);
      if (code < 0) break;
      writers.shift();
      writer.wake(code);
    }
    this.#settle();
  }

  // -- timeouts ----------------------------------------------------------------------------------------

  /**
   * Milliseconds, -1 for none, as guests have them. Waits for an operation of this kind that is under way.
   */
  getTimeout(operation: StreamOperation, process: Process): bigint | Promise<bigint> {
    const settled = this.#settled(operation, process);
    return settled === null ? this.#timeouts[operation] : settled.then(() => this.#timeouts[operation]);
  }

  /** The same to set it. */
  setTimeout(operation: StreamOperation, process: Process, timeout: bigint): void | Promise<void> {
    const settled = this.#settled(operation, process);
    const set = (): void => {
      this.#timeouts[operation] = timeout;
    };
    return settled === null ? set() : settled.then(set);
  }

  /** Null where no operation of the kind is under way. */
  #settled(operation: StreamOperation, process: Process): Promise<number> | null {
    if (!this.#isBusy(operation)) return null;
    return this.#scheduler.waitForEvent(process, (wake) => {
      const settlers = this.#settlers;
      const settler = { operation, wake };
      settlers.push(settler);
      return () => settlers.splice(settlers.indexOf(settler), 1);
    });
  }

  #isBusy(operation: StreamOperation): boolean {
    const first = operation === 'write' ? this.#writers[0] : this.#readers[0];
    return first?.operation === operation;
  }

  #settle(): void {
    const settlers = this.#settlers;
    if (settlers.length === 0) return;
    for (const settler of settlers.splice(0)) {
      if (this.#isBusy(settler.operation)) settlers.push(settler);
      else settler.wake(OK);
    }
  }

  // -- what the socket tells ---------------------------------------------------------------------------

  onData(chunk: Uint8Array): void {
    if (this.#references === 0) return;
    const reader = this.#readers[0];
    if (reader?.operation === 'read' && this.#unread.length === 0 && chunk.length <= reader.size) {
      // Nearly always: it is all for the process that waits.
      const { process, pointer, out, wake } = reader;
      this.#readers.shift();
      copyBytes(chunk, 0, process.memory.bytes, pointer, chunk.length);
      process.memory.writeId(out, chunk.length);
      wake(OK);
      this.#settle();
      return;
    }
    this.#unread.push(chunk);
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

const CLOSED = 'The connection was closed';

function succeed({ process, taken, out }: Writer): number {
  process.memory.writeId(out, Math.max(0, taken));
  return OK;
}

function unset(): void {}

// Shared by all streams: thousands of them need not have functions of their own.

function onData(this: OwnedSocket, chunk: Uint8Array): void {
  this[OWNER]?.onData(chunk);
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
