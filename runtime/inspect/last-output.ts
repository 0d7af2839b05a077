import type { Exit } from '../kernel/exit.ts';
import type { Process } from '../kernel/process.ts';
import { panicText } from '../symbols/panic-text.ts';

/** Bytes of output that are kept of each process: a panic's message fits, and thousands of processes may print. */
const KEPT = 8192;

/** What processes have printed last, for the reason of a failure: compilers let programs print it before they end. */
export class LastOutput {
  readonly #kept = new WeakMap<Process, Buffer>();

  add(process: Process, bytes: Uint8Array): void {
    const last = bytes.length > KEPT ? bytes.subarray(-KEPT) : bytes;
    const before = this.#kept.get(process);
    const all = before === undefined ? Buffer.from(last) : Buffer.concat([before, last]);
    this.#kept.set(process, all.length > KEPT ? Buffer.from(all.subarray(-KEPT)) : all);
  }

  /** The message of the panic, or of AssemblyScript's `abort`, that has ended a process; null if it has printed none. */
  panicOf(process: Process, exit: Exit): string | null {
    // A process may have printed the message of a panic that did not end it.
    const mayBePanic = exit.kind === 'trapped' ? exit.message === 'unreachable' : exit.kind === 'exited';
    const kept = mayBePanic ? this.#kept.get(process) : undefined;
    return kept === undefined ? null : panicText(kept.toString());
  }
}
