import { closest, distance } from 'fastest-levenshtein';

/** A name is similar to another one if at most this share of it differs. */
const SIMILAR = 0.4;

/** Finds what was perhaps meant by a name that is unknown. Returns null if nothing is similar. */
export function similarTo(name: string, known: readonly string[]): string | null {
  if (known.length === 0) return null;
  const nearest = closest(name, known);
  return distance(name, nearest) <= nearest.length * SIMILAR ? nearest : null;
}
