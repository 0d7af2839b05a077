import { test } from 'vitest';
import { fuzz } from './fuzz.ts';

test('no malformed text stops the server', () => {
  fuzz(1000, 1);
}, 60_000);
