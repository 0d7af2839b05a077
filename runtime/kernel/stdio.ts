/** A stream that processes print to. */
export interface OutputStream {
  /**
   * Whether so much waits to be written that whoever prints has to wait before the stream takes anything. Otherwise each of those
   * who do not wait any more, since they were killed, would leave behind what they have printed.
   */
  readonly isFull: boolean;
  /** Calls `ready` once, later, when the stream may not be full any more. Returns a function that gives up waiting. */
  whenWritable(ready: () => void): () => void;
  /**
   * Takes bytes; the caller may reuse the array afterwards. Returns null if more may follow at once, otherwise a promise that
   * resolves when more may follow. If the stream breaks, the promise rejects with an `OutputError`.
   */
  write(bytes: Uint8Array): Promise<void> | null;
  readonly isTerminal: boolean;
}

/** A stream that a process reads from. */
export interface InputStream {
  /** Returns at most `length` bytes; null if none are there yet, an empty array at the end. */
  read(length: number): Uint8Array | null;
  /** Calls `ready` once when a read will no longer return null. Returns a function that gives up waiting. */
  whenReadable(ready: () => void): () => void;
  /**
   * Only where another scheduler has the stream: it must be asked, so `read` returns null always. Calls `done` once with at most `length`
   * bytes, none at the end; with null if there are none yet and the caller does not wait for them. Returns a function that gives up: then
   * nothing is taken.
   */
  fetch?(length: number, waits: boolean, done: (bytes: Uint8Array | null) => void): () => void;
  /** Takes bytes back that have come to nobody. They are read next. */
  unread(bytes: Uint8Array): void;
  readonly isTerminal: boolean;
}

/** The three standard streams of a process. */
export interface Stdio {
  readonly input: InputStream;
  readonly output: OutputStream;
  readonly error: OutputStream;
  /** Returns the streams of a child. Default: the same ones. */
  forChild?(): Stdio;
}

/** A write failed, most often because the other side has closed the stream. */
export class OutputError extends Error {
  override readonly name = 'OutputError';
  readonly code = 'LUNATIC_OUTPUT';
}
