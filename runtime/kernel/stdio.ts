/** A stream that a process prints to. */
export interface OutputStream {
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
