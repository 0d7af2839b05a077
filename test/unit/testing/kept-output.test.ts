import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { KEPT_HEAD, KEPT_TAIL, KeptOutput } from '../../../runtime/testing/kept-output.ts';
import { RunRoom } from '../../../runtime/testing/output-room.ts';

/** An output of so many bytes, the n-th of which is the letter n of the alphabet, over and over. */
function alphabet(from: number, to: number): Buffer {
  const letters = 'abcdefghijklmnopqrstuvwxyz';
  const first = from % letters.length;
  return Buffer.alloc(to - from, letters.slice(first) + letters.slice(0, first));
}

/** What is kept of an output of that length, added in pieces of that size. */
function keptOf(length: number, piece: number): KeptOutput {
  const kept = new KeptOutput(new RunRoom(), new RunRoom());
  for (let at = 0; at < length; at += piece) kept.add(alphabet(at, Math.min(length, at + piece)));
  return kept;
}

const KEPT = KEPT_HEAD + KEPT_TAIL;

test('nothing', () => {
  const kept = new KeptOutput(new RunRoom(), new RunRoom());
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
  const kept = new KeptOutput(new RunRoom(), new RunRoom());
  for (const byte of Buffer.from('ä✗')) kept.add(Uint8Array.of(byte));
  expect(kept.text).toBe('ä✗');
});

test('what is added may be changed afterwards', () => {
  const kept = new KeptOutput(new RunRoom(), new RunRoom());
  const bytes = Buffer.from('abc');
  kept.add(bytes);
  bytes.fill(0);
  expect(kept.text).toBe('abc');
});

describe('where there is no room', () => {
  test('the beginning and the end are shorter', () => {
    const [headRoom, tailRoom] = [new RunRoom(10_000), new RunRoom(2000)];
    const kept = new KeptOutput(headRoom, tailRoom);
    for (let at = 0; at < 100_000; at += 700) kept.add(alphabet(at, Math.min(100_000, at + 700)));
    const [head = '', left, tail = ''] = kept.text.split('\n');
    expect(head.length).toBeGreaterThan(9000);
    expect(tail.length).toBeGreaterThan(1500);
    expect([head, tail]).toEqual([
      alphabet(0, head.length).toString(),
      alphabet(100_000 - tail.length, 100_000).toString(),
    ]);
    expect(left).toBe(`... ${100_000 - head.length - tail.length} bytes left out ...`);
    expect([headRoom, tailRoom].map((room) => room.take(1000))).toEqual([false, false]);
    kept.trim(0, 0);
    expect(
      [headRoom, tailRoom].map((room) => [room.take(headRoom === room ? 10_000 : 2000), room.take(1)]),
    ).toEqual([
      [true, false],
      [true, false],
    ]);
    expect(kept.text).toBe('... 100000 bytes left out ...\n');
  });

  test('nothing is kept, but counted', () => {
    const kept = new KeptOutput(new RunRoom(0), new RunRoom(0));
    kept.add(alphabet(0, 1000));
    kept.add(alphabet(1000, 1500));
    expect([kept.text, kept.isEmpty]).toEqual(['... 1500 bytes left out ...\n', false]);
  });
});

test('what is trimmed is what would have been kept, also of what comes later', () => {
  const sizes = fc.array(fc.nat({ max: 3000 }), { maxLength: 8 });
  fc.assert(
    fc.property(sizes, sizes, fc.nat({ max: 4000 }), fc.nat({ max: 4000 }), (before, after, head, tail) => {
      const room = new RunRoom(1_000_000);
      const kept = new KeptOutput(room, room);
      let at = 0;
      const add = (size: number) => {
        kept.add(alphabet(at, at + size));
        at += size;
      };
      before.forEach(add);
      kept.trim(head, tail);
      after.forEach(add);
      const all = alphabet(0, at).toString();
      const text = kept.text;
      const [first = '', left] = text.split(/\n?\.\.\. (\d+) bytes left out \.\.\.\n/);
      const last = text.slice(text.lastIndexOf('\n') + 1);
      if (left === undefined) expect(text).toBe(all);
      else {
        expect(first.length + Number(left) + last.length).toBe(at);
        expect([all.startsWith(first), all.endsWith(last)]).toEqual([true, true]);
        expect(first.length).toBeLessThanOrEqual(head);
        expect(last.length).toBeLessThanOrEqual(tail);
      }
      if (at <= head) expect(text).toBe(all);
      kept.trim(0, 0);
      expect(room.take(1_000_000)).toBe(true);
    }),
  );
});

test('a line is open until its end is printed', () => {
  const kept = new KeptOutput(new RunRoom(600), new RunRoom(256));
  expect(kept.lineIsOpen).toBe(false);
  for (let i = 0; i < 40; i++) {
    kept.add(Buffer.from('a'.repeat(i * 3 + 1)));
    expect(kept.lineIsOpen).toBe(true);
    kept.add(Buffer.from('\n'));
    expect(kept.lineIsOpen).toBe(false);
  }
});
