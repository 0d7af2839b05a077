import type { ProcessId } from '../kernel/ids.ts';
import type { ProcessKey } from './protocol.ts';

/** The number of an environment and the id of a process there, each in one form: `1:42`. */
const KEY = /^(0|[1-9]\d{0,8}):(0|[1-9]\d{0,15})$/;

/** The key of a process. Only this module knows what is in a key, so that it can name processes elsewhere one day. */
export function keyOf(environment: number, id: ProcessId): ProcessKey {
  return `${environment}:${id}` as ProcessKey;
}

/** Whether a text of a client can be a key. */
export function isProcessKey(value: unknown): value is ProcessKey {
  return typeof value === 'string' && KEY.test(value);
}

/** What a key names. */
export function partsOf(key: ProcessKey): { readonly environment: number; readonly id: ProcessId } {
  const colon = key.indexOf(':');
  return { environment: Number(key.slice(0, colon)), id: Number(key.slice(colon + 1)) as ProcessId };
}

/** The order of keys in pages. */
export function compareKeys(one: ProcessKey, other: ProcessKey): number {
  const [a, b] = [partsOf(one), partsOf(other)];
  return a.environment - b.environment || a.id - b.id;
}
