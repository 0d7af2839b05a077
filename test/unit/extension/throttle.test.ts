import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Throttle } from '../../../extension/processes/throttle.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test('acts at once, then at most once an interval, and after the last request', () => {
  const act = vi.fn();
  const throttle = new Throttle(100, act);
  throttle.request();
  expect(act).toHaveBeenCalledTimes(1);
  for (let i = 0; i < 10; i++) throttle.request();
  expect(act).toHaveBeenCalledTimes(1);
  vi.advanceTimersByTime(100);
  expect(act).toHaveBeenCalledTimes(2);
  vi.advanceTimersByTime(1000);
  expect(act).toHaveBeenCalledTimes(2);
  throttle.request();
  expect(act).toHaveBeenCalledTimes(3);
});

test('does not act when it is disposed of', () => {
  const act = vi.fn();
  const throttle = new Throttle(100, act);
  throttle.request();
  throttle.request();
  throttle.dispose();
  vi.advanceTimersByTime(1000);
  expect(act).toHaveBeenCalledTimes(1);
});

test('acts at once when it is flushed, and keeps the interval afterwards', () => {
  const act = vi.fn();
  const throttle = new Throttle(100, act);
  throttle.request();
  throttle.request();
  throttle.flush();
  expect(act).toHaveBeenCalledTimes(2);
  throttle.request();
  expect(act).toHaveBeenCalledTimes(2);
  vi.advanceTimersByTime(100);
  expect(act).toHaveBeenCalledTimes(3);
});
