/** Accesses to memory that a path may make before it charges for them where they are. */
export const MOST_ACCESSES = 32;
/** Those of a turn of a loop, or of a function, that are part of what is charged for that at least. */
export const LEAST_ACCESSES = 16;
/**
 * What an access is charged for. One that misses all caches takes 100 to 400 ns, as long as a thousand units; so the longest time
 * between two ticks is that of as many misses as are a sixth of the limit, or a third where each turn makes nearly as many as are
 * not charged where they are.
 */
export const ACCESS_WEIGHT = 6;
