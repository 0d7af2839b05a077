import type { Random } from './random.ts';

/** What a case showed, for the summary: the largest of each is printed. */
export type Figures = Readonly<Record<string, number>>;

/** Where the cases of one OS process run. */
export interface Place {
  /** A folder for the time of the OS process. It is the current directory, too. */
  readonly folder: string;
  /** Milliseconds of computing for which nobody may wait for a guest. */
  readonly gap: number;
  /** Prints what happens, if somebody wants to know: for a case that is repeated. */
  readonly trace: ((text: string) => void) | null;
  /** Keeps the module of such a case, and prints where. */
  keep(module: Uint8Array): void;
}

/** Runs random cases, each decided by its random numbers alone. */
export interface Fuzzer {
  readonly name: string;
  /** What it does, for people. */
  readonly about: string;
  /** Cases after which a fresh OS process goes on. Default: 100. */
  readonly casesPerProcess?: number;
  /** Called once in an OS process before its first case. */
  prepare?(place: Place): Promise<void>;
  /** @throws Finding, or any other error, which is a finding too */
  run(random: Random, place: Place): Promise<Figures>;
}
