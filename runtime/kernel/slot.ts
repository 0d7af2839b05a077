import type { Payer } from './account.ts';
import { ResourceTable } from './resource-table.ts';

/** A kind of state that an owner may have, made when it is first needed. Each kind is declared once, as a constant. */
export interface Slot<Owner, T> {
  make(owner: Owner): T;
  /** Called when the owner has ended. Must not throw. Missing if there is nothing to release. */
  release?(value: T): void;
}

/**
 * Declares a kind of resources that processes own, with ids of its own (abi 3.3).
 * @param kind what an error calls one: "TCP stream"
 * @param release closes one that is left when its process has ended
 * @param costOf what one counts for, always the same
 */
export function resourceSlot<T>(
  kind: string,
  release?: (resource: T) => void,
  costOf?: (resource: T) => number,
): Slot<Payer, ResourceTable<T>> {
  const make = (owner: Payer) => new ResourceTable<T>(kind, owner, costOf);
  if (release === undefined) return { make };
  return {
    make,
    release(table) {
      for (const resource of table) release(resource);
    },
  };
}
