import { NO_PROCESS, type ProcessId } from '../kernel/ids.ts';
import type { Message } from '../kernel/message.ts';
import type { Process } from '../kernel/process.ts';

/**
 * Who has sent the messages in mailboxes, which do not say it. A receive takes the oldest message of those that it accepts, and it
 * accepts them by their tags: so of all messages of one kind and tag, the oldest one always comes first.
 */
export class Senders {
  /** By process, and then by kind and tag. Of a process that had messages when this began, nothing is known until it has none. */
  readonly #known = new WeakMap<Process, Map<string, ProcessId[]>>();

  /** Must be called before a message is put into the mailbox of a process. `NO_PROCESS` stands for nobody. */
  add(process: Process, message: Message, sender: ProcessId): void {
    let known = this.#known.get(process);
    if (!process.hasMessages || known === undefined) {
      if (process.hasMessages) return;
      known = new Map();
      this.#known.set(process, known);
    }
    const key = keyOf(message);
    const senders = known.get(key);
    if (senders === undefined) known.set(key, [sender]);
    else senders.push(sender);
  }

  /** Must be called when a message has been taken out of a mailbox. Returns who has sent it; `NO_PROCESS` if nobody knows. */
  take(process: Process, message: Message): ProcessId {
    const known = this.#known.get(process);
    const key = keyOf(message);
    const senders = known?.get(key);
    const sender = senders?.shift() ?? NO_PROCESS;
    if (senders?.length === 0) known?.delete(key);
    return sender;
  }
}

function keyOf({ kind, tag }: Message): string {
  return `${kind} ${tag}`;
}
