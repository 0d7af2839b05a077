import type { Process } from '../kernel/process.ts';
import type { Scheduler } from '../kernel/scheduler.ts';
import { armTimeout } from './timeout.ts';

/** A process in a line. */
interface Place<T> {
  readonly serve: (thing: T) => number;
  readonly wake: (code: number) => void;
}

/** Processes that wait for things of one kind, each for the next one, in the order in which they came. */
export class WaitLine<T> {
  readonly #scheduler: Scheduler;
  readonly #places: Place<T>[] = [];

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
  }

  get isEmpty(): boolean {
    return this.#places.length === 0;
  }

  /** How many wait. */
  get length(): number {
    return this.#places.length;
  }

  /**
   * Suspends the current process until it is its turn.
   * @param serve is given the thing while the process is still suspended; gives the code its host call returns
   * @param timeout milliseconds, Infinity for none
   * @param expired called when that time is over; gives the code
   * @param begin called once the process is in line
   */
  wait(
    process: Process,
    serve: (thing: T) => number,
    timeout = Number.POSITIVE_INFINITY,
    expired: () => number = () => 0,
    begin: () => void = () => {},
  ): Promise<number> {
    return this.#scheduler.waitForEvent(process, (wake) => {
      const place = { serve, wake };
      const leave = () => {
        this.#places.splice(this.#places.indexOf(place), 1);
      };
      this.#places.push(place);
      armTimeout(process, timeout, () => {
        leave();
        wake(expired());
      });
      begin();
      return leave;
    });
  }

  /** Serves the first one. Returns whether there was one. */
  give(thing: T): boolean {
    const place = this.#places.shift();
    place?.wake(place.serve(thing));
    return place !== undefined;
  }
}
