import { Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { PendingSockets } from '../../../runtime/net/pending-sockets.ts';

const all: PendingSockets[] = [];
const PROCESS = { environment: {} };
afterEach(() => {
  for (const pending of all.splice(0)) pending.refuseAll();
});

/** Lets connections come in at a listener that nobody asks for them; returns how many it has kept. */
function crowd(count: number, owner = PROCESS): { readonly pending: PendingSockets; readonly kept: number } {
  const pending = new PendingSockets(owner);
  all.push(pending);
  let kept = 0;
  for (let i = 0; i < count; i++) if (pending.add(new Socket())) kept++;
  return { pending, kept };
}

test('many listeners that accept nothing keep few connections together, and each other one has room for some', () => {
  const crowds = Array.from({ length: 20 }, () => crowd(1000));
  const kept = crowds.map((one) => one.kept);
  expect(kept[0]).toBe(1000);
  expect(kept.at(-1)).toBe(16);
  expect(kept.reduce((sum, count) => sum + count)).toBeLessThan(9000);
  // As soon as some are accepted, others may wait.
  for (let i = 0; i < 900; i++) expect(crowds[0]?.pending.take()).toBeInstanceOf(Socket);
  expect(crowd(500).kept).toBe(500);
});

test('neither a process nor an environment that accepts nothing takes from others the room that they need', () => {
  const hostile = { environment: {} };
  for (let i = 0; i < 4; i++) crowd(1000, hostile);
  expect(crowd(1000, { environment: hostile.environment }).kept).toBeGreaterThan(800);
  for (let i = 0; i < 12; i++) crowd(1000, { environment: hostile.environment });
  expect(crowd(1000, { environment: hostile.environment }).kept).toBe(16);
  expect(crowd(1000, { environment: {} }).kept).toBeGreaterThan(800);
});

test('those that are refused are closed, and those that wait come in their order', () => {
  const pending = new PendingSockets(PROCESS);
  const sockets = Array.from({ length: 1025 }, () => new Socket());
  expect(sockets.map((socket) => pending.add(socket)).lastIndexOf(true)).toBe(1023);
  expect(sockets.at(-1)?.destroyed).toBe(true);
  expect(pending.take()).toBe(sockets[0]);
  pending.refuseAll();
  expect(pending.take()).toBe(undefined);
  expect(sockets.slice(1).every(({ destroyed }) => destroyed)).toBe(true);
});
