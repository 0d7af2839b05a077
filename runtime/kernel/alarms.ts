import { clockTime } from './clock.ts';
import { Timer, TOLERANCE } from './timer.ts';

/** Alarms that ring before the event loop goes on, in some tenths of a millisecond. */
const MOST_AT_ONCE = 256;

/** A call after a delay, one of many. */
export class Alarm {
  readonly #ring: () => void;
  /** Milliseconds by `clockTime`. */
  readonly due: number;
  /** Its number in the order in which alarms were set, and its place among those that are set; -1 if it is not. */
  order = 0;
  place = -1;

  /** @param delay milliseconds, at least 0 */
  constructor(delay: number, ring: () => void) {
    this.due = clockTime() + delay;
    this.#ring = ring;
  }

  ring(): void {
    this.#ring();
  }

  isBefore(other: Alarm): boolean {
    return this.due < other.due || (this.due === other.due && this.order < other.order);
  }
}

/**
 * Any number of alarms of one process, for which Node has one timer. Node calls all timers that are due without a pause, and a
 * process can set a million for the same moment: here only some ring before others have a turn.
 */
export class Alarms {
  /** A binary heap: an alarm comes after the one at half its place. */
  readonly #heap: Alarm[] = [];
  #set = 0;
  #timer: Timer | null = null;
  /** The alarm that the timer waits for. */
  #next: Alarm | null = null;

  set(alarm: Alarm): void {
    alarm.order = this.#set++;
    this.#put(alarm, this.#heap.length);
    this.#arm();
  }

  /** Does nothing if the alarm has rung. */
  cancel(alarm: Alarm): void {
    if (alarm.place < 0) return;
    this.#remove(alarm);
    this.#arm();
  }

  #arm(): void {
    const first = this.#heap[0] ?? null;
    if (first === this.#next) return;
    this.#timer?.cancel();
    this.#next = first;
    this.#timer = first === null ? null : new Timer(Math.max(0, first.due - clockTime()), this.#go);
  }

  readonly #go = (): void => {
    const now = clockTime() + TOLERANCE;
    for (let i = 0; i < MOST_AT_ONCE; i++) {
      const first = this.#heap[0];
      if (first === undefined || first.due > now) {
        this.#next = null;
        this.#arm();
        return;
      }
      this.#remove(first);
      first.ring();
    }
    setImmediate(this.#go);
  };

  #remove(alarm: Alarm): void {
    const { place } = alarm;
    alarm.place = -1;
    const last = this.#heap.pop();
    if (last !== undefined && last !== alarm) this.#put(last, place);
  }

  /** Puts an alarm to a place that is free, or to where it belongs instead. */
  #put(alarm: Alarm, free: number): void {
    const heap = this.#heap;
    let place = free;
    for (;;) {
      const above = heap[(place - 1) >> 1];
      if (place === 0 || above === undefined || above.isBefore(alarm)) break;
      this.#move(above, place);
      place = (place - 1) >> 1;
    }
    for (;;) {
      const left = heap[2 * place + 1];
      const right = heap[2 * place + 2];
      const below = left !== undefined && right?.isBefore(left) ? right : left;
      if (below === undefined || alarm.isBefore(below)) break;
      const next = below.place;
      this.#move(below, place);
      place = next;
    }
    this.#move(alarm, place);
  }

  #move(alarm: Alarm, place: number): void {
    this.#heap[place] = alarm;
    alarm.place = place;
  }
}
