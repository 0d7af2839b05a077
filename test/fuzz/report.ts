import type { Figures } from './fuzzer.ts';

/** What the OS process that runs the cases tells, a line of JSON each. */
export type Report =
  | { readonly kind: 'begun'; readonly number: number }
  | { readonly kind: 'passed'; readonly number: number; readonly figures: Figures }
  | { readonly kind: 'found'; readonly number: number; readonly text: string }
  /** It gives way to a fresh OS process, which goes on with the next case. */
  | { readonly kind: 'ended' };

/** What it is told. */
export interface Task {
  readonly fuzzer: string;
  readonly seed: number;
  /** The first case, and the number of cases at most. */
  readonly first: number;
  readonly most: number;
  /** When it begins no further case: the time of day in milliseconds. */
  readonly until: number;
  readonly folder: string;
  readonly gap: number;
  readonly traces: boolean;
}
