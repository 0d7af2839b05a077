import { setImmediate as turn } from 'node:timers/promises';
import { AdapterError, ErrorId } from '../errors.ts';

/** Steps that one request may take: a long page of a large tree takes some hundred thousand. */
const MOST_STEPS = 1_000_000;
/** Steps that are taken before something else has its turn. */
const STEPS_AT_ONCE = 10_000;

/** Thrown where a value needs more steps than people wait for. Debug information and memory may say anything. */
export class StepsError extends AdapterError {
  constructor() {
    super(ErrorId.NoVariables, 'The value is too large, or its type is a part of itself');
  }
}

/** The steps that are left for finding values: types that are looked at, entries of tables. */
export class Steps {
  readonly #of: Steps | null;
  #left: number;
  #taken = 0;

  constructor(left = MOST_STEPS, of: Steps | null = null) {
    this.#left = left;
    this.#of = of;
  }

  /** Steps for a part of the work, which cannot use up those of the others. */
  some(count: number): Steps {
    return new Steps(count, this);
  }

  /**
   * Takes one. Returns what is to be waited for, now and then: the adapter hears its client meanwhile.
   * @throws StepsError if there are no more
   */
  take(): Promise<void> | undefined {
    if (this.#left === 0) throw new StepsError();
    this.#left--;
    if (this.#of !== null) return this.#of.take();
    return ++this.#taken % STEPS_AT_ONCE === 0 ? turn() : undefined;
  }
}
