import { DRAFT_AT } from '../wasm/index.ts';

const WAITS = DRAFT_AT.waits / 4;

const NONE = Promise.resolve(0);

/**
 * The wait of a host call that seldom waits.
 *
 * V8 suspends a stack for whatever a `WebAssembly.Suspending` import returns, also if it is no promise. That takes ten times as
 * long as a call. So those host functions, and ticks, are plain imports. If one has to wait, its promise is kept here and it sets
 * `DRAFT_AT.waits`; then the function between guest and host (`wasm/host-shims.ts`, `tick-functions.ts`) calls `wait`, which is
 * `Suspending`. No other code of a guest runs in between.
 */
export class DeferredWait {
  readonly #words: Int32Array;
  #promise: Promise<unknown> = NONE;

  /** @param memory the memory of the draft */
  constructor(memory: WebAssembly.Memory) {
    this.#words = new Int32Array(memory.buffer);
  }

  /** Called with what a host function returns, to return that. Keeps it if it has to be waited for. */
  of(result: unknown): unknown {
    if (typeof result === 'number') return result;
    if (typeof result !== 'object' || result === null) return result;
    this.#promise = Promise.resolve(result);
    this.#words[WAITS] = 1;
    return 0;
  }

  readonly wait = (): Promise<unknown> => {
    const promise = this.#promise;
    // It would keep the stack that waits for it.
    this.#promise = NONE;
    return promise;
  };
}
