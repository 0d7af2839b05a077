import { clockTime } from '../kernel/clock.ts';

/** Milliseconds for which it stays awake: less than it takes to be woken twice, also where the machine is a virtual one. */
const TIME = 0.2;
/** How often it may be in vain, one time after the other, before it is left. */
const MOST_IN_VAIN = 8;
/** Once it was left, one in so many is tried. */
const RARELY = 16;

/**
 * Stays awake for a moment when something has come from another scheduler: often more comes soon. An OS process that sleeps has to be
 * woken, which takes the one who writes, and the one who sleeps, longer than all the rest of a message. Where nothing comes in time, as a
 * rule, it sleeps at once.
 */
export class Vigil {
  readonly #now: () => number;
  readonly #afterTurn: (look: () => void) => void;
  #until = Number.NEGATIVE_INFINITY;
  #isOn = false;
  #inVain = 0;
  #left = 0;

  /**
   * @param now milliseconds
   * @param afterTurn calls back when the event loop has looked for what has come, which does not sleep then
   */
  constructor(now: () => number = clockTime, afterTurn: (look: () => void) => void = setImmediate) {
    this.#now = now;
    this.#afterTurn = afterTurn;
  }

  /** Something has come. */
  heard(): void {
    const now = this.#now();
    if (now < this.#until) this.#inVain = 0;
    else if (this.#inVain >= MOST_IN_VAIN && ++this.#left % RARELY !== 0) return;
    this.#until = now + TIME;
    if (this.#isOn) return;
    this.#isOn = true;
    this.#afterTurn(this.#look);
  }

  readonly #look = (): void => {
    if (this.#now() < this.#until) {
      this.#afterTurn(this.#look);
      return;
    }
    this.#isOn = false;
    this.#inVain++;
  };
}
