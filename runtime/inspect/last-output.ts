import type { Exit } from '../kernel/exit.ts';
import type { Process } from '../kernel/process.ts';
import { panicText } from '../symbols/panic-text.ts';

/** Bytes of output that are kept of each process: the message of a panic fits, and thousands of processes may print. */
const KEPT = 8192;

/** The pieces that a process has printed last; more than `KEPT` bytes now and then, so that few are copied again. */
interface Tail {
  pieces: Uint8Array[];
  length: number;
}

/** What processes have printed last, for the reason of a failure: compilers let programs print it before they end. */
export class LastOutput {
  readonly #tails = new WeakMap<Process, Tail>();

  add(process: Process, bytes: Uint8Array): void {
    // The bytes are in the memory of the process, which goes on writing there.
    const piece = Uint8Array.from(bytes.subarray(-KEPT));
    let tail = this.#tails.get(process);
    if (tail === undefined) {
      tail = { pieces: [], length: 0 };
      this.#tails.set(process, tail);
    }
    tail.pieces.push(piece);
    tail.length += piece.length;
    if (tail.length < 4 * KEPT) return;
    tail.pieces = [Uint8Array.from(Buffer.concat(tail.pieces).subarray(-KEPT))];
    tail.length = KEPT;
  }

  /** The message of the panic, or of AssemblyScript's `abort`, that has ended a process; null if it has printed none. */
  panicOf(process: Process, exit: Exit): string | null {
    // A process may have printed the message of a panic that did not end it.
    const mayBePanic = exit.kind === 'trapped' ? exit.message === 'unreachable' : exit.kind === 'exited';
    const tail = mayBePanic ? this.#tails.get(process) : undefined;
    return tail === undefined ? null : panicText(Buffer.concat(tail.pieces).subarray(-KEPT).toString());
  }
}
