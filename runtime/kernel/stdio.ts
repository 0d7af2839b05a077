/** Where what a process prints goes. */
export interface OutputStream {
  /**
   * Takes the bytes, which may be reused afterwards. Returns null where more may follow at once, otherwise a
   * promise for the moment when it may; a broken stream rejects it with an `OutputError`.
   */
  write(bytes: Uint8Array): Promise<void> | null;
  readonly isTerminal: boolean;
}

/** Where what a process reads comes from. */
export interface InputStream {
  /** At most `length` bytes: null where none are there yet, an empty array at the end. */
  read(length: number): Uint8Array | null;
  /** Calls `ready` once when a read will no longer return null. Returns how to give up. */
  whenReadable(ready: () => void): () => void;
  readonly isTerminal: boolean;
}

/** The three standard streams of a process. */
export interface Stdio {
  readonly input: InputStream;
  readonly output: OutputStream;
  readonly error: OutputStream;
  /** The streams of a process that the owner of these spawns. Default: the same ones. */
  forChild?(): Stdio;
}

/** A write to a stream that the other side has closed, or that failed otherwise. */
export class OutputError extends Error {
  override readonly name = 'OutputError';
  readonly code = 'LUNATIC_OUTPUT';
}
