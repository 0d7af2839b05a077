import type { ProcessKey } from './protocol.ts';

const KEY = /^(\d{1,9}):(\d{1,16})$/;

export function keyOf(environment: number, id: number): ProcessKey {
  return `${environment}:${id}`;
}

export function isProcessKey(value: unknown): value is ProcessKey {
  return typeof value === 'string' && KEY.test(value);
}

/** Environment and id; 0 and 0, which nothing has, for what is no key. */
export function parseKey(key: ProcessKey): readonly [environment: number, id: number] {
  const match = KEY.exec(key);
  return [Number(match?.[1] ?? 0), Number(match?.[2] ?? 0)];
}

/** Whether a process does not come after another in a page. */
export function isUpTo(key: ProcessKey, other: ProcessKey): boolean {
  const [environment, id] = parseKey(key);
  const [otherEnvironment, otherId] = parseKey(other);
  return environment === otherEnvironment ? id <= otherId : environment < otherEnvironment;
}
