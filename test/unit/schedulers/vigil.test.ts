import { expect, test } from 'vitest';
import { Vigil } from '../../../runtime/schedulers/vigil.ts';

/** A vigil with a clock that is set, and an event loop that goes round when told so. */
function vigil() {
  let time = 0;
  let look: (() => void) | null = null;
  const made = new Vigil(
    () => time,
    (next) => {
      look = next;
    },
  );
  return {
    hear: () => made.heard(),
    get isAwake() {
      return look !== null;
    },
    /** Lets time pass, in milliseconds, during which the event loop goes round as often as it likes. */
    pass: (milliseconds: number) => {
      const end = time + milliseconds;
      while (time < end) {
        time = Math.min(end, time + 0.01);
        const next = look;
        look = null;
        next?.();
      }
    },
  };
}

test('lasts for a fifth of a millisecond after something has come, and as long as more comes in time', () => {
  const it = vigil();
  expect(it.isAwake).toBe(false);
  it.hear();
  for (let i = 0; i < 20; i++) {
    it.pass(0.15);
    expect(it.isAwake).toBe(true);
    it.hear();
  }
  it.pass(0.3);
  expect(it.isAwake).toBe(false);
});

test('is left where nothing comes in time, and tried now and then; what comes in time brings it back', () => {
  const it = vigil();
  const isAwakeAfter = (pause: number) => {
    it.hear();
    const { isAwake } = it;
    it.pass(pause);
    return isAwake;
  };
  const awake = Array.from({ length: 1000 }, () => isAwakeAfter(1)).filter(Boolean).length;
  expect(awake).toBeGreaterThan(8);
  expect(awake).toBeLessThan(80);
  // A pair that begins to talk is soon awake all the time.
  const soon = Array.from({ length: 100 }, () => isAwakeAfter(0.1)).filter(Boolean).length;
  expect(soon).toBeGreaterThan(80);
});
