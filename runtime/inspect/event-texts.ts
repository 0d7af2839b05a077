import type { Exit } from '../kernel/exit.ts';
import { type ProcessId, processIdFromGuest } from '../kernel/ids.ts';
import type { Process } from '../kernel/process.ts';
import type { Scheduler } from '../kernel/scheduler.ts';
import { jsonText } from '../text/json-text.ts';
import { countOf, durationOf } from '../text/quantities.ts';
import type { ActorEvent } from './actor-event.ts';
import { processEnd } from './process-end.ts';
import type { ProcessIndex } from './process-index.ts';
import { messageInfo } from './process-info.ts';
import { endText, messageLine, processName } from './view/index.ts';

/** The most characters of a name that are told. */
const MOST_NAME = 100;

const WAITS: Readonly<Record<string, string>> = {
  message: 'waiting for a message',
  sleep: 'sleeping',
  spawn: 'waiting for a process to start',
  event: 'waiting for input, output or a name',
};

/** Says in words what happens to processes. */
export class EventTexts {
  readonly #index: ProcessIndex;
  readonly #scheduler: Scheduler;

  constructor(index: ProcessIndex, scheduler: Scheduler) {
    this.#scheduler = scheduler;
    this.#index = index;
  }

  spawned(process: Process): string {
    const { parent } = process;
    return parent === null ? 'a new process' : `a new process, spawned by ${this.#nameOf(process, parent)}`;
  }

  ended(exit: Exit): string {
    return exit.kind === 'returned' ? 'its function has returned' : endText(processEnd(exit));
  }

  killed({ process, by, link }: ActorEvent): string {
    const name = this.#nameOf(process, by);
    return link ? `killed through its link to ${name}, which has died` : `killed by ${name}`;
  }

  sent({ process, receiver, message }: ActorEvent): string {
    const exists = process?.environment.get(receiver) !== undefined;
    const to = `${this.#nameOf(process, receiver)}${exists ? '' : ', which is not there'}`;
    return `message sent to ${to}: ${message === null ? '' : messageLine(messageInfo(message))}`;
  }

  received({ process, sender, message }: ActorEvent): string {
    return `message received${this.#from(process, sender)}: ${message === null ? '' : messageLine(messageInfo(message))}`;
  }

  mailbox({ process, sender, message, length }: ActorEvent): string {
    const last = message === null ? '' : messageLine(messageInfo(message));
    return `${countOf(length, 'message')} in its mailbox, the last one${this.#from(process, sender)}: ${last}`;
  }

  tie({ process, kind, made, peer, tag }: ActorEvent, hasDied: boolean): string {
    const name = this.#nameOf(process, peer);
    if (made) {
      const under = Number(tag) === 0 ? '' : ` under tag ${tag}`;
      return kind === 'link' ? `linked to ${name}${under}` : `monitors ${name}`;
    }
    if (hasDied)
      return `${name} has ended, ${kind === 'link' ? 'to which it was linked' : 'which it monitored'}`;
    return kind === 'link' ? `no longer linked to ${name}` : `no longer monitors ${name}`;
  }

  named({ process, name, target }: ActorEvent): string {
    const shown = name.length > MOST_NAME ? `${name.slice(0, MOST_NAME)}…` : name;
    return `registered ${this.#nameOf(process, processIdFromGuest(target))} as ${jsonText(shown)}`;
  }

  waiting({ kind, waited }: ActorEvent): string {
    const time = waited < 1000 ? `${waited} ms` : durationOf(waited);
    return `${WAITS[kind] ?? kind} for ${time}`;
  }

  #from(process: Process | null, sender: ProcessId): string {
    return sender === 0 ? '' : ` from ${this.#nameOf(process, sender)}`;
  }

  /** The name of a process of the same environment, by its id. */
  #nameOf(beside: Process | null, id: ProcessId): string {
    const { running } = this.#scheduler;
    const isRunning = running?.id === id && running.environment === beside?.environment;
    // One that has just ended is not in its environment any more.
    const found = isRunning ? running : beside?.environment.get(id);
    return found === undefined ? `#${id}` : processName(this.#index.info(found));
  }
}
