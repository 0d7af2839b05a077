import { clockTime } from './clock.ts';
import { Due, DueHeap } from './due-heap.ts';
import { LONGEST_PIECE, stalls } from './stalls.ts';

/** The longest delay that Node takes, in milliseconds: about 24.8 days. */
const LONGEST_DELAY = 2 ** 31 - 1;

/** Milliseconds that a timer may be early: to arm another one would take longer. */
export const TOLERANCE = 0.05;

/** Milliseconds by which Node's timers are late anyway. */
const LATENESS = 1;

/**
 * Milliseconds and timers after which the event loop goes on before more timers fire. Were there more of them, those whom they wake would
 * become ready faster than they have turns, and everybody would wait for thousands of them.
 */
const MOST_TIME = 0.5;
const MOST_AT_ONCE = 16;

/**
 * The most milliseconds by which stalls put off one timer. Without a bound, a process that causes them again and again would keep all others
 * asleep.
 */
const MOST_PUT_OFF = 20;

/**
 * A call after a delay of any length, never early. Node's own timers cut off fractions of milliseconds, count from the
 * beginning of the present turn of the event loop, and take no more than a signed 32-bit number. Besides, Node calls all that
 * are due without a pause: here, one of its timers is for all, and when thousands are due at the same moment, others have turns
 * between them.
 *
 * What holds up the thread meanwhile (see `Stalls`) does not count, up to a bound. Whoever gives others 10 ms for an answer that
 * takes 5 means time in which they can give it:
 *
 *     set       thread held up     fires
 *      |---4---|/////12/////|---6---|      a delay of 10
 */
export class Timer extends Due {
  readonly fire: () => void;
  /** The total of stalls when it was set, or put off last, and by how much it may still be put off. */
  #seen: number;
  #left = MOST_PUT_OFF;

  /** @param delay milliseconds, at least 0; may be Infinity, which never fires */
  constructor(delay: number, fire: () => void) {
    const now = clockTime();
    super(now + delay);
    stalls.look(now);
    this.#seen = stalls.total;
    this.fire = fire;
    timers.add(this);
    arm();
  }

  /** Must be called when it is due, and not in the heap. Returns whether it has been put off. */
  putOff(): boolean {
    const missed = Math.min(stalls.total - this.#seen, this.#left);
    if (missed === 0) return false;
    this.#seen = stalls.total;
    this.#left -= missed;
    this.due += missed;
    return true;
  }

  cancel(): void {
    if (timers.remove(this)) arm();
  }
}

/** Milliseconds until the next timer fires; Infinity if there is none. */
export function untilNextTimer(): number {
  return (timers.first?.due ?? Number.POSITIVE_INFINITY) - clockTime();
}

const timers = new DueHeap<Timer>();
/** Node's timer, and when it calls. That is at the time of the first timer, or earlier: most timers are cancelled before they fire. */
let handle: NodeJS.Timeout | undefined;
let calledAt = Number.POSITIVE_INFINITY;
/** Whether timers fire at the moment, or will when the event loop has gone on. */
let isFiring = false;

/** Lets Node wait for the first timer. While there is none, its timer does not keep it from ending. */
function arm(): void {
  if (isFiring) return;
  const { first } = timers;
  if (first === undefined) {
    handle?.unref();
    return;
  }
  if (handle !== undefined && first.due >= calledAt) {
    handle.ref();
    return;
  }
  clearTimeout(handle);
  calledAt = first.due;
  const delay = Math.max(0, first.due - clockTime());
  handle = setTimeout(fireLate, Math.min(Math.ceil(delay), LONGEST_DELAY));
}

function fireLate(): void {
  handle = undefined;
  stalls.lookLate(clockTime(), calledAt + LATENESS);
  calledAt = Number.POSITIVE_INFINITY;
  fire();
}

function fire(): void {
  isFiring = true;
  const start = clockTime();
  let earliest = Number.POSITIVE_INFINITY;
  try {
    for (let now = start, fired = 0; now - start < MOST_TIME && fired < MOST_AT_ONCE; now = clockTime()) {
      const { first } = timers;
      if (first === undefined || first.due > now + TOLERANCE) {
        isFiring = false;
        break;
      }
      // The processes that were woken up first get a turn before later timers fire: those may be the timeouts of requests to them.
      if (first.due > earliest + LONGEST_PIECE) break;
      timers.remove(first);
      if (first.putOff()) {
        timers.add(first);
        continue;
      }
      earliest = Math.min(earliest, first.due);
      first.fire();
      fired++;
    }
  } finally {
    // Also if one has thrown.
    if (isFiring) setImmediate(fire);
    else arm();
  }
}
