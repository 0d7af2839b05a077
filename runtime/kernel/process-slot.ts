import type { Process } from './process.ts';
import { ResourceTable } from './resource-table.ts';

/** State of a kind that a process may have, made when it is first needed. Each kind is declared once. */
export interface ProcessSlot<T> {
  make(process: Process): T;
  /** Called when the process has ended; it must not throw. Missing where there is nothing to release. */
  release?(value: T): void;
}

/**
 * Declares a kind of resources that processes own, with ids of its own (semantics 3.3).
 * @param kind what an error calls one: "TCP stream"
 * @param release closes one that is left when its process has ended
 */
export function resourceSlot<T>(
  kind: string,
  release?: (resource: T) => void,
): ProcessSlot<ResourceTable<T>> {
  if (release === undefined) return { make: () => new ResourceTable<T>(kind) };
  return {
    make: () => new ResourceTable<T>(kind),
    release(table) {
      for (const resource of table) release(resource);
    },
  };
}
