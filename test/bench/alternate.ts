/**
 * Measures a thing and its peer in turns, and gives the least of each.
 *
 * In turns, since a machine is faster in one minute than in the next: what both see cancels out of their ratio. The
 * least, since other programs, collections and late compilation only ever add; a median would measure those too.
 *
 * @param peer gives null where it is not on this machine
 */
export async function alternate<P extends number | null>(
  rounds: number,
  subject: () => Promise<number>,
  peer: () => Promise<P>,
): Promise<{ value: number; peerValue: P }> {
  let value = await subject();
  let peerValue = await peer();
  for (let round = 1; round < rounds; round++) {
    value = Math.min(value, await subject());
    if (peerValue === null) continue;
    const other = await peer();
    if (other !== null && other < peerValue) peerValue = other;
  }
  return { value, peerValue };
}

/**
 * The same with the median of each, for what differs by less than the luck of a run: where memory lies, what was compiled when. The
 * two change places from round to round.
 */
export async function alternateMedian(
  rounds: number,
  subject: () => Promise<number>,
  peer: () => Promise<number>,
): Promise<{ value: number; peerValue: number }> {
  const [values, peerValues]: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds; round++) {
    if (round % 2 === 0) values.push(await subject());
    peerValues.push(await peer());
    if (round % 2 === 1) values.push(await subject());
  }
  return { value: median(values), peerValue: median(peerValues) };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(middle)] ?? 0) + (sorted[Math.ceil(middle)] ?? 0)) / 2;
}

/** Milliseconds that an action takes. */
export async function time(action: () => unknown): Promise<number> {
  const start = performance.now();
  await action();
  return performance.now() - start;
}
