import { setImmediate as nextTurn } from 'node:timers/promises';

/** Milliseconds that are computed before messages are looked for. */
const SLICE = 5;

/** Work in parts: it stops after each, and may be given up there. */
export type Work<R> = Generator<void, R>;

/**
 * Does work in slices. Messages that have come are handled before the first one, and between them.
 * @param check called after that; throws if nobody wants the result any longer
 */
export async function inSlices<R>(work: Work<R>, check: () => void): Promise<R> {
  for (;;) {
    await nextTurn();
    check();
    const end = performance.now() + SLICE;
    do {
      const part = work.next();
      if (part.done === true) return part.value;
    } while (performance.now() < end);
  }
}

/** Does work at once. */
export function atOnce<R>(work: Work<R>): R {
  for (;;) {
    const part = work.next();
    if (part.done === true) return part.value;
  }
}
