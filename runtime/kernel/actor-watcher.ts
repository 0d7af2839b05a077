import type { ProcessId } from './ids.ts';
import type { Message } from './message.ts';
import type { Process } from './process.ts';
import type { Signal } from './signal.ts';

/** The signal that kills a process: one to do so, or the death of a process that it is linked to. */
export type KillCause = Extract<Signal, { kind: 'kill' | 'link-died' }>;

/**
 * Hears of what processes do to each other, for people who want to stop them there. A scheduler has one only as long as somebody
 * does; then messages are written and sent by host functions alone, so that each is seen when it is sent.
 */
export interface ActorWatcher {
  /** Called before a message reaches a process, which may not be there. */
  sent(target: ProcessId, receiver: Process | undefined, message: Message): void;

  /**
   * Called before a message is put into the mailbox of a process.
   * @param isReceived whether the process has waited for it, and gets it at once
   */
  accepted(process: Process, message: Message, isReceived: boolean): void;

  /** Called when a process has taken a message out of its mailbox. */
  received(process: Process, message: Message): void;

  /** Called with a signal that is no message, before it reaches a process. */
  signalled(process: Process, signal: Signal): void;

  /** Called when a process has put a name into the registry, for whatever number. */
  registered(by: Process, name: string, target: bigint): void;

  /**
   * Whether a process that is to be killed is held as it is, until it is resumed or killed again. One that has the turn is held when
   * its stack has been unwound: an observer is asked for that.
   */
  holdsKilled(process: Process, cause: KillCause): boolean;
}
