import type { Environment } from '../kernel/environment.ts';
import { processIdFromGuest } from '../kernel/ids.ts';
import { dataMessage } from '../kernel/message.ts';
import type { Process } from '../kernel/process.ts';
import type { Scheduler } from '../kernel/scheduler.ts';
import { tagFromGuest } from '../kernel/tag.ts';

/** A process, by its id or by whatever has one. */
export type ProcessReference = bigint | { readonly id: bigint };

/** The id of a process. */
export function idOf(process: ProcessReference): bigint {
  return typeof process === 'bigint' ? process : process.id;
}

/** Bytes in any form. */
export type Bytes = ArrayBuffer | ArrayBufferView;

function viewOf(data: Bytes): Uint8Array {
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  if (data instanceof ArrayBuffer) return new Uint8Array(data);
  throw new TypeError('the data of a message must be an ArrayBuffer, or a view of one');
}

/** What the embedding program does to processes of its environment, between their turns. */
export class Signals {
  readonly #scheduler: Scheduler;
  readonly #environment: Environment<Process>;

  constructor(scheduler: Scheduler, environment: Environment<Process>) {
    this.#scheduler = scheduler;
    this.#environment = environment;
  }

  #find(id: bigint): Process | undefined {
    return this.#environment.get(processIdFromGuest(id));
  }

  /** Sends a copy of the data. Returns false where there is no such process. */
  send(to: bigint, data: Bytes, tag: bigint): boolean {
    const bytes = viewOf(data);
    const target = this.#find(to);
    if (target === undefined) return false;
    const message = dataMessage(tagFromGuest(tag));
    message.append(bytes);
    this.#scheduler.deliverMessage(target, message);
    return true;
  }

  kill(id: bigint): boolean {
    const target = this.#find(id);
    if (target !== undefined) this.#scheduler.kill(target);
    return target !== undefined;
  }

  /** Links two processes in both directions, as `lunatic::process::link` called by the first does. */
  link(id: bigint, peerId: bigint, tagOfLink: bigint): void {
    const process = this.#find(id);
    if (process === undefined) return;
    const tag = tagFromGuest(tagOfLink);
    const peer = processIdFromGuest(peerId);
    const target = this.#find(peerId);
    if (target === undefined) {
      this.#scheduler.deliver(process, { kind: 'link-died', peer, tag, reason: 'no-process' });
      return;
    }
    this.#scheduler.deliver(target, { kind: 'link', peer: process.id, tag });
    this.#scheduler.deliver(process, { kind: 'link', peer, tag });
  }

  unlink(id: bigint, peerId: bigint): void {
    const peer = processIdFromGuest(peerId);
    const [process, target] = [this.#find(id), this.#find(peerId)];
    if (target !== undefined)
      this.#scheduler.deliver(target, { kind: 'unlink', peer: processIdFromGuest(id) });
    if (process !== undefined) this.#scheduler.deliver(process, { kind: 'unlink', peer });
  }

  /** Returns false where there is no process to monitor. */
  monitor(id: bigint, peerId: bigint, kind: 'monitor' | 'stop-monitoring' = 'monitor'): boolean {
    const target = this.#find(peerId);
    if (target !== undefined) this.#scheduler.deliver(target, { kind, peer: processIdFromGuest(id) });
    return target !== undefined;
  }

  /** Deaths of links become messages of this process. */
  surviveLinks(process: Process): void {
    this.#scheduler.deliver(process, { kind: 'die-when-link-dies', die: false });
  }
}
