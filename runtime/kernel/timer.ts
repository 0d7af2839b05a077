import { clockTime } from './clock.ts';
import { Due, DueHeap } from './due-heap.ts';

/** The longest delay that Node takes, in milliseconds: about 24.8 days. */
const LONGEST_DELAY = 2 ** 31 - 1;

/** Milliseconds that a timer may be early: to arm another one would take longer. */
export const TOLERANCE = 0.05;

/**
 * Milliseconds and timers after which the event loop goes on before more timers fire. Were there more of them, those whom they wake would
 * become ready faster than they have turns, and everybody would wait for thousands of them.
 */
const MOST_TIME = 0.5;
const MOST_AT_ONCE = 16;

/**
 * A call after a delay of any length, never early. Node's own timers cut off fractions of milliseconds, count from the
 * beginning of the present turn of the event loop, and take no more than a signed 32-bit number. Besides, Node calls all that
 * are due without a pause: here, one of its timers is for all, and when thousands are due at the same moment, others have turns
 * between them.
 */
export class Timer extends Due {
  readonly fire: () => void;

  /** @param delay milliseconds, at least 0; may be Infinity, which never fires */
  constructor(delay: number, fire: () => void) {
    super(clockTime() + delay);
    this.fire = fire;
    timers.add(this);
    arm();
  }

  cancel(): void {
    if (timers.remove(this)) arm();
  }
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
  handle = setTimeout(fire, Math.min(Math.ceil(delay), LONGEST_DELAY));
}

function fire(): void {
  isFiring = true;
  handle = undefined;
  calledAt = Number.POSITIVE_INFINITY;
  const start = clockTime();
  try {
    for (let now = start, fired = 0; now - start < MOST_TIME && fired < MOST_AT_ONCE; now = clockTime()) {
      const { first } = timers;
      if (first === undefined || first.due > now + TOLERANCE) {
        isFiring = false;
        break;
      }
      timers.remove(first);
      first.fire();
      fired++;
    }
  } finally {
    // Also if one has thrown.
    if (isFiring) setImmediate(fire);
    else arm();
  }
}
