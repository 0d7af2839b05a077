import type { OutputStream } from '../kernel/stdio.ts';

/** A stream that prints to the given one, and tells somebody what is printed. */
export function watchedStream(stream: OutputStream, onBytes: (bytes: Uint8Array) => void): OutputStream {
  return {
    isTerminal: stream.isTerminal,
    get isFull() {
      return stream.isFull;
    },
    whenWritable: (ready) => stream.whenWritable(ready),
    write: (bytes) => {
      onBytes(bytes);
      return stream.write(bytes);
    },
  };
}
