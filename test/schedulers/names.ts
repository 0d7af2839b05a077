/** Whether what processes saw of a name can have happened in some order, one call after the other. */

/** A call of the registry for one name. */
export interface NameCall {
  /** The id that was put, null for a removal, or what was found: 0 is nothing. */
  readonly kind: 'put' | 'get' | 'remove';
  readonly id: number;
  /** Whether it was made for certain: its process may have died meanwhile. */
  readonly isSure: boolean;
  readonly slot: number;
}

/** After so many states it is taken as possible. */
const MAX_STATES = 50_000;

/** @param isBefore whether one call was over before the other began, as far as anyone can tell */
export function canBeOrdered(
  calls: readonly NameCall[],
  isBefore: (call: NameCall, other: NameCall) => boolean,
): boolean {
  const before = calls.map((call) =>
    calls.reduce(
      (mask, other, i) => (other !== call && isBefore(other, call) ? mask | (1n << BigInt(i)) : mask),
      0n,
    ),
  );
  const needed = calls.reduce((mask, call, i) => (call.isSure ? mask | (1n << BigInt(i)) : mask), 0n);
  const seen = new Set<string>();
  const search = (done: bigint, id: number): boolean => {
    if ((done & needed) === needed) return true;
    const state = `${done},${id}`;
    if (seen.has(state)) return false;
    seen.add(state);
    if (seen.size > MAX_STATES) return true;
    return calls.some((call, i) => {
      const bit = 1n << BigInt(i);
      const isReady = (done & bit) === 0n && ((before[i] ?? 0n) & needed & ~done) === 0n;
      if (!isReady || (call.kind === 'get' && call.id !== id)) return false;
      return search(done | bit, call.kind === 'get' ? id : call.id);
    });
  };
  return search(0n, 0);
}
