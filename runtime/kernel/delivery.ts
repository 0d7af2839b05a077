import type { ActorWatcher, KillCause } from './actor-watcher.ts';
import { type Exit, isNormal, KILLED_EXIT } from './exit.ts';
import { linkDiedMessage, type Message, MessageKind, processDiedMessage } from './message.ts';
import { type Process, Receiving } from './process.ts';
import type { ScratchArea } from './scratch-area.ts';
import type { DeathReason, Signal } from './signal.ts';
import { accepts } from './tag-filter.ts';
import { Tie } from './ties.ts';
import type { Turns } from './turns.ts';

/** Gives signals to the processes of a scheduler (abi 2.6). Called by routers, which know where a process is. */
export class Delivery {
  readonly #turns: Turns;
  readonly #scratch: ScratchArea;

  constructor(turns: Turns, scratch: ScratchArea) {
    this.#turns = turns;
    this.#scratch = scratch;
  }

  /** The process whose code runs at the moment. */
  get running(): Process | null {
    return this.#turns.running;
  }

  /** Hears of what processes do to each other; null if nobody wants to. */
  get watcher(): ActorWatcher | null {
    return this.#turns.watcher;
  }

  /** Gives a signal to a process, which is applied before the process runs again. */
  deliver(process: Process, signal: Signal): void {
    this.#turns.metrics?.signalSent();
    this.#turns.watcher?.signalled(process, signal);
    if (this.#turns.runs(process)) keep(process, signal);
    else this.apply(process, signal);
  }

  /** The same for a message. A signal object is made only if it must be kept. */
  deliverMessage(process: Process, message: Message): void {
    this.#turns.metrics?.signalSent();
    if (this.#turns.runs(process)) keep(process, { kind: 'message', message });
    else this.#accept(process, message);
  }

  /** Whether a process waits for messages, and nobody counts those that it gets. */
  isWaiting(process: Process): boolean {
    const { metrics, watcher } = this.#turns;
    return (
      process.receiving !== Receiving.No &&
      metrics === null &&
      watcher === null &&
      !process.awaitsArgument &&
      !this.#turns.runs(process)
    );
  }

  /** Applies a signal to a process that does not run at the moment. */
  apply(process: Process, signal: Signal): void {
    this.#turns.metrics?.signalApplied(process, signal);
    switch (signal.kind) {
      case 'message':
        this.#accept(process, signal.message);
        break;
      case 'kill':
        this.#kill(process, signal);
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
        if (!signal.own) process.untie(signal.peer, Tie.Link);
        break;
      case 'link-died':
        process.links?.delete(signal.peer);
        process.untie(signal.peer, Tie.Link);
        if (signal.reason === 'normal') break;
        if (process.dieWhenLinkDies) this.#kill(process, signal);
        else this.#accept(process, linkDiedMessage(signal.tag));
        break;
      case 'monitor':
        process.monitors ??= new Set();
        process.monitors.add(signal.peer);
        break;
      case 'not-monitored':
        process.untie(signal.peer, Tie.Monitor);
        break;
      case 'stop-monitoring':
        process.monitors?.delete(signal.peer);
        break;
      case 'process-died':
        process.untie(signal.peer, Tie.Monitor);
        this.#accept(process, processDiedMessage(signal.peer));
        break;
    }
  }

  /** Gives a message to a process: into the scratch area if the process waits for one like this, else into the mailbox. */
  #accept(process: Process, message: Message): void {
    if (process.exit !== null) {
      message.recycle();
      return;
    }
    const isWanted = process.receiving !== Receiving.No && accepts(process.filter, message.tag);
    this.#turns.metrics?.messageAccepted(process, message, process.mailbox.length + (isWanted ? 0 : 1));
    this.#turns.watcher?.accepted(process, message, isWanted);
    if (isWanted) {
      const isAnswer = process.receiving === Receiving.Request && message.kind === MessageKind.LinkDied;
      this.#turns.work.chargeSend(0);
      const refusal =
        message.isShort && message.resources === null ? null : message.payInsteadBy(process.account);
      if (process.awaitsArgument) process.keepArgument(message);
      this.#scratch.put(process, message);
      this.#turns.makeReady(process, isAnswer ? MessageKind.Data : message.kind);
      if (refusal === null) return;
      process.killReason ??= refusal;
      this.#kill(process);
    } else {
      const { mailbox } = process;
      this.#turns.work.chargeSend(mailbox.length);
      mailbox.push(message);
      if (mailbox.bytes > process.config.maxMailbox || mailbox.refusal !== null) this.#overflow(process);
    }
  }

  /** A process that does not read its messages would take all memory in the end. */
  #overflow(process: Process): void {
    process.killReason ??=
      process.mailbox.refusal ??
      `its mailbox holds more than ${process.config.maxMailbox} bytes (max_mailbox; --max-mailbox allows more)`;
    this.#kill(process);
  }

  /**
   * A process that has the turn dies when it hands that on.
   * @param cause null if the runtime kills it: nothing may put that off
   */
  #kill(process: Process, cause: KillCause | null = null): void {
    if (process.killed || process.exit !== null) return;
    const { running, watcher } = this.#turns;
    const mayBeHeld = process.heldExit === null && process.killReason === null && running !== null;
    if (mayBeHeld && cause !== null && watcher?.holdsKilled(process, cause) && running !== process) {
      process.heldExit = KILLED_EXIT;
      process.doomed = process.paused = true;
      return;
    }
    if (process.doomed) {
      process.doomed = false;
      process.heldExit = null;
    }
    process.killed = true;
    if (this.#turns.runs(process)) return;
    process.cancelWait?.();
    this.#turns.makeReady(process, 0);
  }
}

/** Keeps a signal for a process until its turn ends. */
function keep(process: Process, signal: Signal): void {
  process.signals ??= [];
  process.signals.push(signal);
}

/** Tells all who are linked to a process, or monitor it, that it has ended (abi 2.8). */
export function tellOfEnd({ id, environment, links, monitors }: Process, exit: Exit): void {
  // Most processes have neither, and an empty list to go through would be allocated for each.
  if (links === null && monitors === null) return;
  const { router } = environment;
  const reason: DeathReason = isNormal(exit) ? 'normal' : 'failure';
  for (const [peer, tag] of links ?? []) router.deliver(peer, { kind: 'link-died', peer: id, tag, reason });
  for (const peer of monitors ?? []) router.deliver(peer, { kind: 'process-died', peer: id });
}
