import type { Delivery } from './delivery.ts';
import type { Beyond } from './elsewhere.ts';
import type { Environment } from './environment.ts';
import { type ProcessId, REMOTE, schedulerOf } from './ids.ts';
import type { Message } from './message.ts';
import type { Process } from './process.ts';
import type { Router } from './router.ts';
import type { Signal } from './signal.ts';

/** Delivers signals to the processes of an environment: here, or, if they are on other schedulers or nodes, through `Beyond`. */
export class LocalRouter implements Router<Process> {
  readonly #environment: Environment<Process>;
  readonly #delivery: Delivery;

  constructor(environment: Environment<Process>, delivery: Delivery) {
    this.#environment = environment;
    this.#delivery = delivery;
  }

  deliver(target: ProcessId, signal: Signal): void {
    const process = this.#environment.get(target) ?? this.#startingSelf(target, signal);
    if (process !== undefined) {
      this.#delivery.deliver(process, signal);
    } else if (signal.kind === 'message') {
      if (!this.#beyond(target)?.deliverMessage(target, signal.message)) signal.message.recycle();
    } else if (!this.#beyond(target)?.deliver(target, signal)) {
      this.refuse(target, signal);
    }
  }

  deliverMessage(target: ProcessId, message: Message): void {
    const process = this.#environment.get(target);
    this.#delivery.watcher?.sent(target, process, message);
    if (process !== undefined) this.#delivery.deliverMessage(process, message);
    else if (!this.#beyond(target)?.deliverMessage(target, message)) message.recycle();
  }

  /** Who knows a process that is not here. */
  #beyond(target: ProcessId): Beyond | null {
    const { elsewhere, remote } = this.#environment;
    return schedulerOf(target) === REMOTE ? remote : elsewhere;
  }

  /**
   * The sender, if it sends to itself while its start section runs. The environment does not know it yet, and so what others
   * send does not reach it, nor do messages; but what it does about its own links counts (abi 2.9).
   */
  #startingSelf(target: ProcessId, { kind }: Signal): Process | undefined {
    if (kind === 'message' || kind === 'kill') return undefined;
    const { running } = this.#delivery;
    if (running === null || running.initialized || running.id !== target) return undefined;
    return running.environment === this.#environment ? running : undefined;
  }

  /** Answers a signal to a process that does not exist. The one who wants the link, or monitors, may be anywhere. */
  refuse(target: ProcessId, signal: Signal): void {
    const { router, elsewhere, remote } = this.#environment;
    if (signal.kind === 'link')
      router.deliver(signal.peer, { kind: 'link-died', peer: target, tag: signal.tag, reason: 'no-process' });
    else if (signal.kind === 'monitor' && (elsewhere !== null || remote !== null))
      router.deliver(signal.peer, { kind: 'not-monitored', peer: target });
  }

  exists(target: ProcessId): boolean | Promise<boolean> {
    if (this.#environment.get(target) !== undefined) return true;
    return this.#beyond(target)?.exists(target) ?? false;
  }

  waiting(target: ProcessId): Process | null {
    const process = this.#environment.get(target);
    return process !== undefined && this.#delivery.isWaiting(process) ? process : null;
  }
}
