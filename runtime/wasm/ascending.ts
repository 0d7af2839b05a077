/** The lowest index below `count` for which a condition holds that holds for all behind it; `count` if there is none. */
export function lowest(count: number, holds: (index: number) => boolean): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** The index of the first of ascending numbers that is not less than `least`; their count if there is none. */
export function firstFrom(ascending: Uint32Array, least: number): number {
  return lowest(ascending.length, (i) => (ascending[i] ?? 0) >= least);
}
