import { clockTime } from './clock.ts';
import { Due, DueHeap } from './due-heap.ts';
import { Timer, TOLERANCE } from './timer.ts';

/** Alarms of a process that ring before those of others do. */
const MOST_AT_ONCE = 16;

/** A call after a delay, one of many. */
export class Alarm extends Due {
  readonly #ring: () => void;

  /** @param delay milliseconds, at least 0 */
  constructor(delay: number, ring: () => void) {
    super(clockTime() + delay);
    this.#ring = ring;
  }

  ring(): void {
    this.#ring();
  }
}

/** Any number of alarms of one process, for which it has one timer: it can set a million, and others wait for few of them. */
export class Alarms {
  readonly #alarms = new DueHeap<Alarm>();
  #timer: Timer | null = null;
  /** The alarm that the timer waits for. */
  #next: Alarm | null = null;

  set(alarm: Alarm): void {
    this.#alarms.add(alarm);
    this.#arm();
  }

  /** Does nothing if the alarm has rung. */
  cancel(alarm: Alarm): void {
    if (this.#alarms.remove(alarm)) this.#arm();
  }

  #arm(): void {
    const first = this.#alarms.first ?? null;
    if (first === this.#next) return;
    this.#timer?.cancel();
    this.#next = first;
    // One that is due comes after the timers of others that are.
    this.#timer = first === null ? null : new Timer(Math.max(0, first.due - clockTime()), this.#go);
  }

  readonly #go = (): void => {
    this.#next = this.#timer = null;
    const now = clockTime();
    try {
      for (let i = 0; i < MOST_AT_ONCE; i++) {
        const first = this.#alarms.first;
        if (first === undefined || first.due > now + TOLERANCE) break;
        this.#alarms.remove(first);
        first.ring();
      }
    } finally {
      this.#arm();
    }
  };
}
