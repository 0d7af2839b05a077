import type { Environment } from '../kernel/environment.ts';
import { processIdFromGuest } from '../kernel/ids.ts';
import { dataMessage } from '../kernel/message.ts';
import type { Process } from '../kernel/process.ts';
import type { Router } from '../kernel/router.ts';
import { KILL, type Signal } from '../kernel/signal.ts';
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
  readonly #router: Router<Process>;

  constructor({ router }: Environment<Process>) {
    this.#router = router;
  }

  /** Sends a copy of the data. Returns false where there is no such process. */
  send(to: bigint, data: Bytes, tag: bigint): boolean {
    const bytes = viewOf(data);
    const target = processIdFromGuest(to);
    if (this.#router.exists(target) === false) return false;
    const message = dataMessage(tagFromGuest(tag));
    message.append(bytes);
    this.#router.deliverMessage(target, message);
    return true;
  }

  kill(id: bigint): boolean {
    return this.#deliver(id, KILL);
  }

  /** Links two processes in both directions, as `lunatic::process::link` called by the first does. */
  link(id: bigint, peerId: bigint, tagOfLink: bigint): void {
    const tag = tagFromGuest(tagOfLink);
    const [own, peer] = [processIdFromGuest(id), processIdFromGuest(peerId)];
    if (this.#router.exists(own) === false) return;
    // The own half comes first: the router may answer the other one with the death of the link.
    this.#router.deliver(own, { kind: 'link', peer, tag });
    this.#router.deliver(peer, { kind: 'link', peer: own, tag });
  }

  unlink(id: bigint, peerId: bigint): void {
    this.#deliver(peerId, { kind: 'unlink', peer: processIdFromGuest(id), own: false });
    this.#deliver(id, { kind: 'unlink', peer: processIdFromGuest(peerId), own: false });
  }

  /** Returns false where there is no process to monitor. */
  monitor(id: bigint, peerId: bigint, kind: 'monitor' | 'stop-monitoring' = 'monitor'): boolean {
    return this.#deliver(peerId, { kind, peer: processIdFromGuest(id) });
  }

  /** Deaths of links become messages of this process. */
  surviveLinks({ id }: Process): void {
    this.#router.deliver(id, { kind: 'die-when-link-dies', die: false });
  }

  /** Returns false where there is no such process. */
  #deliver(id: bigint, signal: Signal): boolean {
    const target = processIdFromGuest(id);
    const exists = this.#router.exists(target) !== false;
    if (exists) this.#router.deliver(target, signal);
    return exists;
  }
}
