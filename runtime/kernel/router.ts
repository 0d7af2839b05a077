import type { ProcessId } from './ids.ts';
import type { Message } from './message.ts';
import type { Signal } from './signal.ts';

/**
 * Brings signals to the processes of one environment, wherever they live. Nobody who sends looks a process up: what
 * reaches a process goes through the router of its environment.
 *
 * What one sender sends to one receiver is applied in the order in which it was sent, and before the receiver runs again
 * (abi 2.5). What is sent to a process that does not exist, or no longer, is dropped; only a link is answered, with
 * the death of the link (abi 2.7).
 */
export interface Router<Process> {
  /** Sends a signal. Its message, if it is one, belongs to the receiver from now on. */
  deliver(target: ProcessId, signal: Signal): void;

  /** The same for a message, without an object for the signal: most signals are messages. */
  deliverMessage(target: ProcessId, message: Message): void;

  /** Whether a process exists. Another scheduler has to be asked for one that may be there. */
  exists(target: ProcessId): boolean | Promise<boolean>;

  /**
   * The process of an id, if it is on this scheduler and waits for messages, so that it may be handed one in another form;
   * null if a message must be delivered.
   */
  waiting(target: ProcessId): Process | null;
}
