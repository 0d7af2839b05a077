import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Backlog } from '../../../runtime/inspect/backlog.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const MINUTE = 60_000;
const MIB = 2 ** 20;

/** A client for which `unread` bytes wait. */
class Client {
  unread: number;
  readAt = performance.now();
  isConnected = true;

  constructor(unread: number) {
    this.unread = unread;
  }

  terminate(): void {
    this.isConnected = false;
  }
}

function backlogOf(...clients: readonly Client[]): number[] {
  const told: number[] = [];
  const backlog = new Backlog((unread) => told.push(unread));
  for (const client of clients) backlog.add(client, client);
  return told;
}

test('a client that reads nothing for more than a minute is given up, and this is told', () => {
  const silent = new Client(3 * MIB);
  const slow = new Client(5 * MIB);
  const idle = new Client(1000);
  const told = backlogOf(silent, slow, idle);
  vi.advanceTimersByTime(0.9 * MINUTE);
  expect(told).toEqual([]);
  slow.readAt = performance.now();
  vi.advanceTimersByTime(0.5 * MINUTE);
  expect([silent, slow, idle].map(({ isConnected }) => isConnected)).toEqual([false, true, true]);
  expect(told).toEqual([3 * MIB]);
  vi.advanceTimersByTime(10 * MINUTE);
  expect([slow, idle].map(({ isConnected }) => isConnected)).toEqual([false, true]);
  expect(told).toEqual([3 * MIB, 5 * MIB]);
});

test('nothing is looked at while there are no clients', () => {
  const backlog = new Backlog(() => {});
  const client = new Client(0);
  backlog.add(client, client);
  expect(vi.getTimerCount()).toBe(1);
  backlog.remove(client);
  expect(vi.getTimerCount()).toBe(0);
});

test('of clients for which too much waits together, the one with the most is disconnected', () => {
  const clients = [new Client(60 * MIB), new Client(40 * MIB), new Client(50 * MIB)];
  const told: number[] = [];
  const backlog = new Backlog((unread) => told.push(unread));
  for (const client of clients) backlog.add(client, client);
  backlog.makeRoom();
  expect(clients.map(({ isConnected }) => isConnected)).toEqual([false, true, true]);
  expect(told).toEqual([60 * MIB]);
});
