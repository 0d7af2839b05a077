import type { RewrittenModule } from '../wasm/index.ts';

/** Keeps rewritten modules from one run to the next. */
export interface RewrittenStore {
  /**
   * What is kept of the module of these bytes.
   * @param scope how much of it the variants depend on: on its code, or on custom sections as well, as those that are probed
   */
  of(bytes: Uint8Array, scope?: 'code' | 'all'): KeptModule;
}

/** The variants of one module that are kept. */
export interface KeptModule {
  /** Null if the variant is not kept. One that is found equals what was kept: it was valid, and so was its original. */
  find(variant: string): RewrittenModule | null;
  keep(variant: string, rewritten: RewrittenModule): void;
}

/** Keeps nothing. */
export const NO_STORE: RewrittenStore = {
  of: () => ({ find: () => null, keep: () => {} }),
};
