import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Alarm, Alarms } from '../../../runtime/kernel/alarms.ts';

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
    let rung = 0;
    let most = 0;
    let before = 0;
    const count = 20_000;
    for (let i = 0; i < count; i++) alarms.set(new Alarm(0, () => rung++));
    while (rung < count) {
      await new Promise((turn) => setImmediate(turn));
      most = Math.max(most, rung - before);
      before = rung;
    }
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
