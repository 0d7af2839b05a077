import { expect, test } from 'vitest';
import { checkEdits } from './edits.ts';
import { fuzz } from './fuzz.ts';

test('no malformed text stops the server', () => {
  fuzz(1000, 1);
}, 60_000);

test('of an edited text the same is known as of one that is read anew', () => {
  // Most edits are inside of a function, or between fields.
  expect(checkEdits(300, 1)).toBeGreaterThan(300);
}, 60_000);
