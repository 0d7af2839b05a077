import type { Environment } from './environment.ts';
import type { Message } from './message.ts';
import type { Process } from './process.ts';
import type { Signal } from './signal.ts';

/** Told of what the runtime's own metrics count (semantics 15.2). There is one only where they are exported. */
export interface Meter {
  environmentCreated(environment: Environment): void;
  /** A signal is sent to a process; those that tell of an end are not told. */
  signalSent(): void;
  /** A signal is about to be applied; a message that nothing kept from being accepted at once is not told. */
  signalApplied(process: Process, signal: Signal): void;
  /** A message is in the mailbox of a process, or in the hands of one that waited for it. */
  messageAccepted(process: Process, message: Message): void;
  /** A timer has fired, whose receiver was there when it was made. */
  timerFired(): void;
}
