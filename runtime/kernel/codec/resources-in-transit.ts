import { type MessageResource, releaseResources } from '../message-resources.ts';

/**
 * Owns the resources of messages that have been sent and have not arrived. Sockets and modules stay in the OS process that
 * has them; what travels is the handle under which they are here. There is one table for each connection over which
 * signals travel: when that is lost, so is what was on its way, and the table releases it.
 */
export class ResourcesInTransit {
  readonly #resources = new Map<number, MessageResource>();
  #last = 0;

  /** Resources on their way. */
  get size(): number {
    return this.#resources.size;
  }

  /** Takes over a resource from its message. Handles count from 1 and are never reused. */
  add(resource: MessageResource): number {
    this.#resources.set(++this.#last, resource);
    return this.#last;
  }

  /** Takes over a resource that has come from another scheduler, under the handle that it has there. */
  put(handle: number, resource: MessageResource): void {
    this.#resources.set(handle, resource);
  }

  /** The resource of a handle, which stays here; undefined for an unknown one. */
  get(handle: number): MessageResource | undefined {
    return this.#resources.get(handle);
  }

  /** Hands the resource of a handle over to a message that has arrived. */
  remove(handle: number): void {
    this.#resources.delete(handle);
  }

  /** Hands over all resources, with their handles. */
  takeAll(): [handle: number, resource: MessageResource][] {
    const all = [...this.#resources];
    this.#resources.clear();
    return all;
  }

  /** Releases everything that will not arrive any more. */
  releaseAll(): void {
    const lost = [...this.#resources.values()];
    this.#resources.clear();
    releaseResources(lost);
  }
}
