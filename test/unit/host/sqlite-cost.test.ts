/** How long a statement may take, by the instructions that SQLite has compiled it to. */
import { describe, expect, test } from 'vitest';
import { costOf } from '../../../runtime/host/sqlite/cost.ts';

/** A program, an instruction a line: its name and the first three operands. */
function program(text: string): unknown[][] {
  return text
    .trim()
    .split('\n')
    .map((line, at) => {
      const [name, ...operands] = line.trim().split(/\s+/);
      const [p1 = 0n, p2 = 0n, p3 = 0n] = operands.map(BigInt);
      return [BigInt(at), name, p1, p2, p3, null, 0n];
    });
}

const unitsOf = (text: string, rows: number) =>
  costOf(program(text), false).at({ bytes: 20 * rows, rows, own: 100 }).units;

/** A pass over a table, each turn of which adds to a table of its own, and goes through all that is in it. */
const WINDOW = (before: string, within: string) => `
  Init 0 1
  ${before}
  OpenRead 0 2 0
  Rewind 0 11
  ${within}
  NewRowid 1 1
  Insert 1 2 1
  Rewind 1 10
  Column 1 0 3
  Next 1 8
  Next 0 4
  Halt`;

describe('a loop within another one', () => {
  test('goes through what that has put together in all of its turns', () => {
    const filled = WINDOW('OpenEphemeral 1 1', 'Column 0 0 2');
    expect(unitsOf(filled, 1000)).toBeGreaterThan(1000 ** 2);
    expect(unitsOf(filled, 2000) / unitsOf(filled, 1000)).toBeGreaterThan(3.9);
  });

  test('goes through what was added through another cursor', () => {
    const copied = WINDOW('OpenEphemeral 7 1', 'OpenDup 1 7 0');
    expect(unitsOf(copied, 1000)).toBeGreaterThan(1000 ** 2);
  });

  test('goes through no more than a turn has put together, if that has opened it', () => {
    const fresh = WINDOW('Null 0 4', 'OpenEphemeral 1 1');
    expect(unitsOf(fresh, 1000)).toBeLessThan(100 * 1000);
  });
});
