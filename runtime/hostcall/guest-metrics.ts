import type { HostFunction, HostImplementation } from './function.ts';

/** Where the metrics of guests go (semantics 15.1). Names are as guests give them. */
export interface GuestMetrics {
  addToCounter(name: string, value: number): void;
  setGauge(name: string, value: number): void;
  addToGauge(name: string, value: number): void;
  observe(name: string, value: number): void;
}

/** What metrics have to do with host functions. */
export interface HostMetrics {
  readonly guest: GuestMetrics;
  /** A host function that counts its calls, where they are counted. */
  counting(fn: HostFunction, implementation: HostImplementation): HostImplementation;
}
