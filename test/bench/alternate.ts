/**
 * Measures a thing and its peer in turns, and gives the least of each.
 *
 * In turns, since a machine is faster in one minute than in the next: what both see cancels out of their ratio. The
 * least, since other programs, collections and late compilation only ever add; a median would measure those too.
 *
 * @param peer gives null where it is not on this machine
 */
export async function alternate(
  rounds: number,
  subject: () => Promise<number>,
  peer: () => Promise<number | null>,
): Promise<{ value: number; peerValue: number | null }> {
  let value = Number.POSITIVE_INFINITY;
  let peerValue: number | null = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds; round++) {
    value = Math.min(value, await subject());
    const other: number | null = peerValue === null ? null : await peer();
    peerValue = other === null || peerValue === null ? null : Math.min(peerValue, other);
  }
  return { value, peerValue };
}

/** Milliseconds that an action takes. */
export async function time(action: () => unknown): Promise<number> {
  const start = performance.now();
  await action();
  return performance.now() - start;
}
