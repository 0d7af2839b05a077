/** A figure that is measured, and what it is held to. */
export interface Row {
  readonly name: string;
  /** What one unit of the value is, as the table shows it: `us`, `KB`, `MB/s`. */
  readonly unit: string;
  /** What is measured, in a sentence. */
  readonly what: string;
  /** What the value is divided by, or null. */
  readonly peer: string | null;
  /** Which way is better. A ratio is always better when it is less. */
  readonly better: 'less' | 'more';
  /** Bounds of the ratio where there is a peer, else of the value. */
  readonly must: number;
  readonly aim: number;
}

/** What a measurement found. */
export interface Figure {
  readonly value: number;
  /** Null where there is no peer, or where it is not on this machine. */
  readonly peerValue: number | null;
  /** Lines for who wants to know more. */
  readonly details?: readonly string[];
}

/** One measurement, which runs in a Node of its own, and the rows it fills. */
export interface Benchmark {
  readonly rows: readonly Row[];
  /** Why it cannot be measured on this machine, for which its rows are left out. */
  readonly missing?: string | null;
  /**
   * Does the work once to see that it is really done, then times it.
   * @returns a figure for each row, in their order
   * @throws Error where the work is not done right: no figure is better than one of nothing
   */
  measure(): Promise<readonly Figure[]>;
}

/** What `--json` writes for a row. */
export interface Result {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly peer: string | null;
  readonly peerValue: number | null;
  readonly ratio: number | null;
  readonly must: number;
  readonly aim: number;
}

export function result({ name, unit, peer, must, aim }: Row, { value, peerValue }: Figure): Result {
  const ratio = peerValue === null ? null : value / peerValue;
  return { name, value, unit, peer, peerValue, ratio, must, aim };
}
