import { type Exit, isNormal } from './exit.ts';
import { accepts } from './mailbox.ts';
import { linkDiedMessage, type Message, MessageKind, processDiedMessage } from './message.ts';
import { type Process, Receiving } from './process.ts';
import type { ScratchArea } from './scratch-area.ts';
import type { DeathReason, Signal } from './signal.ts';
import type { Turns } from './turns.ts';

/** Applies signals to processes that do not run at the moment (abi 2.6). */
export class Delivery {
  readonly #turns: Turns;

  readonly #scratch: ScratchArea;

  constructor(turns: Turns, scratch: ScratchArea) {
    this.#turns = turns;
    this.#scratch = scratch;
  }

  apply(process: Process, signal: Signal): void {
    this.#turns.metrics?.signalApplied(process, signal);
    switch (signal.kind) {
      case 'message':
        this.accept(process, signal.message);
        break;
      case 'kill':
        this.kill(process);
        break;
      case 'die-when-link-dies':
        process.dieWhenLinkDies = signal.die;
        break;
      case 'link':
        process.links ??= new Map();
        process.links.set(signal.peer, signal.tag);
        break;
      case 'unlink':
        process.links?.delete(signal.peer);
        break;
      case 'link-died':
        process.links?.delete(signal.peer);
        if (signal.reason === 'normal') break;
        if (process.dieWhenLinkDies) this.kill(process);
        else this.accept(process, linkDiedMessage(signal.tag));
        break;
      case 'monitor':
        process.monitors ??= new Set();
        process.monitors.add(signal.peer);
        break;
      case 'stop-monitoring':
        process.monitors?.delete(signal.peer);
        break;
      case 'process-died':
        this.accept(process, processDiedMessage(signal.peer));
        break;
    }
  }

  /** Gives a message to a process: right away where it waits for one like this. */
  accept(process: Process, message: Message): void {
    if (process.exit !== null) {
      message.recycle();
      return;
    }
    if (process.receiving !== Receiving.No && accepts(process.filter, message.tag)) {
      const isAnswer = process.receiving === Receiving.Request && message.kind === MessageKind.LinkDied;
      this.#scratch.put(process, message);
      this.#turns.makeReady(process, isAnswer ? MessageKind.Data : message.kind);
    } else {
      const { mailbox } = process;
      mailbox.push(message);
      if (mailbox.bytes > process.config.maxMailbox) this.#overflow(process);
    }
    this.#turns.metrics?.messageAccepted(process, message);
  }

  /** Whoever does not read what it is sent would take all memory in the end. */
  #overflow(process: Process): void {
    process.killReason ??= `its mailbox holds more than ${process.config.maxMailbox} bytes (max_mailbox)`;
    this.kill(process);
  }

  /** One that has the turn dies when it gives it up. */
  kill(process: Process): void {
    if (process.killed || process.exit !== null) return;
    process.killed = true;
    if (this.#turns.runs(process)) return;
    process.cancelWait?.();
    this.#turns.makeReady(process, 0);
  }

  /** Tells all who are linked to a process, or monitor it, that it has ended (abi 2.8). */
  tellOfEnd({ id, environment, links, monitors }: Process, exit: Exit): void {
    const reason: DeathReason = isNormal(exit) ? 'normal' : 'failure';
    for (const [peer, tag] of links ?? []) {
      const target = environment.get(peer);
      if (target !== undefined) this.apply(target, { kind: 'link-died', peer: id, tag, reason });
    }
    for (const peer of monitors ?? []) {
      const target = environment.get(peer);
      if (target !== undefined) this.apply(target, { kind: 'process-died', peer: id });
    }
  }
}
