import type { Socket } from 'node:net';
import { nextTick } from 'node:process';
import type { RawData, WebSocket } from 'ws';
import { ByteWriter } from '../../kernel/codec/byte-writer.ts';
import { SILENCE } from '../transport.ts';
import { BEAT, HEAD, Kind } from './wire.ts';

/** Bytes that are sent together at most; more go at once. */
const LARGEST_BATCH = 2 ** 18;
/** The first room for a batch. */
const USUAL_BATCH = 2 ** 14;
/** Bytes of frames that go alone: they are not copied together with others. */
const LARGE = 2 ** 16;
/** Bytes that wait for the other side, from which on senders are to wait. */
export const MUCH = 2 ** 20;
/** Bytes of relayed frames that are kept while there is no connection. */
const MOST_HELD = 2 ** 20;
/** Bytes that wait, from which on a sign of life may be stuck behind them. */
const LONG_QUEUE = 2 ** 16;
const LENGTH = 4;

/** What Node keeps of a connection. Its types do not tell. */
interface Connection extends Socket {
  _handle?: { readonly writeQueueSize?: number } | null;
}

/** What a channel tells. */
export interface ChannelReader {
  /**
   * Frames have come.
   * @param bytes they may be changed and kept
   * @throws Error if they are malformed: the connection is closed
   */
  frames(bytes: Buffer): void;
  /** What `frames` has thrown, after which nothing more is read. */
  malformed(error: unknown): void;
  /** The connection has ended. */
  closed(code: number, reason: string): void;
  /** Something that waited has been sent. */
  sent(): void;
}

/**
 * A side of the connection between a node and the hub. What is written in one turn of the event loop goes in one WebSocket message,
 * in order. It outlives the WebSocket: while there is none, frames are kept for the next one.
 */
export class Channel {
  readonly #reader: ChannelReader;
  #batch = new ByteWriter(USUAL_BATCH);
  #start = 0;
  #isScheduled = false;
  #socket: WebSocket | null = null;
  #stream: Connection | null = null;
  /** What has been read, and what waits in the system to be sent, when last looked at. */
  #read = 0;
  #queue = 0;
  /** Milliseconds since anything came. */
  #silence = 0;
  #lookedAt = 0;
  #hasSent = false;

  constructor(reader: ChannelReader) {
    this.#reader = reader;
  }

  /**
   * Uses a WebSocket from now on, and no longer the one before.
   * @param socket open
   * @param stream the connection below it
   */
  attach(socket: WebSocket, stream: Socket): void {
    this.detach();
    this.#socket = socket;
    this.#stream = stream;
    this.#read = this.#queue = this.#silence = 0;
    this.#lookedAt = performance.now();
    stream.setNoDelay(true);
    socket.on('error', () => {});
    socket.on('message', (data: RawData, isBinary) => {
      if (this.#socket === socket) this.#receive(data, isBinary);
    });
    socket.on('close', (code, reason) => {
      if (this.#socket !== socket) return;
      this.#socket = this.#stream = null;
      this.#reader.closed(code, reason.toString());
    });
    if (this.#batch.length > 0) this.#schedule();
  }

  /** Ends the connection at once. Nothing of it is read any more. */
  detach(): void {
    const socket = this.#socket;
    this.#socket = this.#stream = null;
    socket?.terminate();
  }

  /** Closes the connection, after what was written before. Nothing of it is read any more. */
  close(code: number, reason: string): void {
    this.flush();
    const socket = this.#socket;
    this.#socket = this.#stream = null;
    if (socket === null) return;
    socket.close(code, reason);
    // One that does not read cannot answer.
    setTimeout(() => socket.terminate(), BEAT).unref();
  }

  get isOpen(): boolean {
    return this.#socket !== null;
  }

  // -- writing -----------------------------------------------------------------------------------------

  /** Bytes that wait for the other side. */
  get waiting(): number {
    return this.#batch.length + (this.#socket?.bufferedAmount ?? 0);
  }

  /** Begins a frame. Its body is written to what this returns, and then `end` is called. */
  begin(kind: Kind): ByteWriter {
    this.#start = this.#batch.u32();
    this.#batch.u8(kind);
    return this.#batch;
  }

  end(): void {
    const batch = this.#batch;
    batch.setU32(this.#start, batch.length - this.#start - LENGTH);
    this.#appended();
  }

  /** Whether it takes further frames for other nodes. */
  get takesRelayed(): boolean {
    return this.#socket !== null || this.#batch.length < MOST_HELD;
  }

  /** Appends whole frames. They must not change afterwards. */
  append(frames: Buffer): void {
    if (frames.length >= LARGE && this.#socket !== null) {
      this.flush();
      this.#send(frames);
    } else {
      this.#batch.raw(frames);
      this.#appended();
    }
  }

  #appended(): void {
    if (this.#socket === null) return;
    if (this.#batch.length > LARGEST_BATCH) this.flush();
    else if (!this.#isScheduled) this.#schedule();
  }

  #schedule(): void {
    this.#isScheduled = true;
    nextTick(this.flush);
  }

  /** Sends what there is. */
  readonly flush = (): void => {
    this.#isScheduled = false;
    const batch = this.#batch;
    if (batch.length === 0 || this.#socket === null) return;
    // The batch is used again.
    this.#send(Buffer.from(batch.finish()));
    if (batch.buffer.length > LARGEST_BATCH) this.#batch = new ByteWriter(USUAL_BATCH);
    else batch.clear();
  };

  #send(bytes: Buffer): void {
    this.#hasSent = true;
    this.#socket?.send(bytes, this.#sent);
  }

  readonly #sent = (): void => this.#reader.sent();

  // -- reading -----------------------------------------------------------------------------------------

  #receive(data: RawData, isBinary: boolean): void {
    try {
      if (!isBinary || !Buffer.isBuffer(data)) throw new TypeError('a text');
      this.#reader.frames(data);
    } catch (error) {
      this.#reader.malformed(error);
    }
  }

  /** Reads nothing for a while. */
  pause(): void {
    this.#socket?.pause();
  }

  resume(): void {
    this.#socket?.resume();
  }

  // -- life --------------------------------------------------------------------------------------------

  /**
   * To be called every `BEAT` milliseconds: sends a sign of life if nothing else was sent.
   * @returns false if the other side has not been heard of for too long
   */
  beat(): boolean {
    const stream = this.#stream;
    if (stream === null) return true;
    if (!this.#hasSent) {
      this.begin(Kind.Alive);
      this.end();
    }
    this.#hasSent = false;
    const now = performance.now();
    // What came while this side was held up has not been read yet, so that does not count.
    const passed = Math.min(now - this.#lookedAt, 2 * BEAT);
    this.#lookedAt = now;
    this.#silence = this.#hasMoved(stream) ? 0 : this.#silence + passed;
    return this.#silence < SILENCE || this.#socket?.isPaused === true;
  }

  /** Whether anything has come, or the other side has taken of a long queue. A large message alone shows nothing else for long. */
  #hasMoved({ bytesRead, _handle }: Connection): boolean {
    const queue = _handle?.writeQueueSize ?? 0;
    const hasMoved = bytesRead !== this.#read || (this.#queue > LONG_QUEUE && queue < this.#queue);
    this.#read = bytesRead;
    this.#queue = queue;
    return hasMoved;
  }
}

/**
 * Calls `take` for each frame of a message.
 * @param take gets where the frame's body begins and ends. Frames that it returns false for end the loop
 * @returns where the loop has ended
 * @throws RangeError if the last frame is not whole
 */
export function eachFrame(
  bytes: Buffer,
  take: (kind: number, from: number, end: number) => boolean | undefined,
): number {
  const { length } = bytes;
  let at = 0;
  while (at < length) {
    if (length - at < HEAD) throw new RangeError('a frame without a head');
    const end = at + LENGTH + bytes.readUInt32LE(at);
    if (end > length || end < at + HEAD) throw new RangeError('a frame of a wrong length');
    if (take(bytes[at + LENGTH] ?? 0, at + HEAD, end) === false) return end;
    at = end;
  }
  return at;
}
