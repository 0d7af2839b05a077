import type { Environment } from './environment.ts';
import type { Message } from './message.ts';
import type { Process } from './process.ts';
import type { Signal } from './signal.ts';

/**
 * Counts what happens in the kernel (abi 15.2). A scheduler has one only if metrics are exported, and calls it
 * synchronously, so it must be fast and must not throw.
 */
export interface KernelMetrics {
  /** Called for a program's environment before its root process is made. */
  environmentCreated(environment: Environment<Process>): void;

  /** Called when a signal is sent to a process. */
  signalSent(): void;

  /** Called before a signal is applied, but not for a message that is accepted at once. */
  signalApplied(process: Process, signal: Signal): void;

  /**
   * Called before a message is put into the mailbox of a process, or into the scratch area of one that waited for it.
   * @param waiting the number of messages in the mailbox afterwards
   */
  messageAccepted(process: Process, message: Message, waiting: number): void;

  /** Called when a timer fires whose receiver was there when it was made. */
  timerFired(): void;
}
