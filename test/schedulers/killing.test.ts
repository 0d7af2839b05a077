import { expect, test } from 'vitest';
import { killSchedulers } from './killing.ts';

test('whoever dies, the others go on, and hear of it', { timeout: 120_000 }, async () => {
  const { kills, rounds, deaths } = await killSchedulers(3, 15_000, 16);
  expect(kills).toBeGreaterThan(3);
  expect(deaths).toBeGreaterThanOrEqual(kills);
  expect(rounds).toBeGreaterThan(kills);
});
