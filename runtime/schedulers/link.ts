import { writeSync } from 'node:fs';
import type { Socket } from 'node:net';
import { nextTick } from 'node:process';
import { ByteReader } from '../kernel/codec/byte-reader.ts';
import { ByteWriter } from '../kernel/codec/byte-writer.ts';
import { Waiters } from '../kernel/waiters.ts';
import type { Frame } from './frame.ts';

/** Bytes that are written together at most; more go at once. */
const LARGEST_BATCH = 2 ** 18;
/** The first room for a batch. */
const USUAL_BATCH = 2 ** 14;
/** Bytes that wait for the other side, from which on those who send are to wait. */
const MUCH = 2 ** 20;
/** Bytes before a frame, which tell its length: a message may have some gibibytes. */
const LENGTH = 5;
const EMPTY = new Uint8Array(0);

/** What Node keeps of a connection. Its types do not tell. */
interface Connection extends Socket {
  _handle?: { readonly fd?: number } | null;
}

/** Keeps links in step with the turns of processes. */
export interface Pace {
  /** Takes frames. Processes that were waiting for them may have their turns right afterwards. */
  during(take: () => void): void;
  /** Calls `flush` once, when processes have had their turns. Returns false if none has one. */
  flushes(flush: () => void): boolean;
}

/** What a link does with what it reads. */
export interface LinkReader {
  /** Takes a frame. The reader and its bytes are used again afterwards. Whatever it throws breaks the link. */
  frame(kind: Frame, reader: ByteReader): void;
  /** Called once, when nothing more can be read. */
  closed(error: Error | null): void;
}

/**
 * A connection to another scheduler. What is written in one turn of the event loop goes in one piece, in order; what is read is
 * taken frame by frame, in order.
 */
export class Link {
  readonly #socket: Socket;
  /** When what is written goes out, and what is read is taken; null for at once. */
  pace: Pace | null = null;
  /** Who gets what comes. It may change between frames. */
  reader: LinkReader;
  #batch = new ByteWriter(USUAL_BATCH);
  /** What is not written before a gap is filled: for each gap, what comes behind it. */
  readonly #behind: { gap: ByteWriter | null; readonly batch: ByteWriter }[] = [];
  /** What a gap is being filled with; null if none is. */
  #filling: ByteWriter | null = null;
  /** Where the frame is, and begins, that is being written. */
  #writing = this.#batch;
  #start = 0;
  #isScheduled = false;
  /** Reads the present frame. */
  readonly #frame = new ByteReader(EMPTY, 'a frame');
  /** The beginning of a frame of which the rest has not come. */
  #partial: Uint8Array = EMPTY;
  #partialLength = 0;
  #isClosed = false;
  #isPaused = false;
  #error: Error | null = null;
  readonly #waiting = new Waiters();

  /**
   * @param socket connected, or connecting. What it reads is to be given to `take`; nothing else is read from it
   */
  constructor(socket: Socket, reader: LinkReader) {
    this.#socket = socket;
    this.reader = reader;
    socket.on('error', (error) => {
      this.#error = error;
    });
    socket.on('end', () => socket.destroy());
    socket.on('close', () => this.#close());
    socket.on('drain', () => this.#waiting.letGo());
    socket.resume();
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  // -- writing -----------------------------------------------------------------------------------------

  /** Begins a frame. Its content is written to what this returns, and then `end` is called. */
  begin(kind: Frame): ByteWriter {
    const batch = this.#filling ?? this.#behind.at(-1)?.batch ?? this.#batch;
    this.#writing = batch;
    this.#start = batch.u32();
    batch.u8(0);
    batch.u8(kind);
    return batch;
  }

  end(): void {
    const batch = this.#writing;
    const length = batch.length - this.#start - LENGTH;
    batch.setU32(this.#start, length);
    if (length >= 2 ** 32) batch.buffer[this.#start + LENGTH - 1] = Math.floor(length / 2 ** 32);
    if (batch.length > LARGEST_BATCH) this.flush();
    else if (!this.#isScheduled) this.#schedule();
  }

  /**
   * Leaves a gap for frames that cannot be written yet: what is written from now on goes behind it.
   * @returns writes them, once. `write` may call `begin` and `end`
   */
  gap(): (write: () => void) => void {
    const later: { gap: ByteWriter | null; readonly batch: ByteWriter } = {
      gap: null,
      batch: new ByteWriter(USUAL_BATCH),
    };
    this.#behind.push(later);
    return (write) => {
      const filled = new ByteWriter(USUAL_BATCH);
      this.#filling = filled;
      write();
      this.#filling = null;
      later.gap = filled;
      this.#join();
    };
  }

  /** Joins what is behind gaps that have been filled. */
  #join(): void {
    for (let next = this.#behind[0]; next?.gap != null; next = this.#behind[0]) {
      this.#behind.shift();
      this.#batch.raw(next.gap.finish());
      this.#batch.raw(next.batch.finish());
    }
    if (!this.#isScheduled) this.#schedule();
  }

  #schedule(): void {
    this.#isScheduled = true;
    if (this.pace?.flushes(this.flush)) return;
    // After the microtasks: processes run in these, one after the other, until their turn is over or none is ready.
    nextTick(this.flush);
  }

  /** Writes what there is. */
  readonly flush = (): void => {
    this.#isScheduled = false;
    const batch = this.#batch;
    if (batch.length === 0) return;
    if (this.#isClosed) {
      batch.clear();
      return;
    }
    const taken = this.#writeAtOnce(batch);
    if (taken === batch.length) {
      batch.clear();
      return;
    }
    this.#socket.write(batch.finish().subarray(taken));
    this.#batch = new ByteWriter(USUAL_BATCH);
  };

  /**
   * Writes what the system takes at once, which nearly always is everything. The machinery of streams takes longer than the system.
   * @returns the number of bytes
   */
  #writeAtOnce({ buffer, length }: ByteWriter): number {
    const { fd = -1 } = (this.#socket as Connection)._handle ?? {};
    if (fd < 0 || this.#socket.connecting || this.#socket.writableLength > 0) return 0;
    try {
      return writeSync(fd, buffer, 0, length);
    } catch {
      // There is no room, or the other side has gone: the socket tells.
      return 0;
    }
  }

  /** Whether so much waits for the other side that senders are to wait. */
  get isFull(): boolean {
    let waiting = this.#socket.writableLength + this.#batch.length;
    for (const { batch } of this.#behind) waiting += batch.length;
    return waiting > MUCH;
  }

  /** Calls `ready` once, when it is no longer full, or closed. Returns a function that gives up waiting. */
  whenWritable(ready: () => void): () => void {
    return this.#waiting.whenWritable(ready);
  }

  // -- reading -----------------------------------------------------------------------------------------

  /** Takes no frame until what this returns is called: the last one needs something that has not come. */
  pause(): () => void {
    this.#isPaused = true;
    this.#socket.pause();
    return () => {
      this.#isPaused = false;
      this.#socket.resume();
      this.take(EMPTY, 0);
    };
  }

  /** Takes bytes that have come; they are used again afterwards. */
  take(bytes: Uint8Array, size: number): void {
    if (this.pace === null) this.#takeNow(bytes, size);
    else this.pace.during(() => this.#takeNow(bytes, size));
  }

  #takeNow(bytes: Uint8Array, size: number): void {
    try {
      if (this.#partialLength === 0) this.#keep(bytes, this.#frames(bytes, size), size);
      else this.#takeWithPartial(bytes, size);
    } catch (error) {
      this.#error = error instanceof Error ? error : new Error(String(error));
      this.destroy();
    }
  }

  /** Takes the whole frames at the beginning of bytes. Returns where the rest begins. */
  #frames(bytes: Uint8Array, size: number): number {
    let at = 0;
    while (size - at > LENGTH && !this.#isClosed && !this.#isPaused) {
      const end = at + LENGTH + lengthAt(bytes, at);
      if (end > size) break;
      this.#frame.begin(bytes, at + LENGTH + 1, end);
      this.reader.frame(bytes[at + LENGTH] as Frame, this.#frame);
      at = end;
    }
    return at;
  }

  #keep(bytes: Uint8Array, from: number, size: number): void {
    if (from < size) this.#append(bytes.subarray(from, size));
  }

  #takeWithPartial(bytes: Uint8Array, size: number): void {
    this.#append(bytes.subarray(0, size));
    const partial = this.#partial;
    const length = this.#partialLength;
    const rest = this.#frames(partial, length);
    if (rest === 0) return;
    partial.copyWithin(0, rest, length);
    this.#partialLength = length - rest;
    if (this.#partialLength === 0) this.#partial = EMPTY;
  }

  #append(bytes: Uint8Array): void {
    const length = this.#partialLength + bytes.length;
    if (length > this.#partial.length) {
      const known = this.#partialLength >= LENGTH ? LENGTH + lengthAt(this.#partial, 0) : 0;
      const grown = new Uint8Array(Math.max(length, Math.min(known, 2 * length), USUAL_BATCH));
      grown.set(this.#partial.subarray(0, this.#partialLength));
      this.#partial = grown;
    }
    this.#partial.set(bytes, this.#partialLength);
    this.#partialLength = length;
  }

  // -- end ---------------------------------------------------------------------------------------------

  destroy(): void {
    this.#socket.destroy();
  }

  #close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#waiting.letGo();
    this.reader.closed(this.#error);
  }
}

function lengthAt(bytes: Uint8Array, at: number): number {
  const length =
    (bytes[at] ?? 0) +
    (bytes[at + 1] ?? 0) * 0x100 +
    (bytes[at + 2] ?? 0) * 0x1_0000 +
    (bytes[at + 3] ?? 0) * 0x100_0000 +
    (bytes[at + 4] ?? 0) * 0x1_0000_0000;
  if (length === 0) throw new RangeError('a frame of no bytes');
  return length;
}
