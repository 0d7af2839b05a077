import type { Memory } from './byte-queue.ts';
import type { Endpoint } from './endpoint.ts';

/** What came of an operation: a number of bytes, or why it failed, in words for people. */
export type Outcome = number | string;

/** `peek` leaves the bytes in the stream. */
export type ReadOperation = 'read' | 'peek';

/** What a stream's timeouts apply to. */
export type StreamOperation = ReadOperation | 'write';

/** A read, and who waits for it. */
export interface Reader {
  /** An `offer` is a read that is over only when the reader tells how many of the bytes it takes: see `NetStream.accept`. */
  readonly operation: ReadOperation | 'offer';
  /** Where the bytes go: `size` bytes at `start`, a range that the memory has. */
  readonly memory: Memory;
  readonly start: number;
  /** Not 0. */
  readonly size: number;
  /** Whether it has a limit of its own, and so must be told that it waits. */
  readonly isTimed: boolean;
  /**
   * Called once it is known that there is nothing to read yet.
   * @param limit the stream's timeout: milliseconds, -1 for none. The reader gives up by itself
   */
  waits(limit: bigint): void;
  /** Called once if the reader had to wait; with 0 at the end of the stream. */
  done(outcome: Outcome): void;
}

/** A write, and who waits for it. */
export interface Writer {
  /** `flush` has no bytes of its own: it waits for those that were written before. */
  readonly operation: 'write' | 'flush';
  /** The same as a reader's. */
  readonly isTimed: boolean;
  /** Bytes that the socket has taken; -1 before it has taken any. The stream sets it. */
  taken: number;
  /** Returns how many bytes a write of at most `limit` bytes takes. */
  count(limit: number): number;
  /** Copies the first bytes, as many as the target holds. */
  copyTo(target: Uint8Array): void;
  /** The same as a reader's. */
  waits(limit: bigint): void;
  /** Called once if the writer had to wait. */
  done(outcome: Outcome): void;
}

/**
 * A TCP or TLS stream, shared by everybody who has a reference to it (abi 8). Its socket is in this OS process
 * (`NetStream`) or in another one, which is asked then.
 */
export interface Stream {
  /** The peer's address; undefined once the connection is gone. */
  readonly peer: Endpoint | undefined;
  /** Characters of the certificates that a TLS session trusts instead of the usual ones. */
  readonly pemLength: number;

  /** Returns the stream, with one more reference to it. */
  share(): this;
  /** Gives a reference back. The last one closes the stream. */
  release(): void;

  /**
   * Reads bytes that are there, at most `size`, which is not 0, into a range that the memory has. Returns undefined if it is not
   * known yet whether there are any, or others wait for them: see `awaitBytes`.
   */
  read(operation: ReadOperation, memory: Memory, start: number, size: number): Outcome | undefined;
  /** Lets a reader wait for bytes, behind those that wait already. */
  awaitBytes(reader: Reader): void;
  /** Lets a reader wait no longer. What it would have read is for the next one. */
  leave(reader: Reader): void;

  /**
   * Writes as many bytes as one write takes, or finds that there is nothing to flush. Returns undefined if the writer has
   * to wait, perhaps with its bytes taken already: see `awaitWrite`.
   */
  write(writer: Writer): Outcome | undefined;
  /** Lets a writer wait until the system has its bytes, behind those that wait already. */
  awaitWrite(writer: Writer): void;
  /**
   * Lets a writer wait no longer; its `done` is not called. Bytes that were taken are sent all the same.
   * @param left called with how many were taken, -1 for none, perhaps later
   */
  withdraw(writer: Writer, left?: (taken: number) => void): void;

  /**
   * The milliseconds that operations of a kind may take, -1 for no limit. The stream only keeps them, for everybody who has a
   * reference to it.
   * @param change a new value, null to leave it
   * @returns undefined if an operation of this kind may be under way: see `awaitTimeout`
   */
  timeout(operation: StreamOperation, change: bigint | null): bigint | undefined;
  /**
   * The same, when no operation of this kind is under way any more.
   * @param done called once, with the value
   * @returns a function that gives up
   */
  awaitTimeout(
    operation: StreamOperation,
    change: bigint | null,
    done: (timeout: bigint) => void,
  ): () => void;
}

/** What a stream is on its way from one OS process to another, besides its socket. */
export interface StreamState {
  /** What has been read of the socket, and by nobody of the stream. */
  readonly unread: Uint8Array;
  /** The peer has sent its last byte. */
  readonly ended: boolean;
  /** Why it fails, null as long as it does not. */
  readonly failure: string | null;
  /** See `timeout`. */
  readonly timeouts: Readonly<Record<StreamOperation, bigint>>;
}
