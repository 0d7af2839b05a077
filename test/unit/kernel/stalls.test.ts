import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { stalls } from '../../../runtime/kernel/stalls.ts';
import { Timer } from '../../../runtime/kernel/timer.ts';
import { Runtime } from '../../../runtime/runtime.ts';
import { Patience } from '../../../runtime/testing/patience.ts';

let now = 1000;

vi.mock('../../../runtime/kernel/clock.ts', () => ({ clockTime: () => now }));

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setImmediate', 'clearImmediate'] });
});

afterEach(() => {
  pass(100);
  vi.useRealTimers();
});

/** Lets time pass in which the event loop goes on. */
function pass(milliseconds: number): void {
  for (let i = 0; i < milliseconds; i++) {
    now++;
    vi.advanceTimersByTime(1);
  }
}

/** Lets time pass in which processes have turns. */
function run(milliseconds: number): void {
  stalls.begin(now);
  for (let i = 0; i < milliseconds; i++) {
    now++;
    stalls.look(now);
    vi.advanceTimersByTime(1);
  }
  stalls.end(now);
}

/** Lets time pass in which one thing holds up all others, as a collection of garbage does in the middle of a turn. */
function holdUp(milliseconds: number): void {
  stalls.begin(now);
  now += milliseconds;
  stalls.end(now);
  vi.advanceTimersByTime(milliseconds);
}

/** Sets timers that tell when they fire. */
function timers(...delays: number[]): string[] {
  const start = now;
  const fired: string[] = [];
  for (const delay of delays) new Timer(delay, () => fired.push(`${delay} after ${now - start}`));
  return fired;
}

describe('a timer', () => {
  test('leaves out the time in which the thread was held up', () => {
    const fired = timers(10);
    pass(4);
    holdUp(12);
    pass(5);
    expect(fired).toEqual([]);
    pass(1);
    expect(fired).toEqual(['10 after 22']);
  });

  test('leaves it out also if nobody had anything to do, and another timer is late', () => {
    const fired = timers(10, 15);
    pass(9);
    now += 12;
    vi.advanceTimersByTime(12);
    pass(10);
    expect(fired).toEqual(['10 after 21', '15 after 25']);
  });

  test('counts the turns of processes, however many have one', () => {
    const fired = timers(10);
    run(10);
    expect(fired).toEqual(['10 after 10']);
  });

  test('counts what has held up the thread before it was set', () => {
    stalls.begin(now);
    now += 15;
    const fired = timers(10);
    stalls.end(now);
    pass(10);
    expect(fired).toEqual(['10 after 10']);
  });

  test('is put off by 20 ms in all, whatever holds up the thread again and again', () => {
    const fired = timers(10, 1000);
    for (let i = 0; i < 300; i++) {
      pass(1);
      holdUp(5);
    }
    expect(fired.map((text) => Number(text.split(' ').at(-1)))).toEqual([
      expect.toSatisfy((at: number) => at >= 10 && at <= 35),
      expect.toSatisfy((at: number) => at >= 1000 && at <= 1025),
    ]);
  });
});

test('of timers that are late by much more, those that are due first wake up a process that has a turn before the next ones fire', () => {
  const events: string[] = [];
  new Timer(10, () => events.push('the time for the answer is up'));
  new Timer(5, () => {
    events.push('the handler wakes up');
    setImmediate(() => events.push('it answers'));
  });
  pass(1);
  holdUp(200);
  pass(1);
  expect(events).toEqual(['the handler wakes up', 'it answers', 'the time for the answer is up']);
});

describe('of several schedulers in one thread', () => {
  test('the ends of turns of one do not hide what holds up another', () => {
    const before = stalls.total;
    stalls.begin(now);
    stalls.begin(now);
    stalls.end(now);
    now += 12;
    stalls.end(now);
    expect(stalls.total - before).toBe(12);
  });

  test('the beginnings of turns of one do not hide what has held up another', () => {
    const before = stalls.total;
    stalls.begin(now);
    now += 12;
    stalls.begin(now);
    stalls.end(now);
    stalls.end(now);
    expect(stalls.total - before).toBe(12);
  });

  test('one that is halted holds up nobody', () => {
    const { scheduler } = new Runtime();
    scheduler.wakeUp();
    scheduler.halt();
    scheduler.halt();
    const before = stalls.total;
    now += 1000;
    stalls.look(now);
    expect(stalls.total).toBe(before);
  });
});

test('what holds up the thread never counts as more than what has passed', () => {
  const before = stalls.total;
  const start = now;
  stalls.begin(now);
  for (let i = 0; i < 100; i++) {
    now += 4.3;
    stalls.look(now);
  }
  stalls.end(now);
  expect(stalls.total - before).toBeLessThanOrEqual(now - start);
});

describe('patience', () => {
  test('ends after its time if nothing holds up the thread', () => {
    const patience = new Patience(50);
    run(49);
    expect(patience.left).toBe(1);
    run(1);
    expect(patience.left).toBe(0);
  });

  test('leaves out what has held up the thread', () => {
    const patience = new Patience(50);
    holdUp(120);
    run(40);
    expect(patience.left).toBe(10);
  });

  test('ends after four times its time though everything that happens takes long', () => {
    const patience = new Patience(50);
    const start = now;
    stalls.begin(now);
    while (patience.left > 0) {
      now += 4.3;
      stalls.look(now);
    }
    stalls.end(now);
    expect(now - start).toBeLessThan(205);
  });
});
