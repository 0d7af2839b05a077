import { expect, test } from 'vitest';
import { killSchedulers } from './killing.ts';

test('whoever dies, the others go on, and hear of it', { timeout: 120_000 }, async () => {
  let seed = 16;
  const random = () => {
    seed = (seed * 48271) % 2147483647;
    return seed / 2147483647;
  };
  const { kills, rounds, deaths } = await killSchedulers(3, 15_000, random);
  expect(kills).toBeGreaterThan(3);
  expect(deaths).toBeGreaterThanOrEqual(kills);
  expect(rounds).toBeGreaterThan(kills);
});
