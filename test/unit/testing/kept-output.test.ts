import { expect, test } from 'vitest';
import { KEPT_HEAD, KEPT_TAIL, KeptOutput } from '../../../runtime/testing/kept-output.ts';

/** An output of so many bytes, the n-th of which is the letter n of the alphabet, over and over. */
function alphabet(from: number, to: number): Buffer {
  const letters = 'abcdefghijklmnopqrstuvwxyz';
  const first = from % letters.length;
  return Buffer.alloc(to - from, letters.slice(first) + letters.slice(0, first));
}

/** What is kept of an output of that length, added in pieces of that size. */
function keptOf(length: number, piece: number): KeptOutput {
  const kept = new KeptOutput();
  for (let at = 0; at < length; at += piece) kept.add(alphabet(at, Math.min(length, at + piece)));
  return kept;
}

const KEPT = KEPT_HEAD + KEPT_TAIL;

test('nothing', () => {
  const kept = new KeptOutput();
  expect(kept.isEmpty).toBe(true);
  kept.add(Buffer.alloc(0));
  expect(kept.isEmpty).toBe(true);
  expect(kept.text).toBe('');
});

test.each([
  [1, 1],
  [1000, 7],
  [KEPT_HEAD, 65_536],
  [KEPT_HEAD + 1, 100_000],
  [KEPT, 100_000],
  [KEPT, KEPT],
])('%i bytes in pieces of %i are kept', (length, piece) => {
  const kept = keptOf(length, piece);
  expect(kept.isEmpty).toBe(false);
  expect(kept.text === alphabet(0, length).toString()).toBe(true);
});

test.each([
  [KEPT + 1, 100_000],
  [KEPT + 5_000_000, 65_536],
  [KEPT + 5_000_000, 2_000_000],
  [KEPT * 3, KEPT * 3],
])('of %i bytes in pieces of %i the first and the last', (length, piece) => {
  const head = alphabet(0, KEPT_HEAD);
  const tail = alphabet(length - KEPT_TAIL, length);
  const expected = `${head}\n... ${length - KEPT} bytes left out ...\n${tail}`;
  expect(keptOf(length, piece).text === expected).toBe(true);
});

test('a character may lie in two pieces', () => {
  const kept = new KeptOutput();
  for (const byte of Buffer.from('ä✗')) kept.add(Uint8Array.of(byte));
  expect(kept.text).toBe('ä✗');
});

test('what is added may be changed afterwards', () => {
  const kept = new KeptOutput();
  const bytes = Buffer.from('abc');
  kept.add(bytes);
  bytes.fill(0);
  expect(kept.text).toBe('abc');
});
