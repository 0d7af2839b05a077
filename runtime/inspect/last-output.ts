import type { Exit } from '../kernel/exit.ts';
import type { Process } from '../kernel/process.ts';
import { panicText } from '../symbols/panic-text.ts';

/** Bytes of output that are kept of each process: the message of a panic fits, and thousands of processes may print. */
const KEPT = 8192;

/** The least room for what a process prints. */
const LEAST = 256;

/** What a process has printed last; more than `KEPT` bytes now and then, so that few are copied again. */
interface Tail {
  /** As large as was needed so far, at most twice `KEPT`. */
  bytes: Uint8Array;
  length: number;
}

/**
 * What processes have printed last, for the reason of a failure: compilers let programs print it before they end. It is charged to the
 * process; where that cannot have more, nothing new is kept.
 */
export class LastOutput {
  readonly #tails = new WeakMap<Process, Tail>();

  add(process: Process, bytes: Uint8Array): void {
    // The bytes are in the memory of the process, which goes on writing there.
    const piece = bytes.subarray(-KEPT);
    let tail = this.#tails.get(process);
    if (tail === undefined) {
      tail = { bytes: new Uint8Array(0), length: 0 };
      this.#tails.set(process, tail);
    }
    if (tail.length + piece.length > 2 * KEPT) {
      tail.bytes.copyWithin(0, tail.length - KEPT, tail.length);
      tail.length = KEPT;
    }
    if (tail.length + piece.length > tail.bytes.length && !grow(process, tail, tail.length + piece.length))
      return;
    tail.bytes.set(piece, tail.length);
    tail.length += piece.length;
  }

  /** The message of the panic, or of AssemblyScript's `abort`, that has ended a process; null if it has printed none. */
  panicOf(process: Process, exit: Exit): string | null {
    // A process may have printed the message of a panic that did not end it.
    const mayBePanic = exit.kind === 'trapped' ? exit.message === 'unreachable' : exit.kind === 'exited';
    const tail = mayBePanic ? this.#tails.get(process) : undefined;
    if (tail === undefined) return null;
    const first = Math.max(0, tail.length - KEPT);
    return panicText(Buffer.from(tail.bytes.subarray(first, tail.length)).toString());
  }
}

/** Makes room for so many bytes. Returns false if the process cannot have it. */
function grow({ account }: Process, tail: Tail, length: number): boolean {
  let size = Math.max(LEAST, tail.bytes.length);
  while (size < length) size *= 2;
  if (account.add(size - tail.bytes.length) !== null) return false;
  const larger = new Uint8Array(size);
  larger.set(tail.bytes.subarray(0, tail.length));
  tail.bytes = larger;
  return true;
}
