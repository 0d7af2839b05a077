import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Alarm, Alarms } from '../../../runtime/kernel/alarms.ts';
import { Timer } from '../../../runtime/kernel/timer.ts';

describe('alarms', () => {
  test('ring in the order of their times, except those that were cancelled', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ delay: fc.nat(3), isCancelled: fc.boolean() }), {
          minLength: 1,
          maxLength: 600,
        }),
        async (wanted) => {
          const alarms = new Alarms();
          const rung: Alarm[] = [];
          const set = wanted.map(({ delay }) => {
            const alarm: Alarm = new Alarm(delay, () => rung.push(alarm));
            alarms.set(alarm);
            return alarm;
          });
          const cancelled = new Set(set.filter((_, i) => wanted[i]?.isCancelled));
          for (const alarm of cancelled) alarms.cancel(alarm);
          const left = set.filter((alarm) => !cancelled.has(alarm));
          await new Promise<void>((done) => alarms.set(new Alarm(4, done)));
          expect(rung).toEqual(left.sort((a, b) => a.due - b.due || a.order - b.order));
        },
      ),
      { numRuns: 30 },
    );
  });

  test('that are many for one moment ring with pauses, in which the event loop goes on', async () => {
    const alarms = new Alarms();
    const count = 20_000;
    const most = await mostBetweenPauses(count, (fire) => {
      for (let i = 0; i < count; i++) alarms.set(new Alarm(0, fire));
    });
    expect(most).toBeLessThanOrEqual(1000);
  });

  test('of many processes ring with pauses, too', async () => {
    const count = 20_000;
    const most = await mostBetweenPauses(count, (fire) => {
      for (let i = 0; i < count / 200; i++) {
        const alarms = new Alarms();
        for (let j = 0; j < 200; j++) alarms.set(new Alarm(0, fire));
      }
    });
    expect(most).toBeLessThanOrEqual(1000);
  });

  test('can be cancelled after they have rung, and by one that rings', async () => {
    const alarms = new Alarms();
    const rung: string[] = [];
    const second = new Alarm(1, () => rung.push('second'));
    const first = new Alarm(0, () => {
      rung.push('first');
      alarms.cancel(second);
    });
    alarms.set(second);
    alarms.set(first);
    await new Promise<void>((done) => alarms.set(new Alarm(2, done)));
    alarms.cancel(first);
    expect(rung).toEqual(['first']);
  });
});

describe('timers', () => {
  test('that are many for one moment fire in the order of their times, with pauses', async () => {
    const count = 5000;
    const fired: number[] = [];
    const most = await mostBetweenPauses(count, (fire) => {
      for (let i = 0; i < count; i++) {
        new Timer(i % 2, () => {
          fired.push(i);
          fire();
        });
      }
    });
    expect(most).toBeLessThanOrEqual(100);
    expect(new Set(fired).size).toBe(count);
    expect(fired[0]).toBe(0);
  });

  test('fire also if one of them has thrown', async () => {
    const failures: unknown[] = [];
    const keep = (error: unknown): void => void failures.push(error);
    const listeners = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException').on('uncaughtException', keep);
    try {
      await new Promise<void>((done) => {
        new Timer(0, () => {
          throw new Error('thrown');
        });
        new Timer(1, done);
      });
    } finally {
      process.removeAllListeners('uncaughtException');
      for (const listener of listeners) process.on('uncaughtException', listener);
    }
    expect(failures).toEqual([new Error('thrown')]);
  });
});

/** Returns how many of the calls come, at most, before the event loop goes on. */
async function mostBetweenPauses(count: number, set: (fire: () => void) => void): Promise<number> {
  let fired = 0;
  let before = 0;
  let most = 0;
  set(() => fired++);
  while (fired < count) {
    await new Promise((turn) => setImmediate(turn));
    most = Math.max(most, fired - before);
    before = fired;
  }
  return most;
}
