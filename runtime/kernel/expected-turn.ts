import { DRAFT_AT, WAIT_AGAIN } from '../wasm/index.ts';
import type { Process } from './process.ts';

const ANSWER = DRAFT_AT.answer / 4;

/** A promise that is fulfilled already: V8 goes on with a stack that waits for it after those that it is to go on with by now. */
const AT_ONCE = Promise.resolve(WAIT_AGAIN);

/**
 * The wait of a process that expects the very next turn: it has handed its turn to the process that it has it from, since the two
 * send messages to and fro. It needs no promise of its own, which with all that belongs to it takes four fifths of what is
 * allocated for a message, and a third of the time.
 *
 * Instead its stack waits for a promise that is fulfilled already. So V8 goes on with it when the process that has the turn is
 * suspended, or has ended, and before any other that is resumed then. If it has its answer by then, that has been written into
 * the memory of the draft, and the function between guest and host (`wasm/host-shims.ts`) finds it there. If not, that function
 * calls the host, which suspends the process in the usual way.
 *
 *     | microtasks  | who has the turn | does                                                    |
 *     | ----------- | ---------------- | ------------------------------------------------------- |
 *     |             | ask              | sends a question to echo, expects the next turn         |
 *     | echo, ask   | echo             | sends the answer to ask, expects the next turn          |
 *     | ask, echo   | ask              | finds its answer                                        |
 *
 * No second process can come to expect the next turn: whoever has the turn was resumed after the first one had been.
 */
export class ExpectedTurn {
  readonly #words: Int32Array;
  /** The process whose stack V8 goes on with next, until it is resumed. */
  #process: Process | null = null;
  /** What it was resumed with if it is no number. */
  #result: number | Promise<never> | null = null;

  /** @param memory the memory of the draft */
  constructor(memory: WebAssembly.Memory) {
    this.#words = new Int32Array(memory.buffer);
    this.#words[ANSWER] = WAIT_AGAIN;
  }

  /** Suspends a process that has handed on its turn. Its host call must return the promise at once. */
  await(process: Process): Promise<number> {
    this.#process = process;
    process.resume = this.#resume;
    return AT_ONCE;
  }

  readonly #resume = (value: number | Promise<never>): void => {
    this.#process = null;
    // A process that is killed is resumed with a promise, and one that is looked at with an object.
    if (typeof value === 'number') this.#words[ANSWER] = value;
    else this.#result = value;
  };

  /** Takes what the process that asks was resumed with, if that is no number; else null. */
  takeResult(): number | Promise<never> | null {
    const result = this.#result;
    this.#result = null;
    return result;
  }

  /** Returns the process that asks if it has expected the next turn in vain and has to be suspended; else null. */
  giveUp(): Process | null {
    const process = this.#process;
    this.#process = null;
    return process;
  }
}
