import { expect, test } from 'vitest';
import { DisplayRoom, terminalText } from '../../../extension/terminal-text.ts';

test('lines end as a terminal wants it', () => {
  expect(terminalText('a\nb\r\nc\td')).toBe('a\r\nb\r\nc\td');
});

test('of what programs tell the terminal, colours are kept', () => {
  expect(terminalText('\x1b[1;32mgreen\x1b[0m \x1b[38:5:1mred\x1b[m')).toBe(
    '\x1b[1;32mgreen\x1b[0m \x1b[38:5:1mred\x1b[m',
  );
  // Clearing the screen, moving, titles, links, and what is no sequence.
  expect(
    terminalText('a\x1b[2J\x1b[H\x1bcb\x1b]0;title\x07c\x1b]8;;http://evil\x1b\\d\x9b1;1He\x07\x08'),
  ).toBe('abcd1;1He');
  expect(terminalText('\x1b]0;without an end')).toBe('');
  const start = performance.now();
  terminalText('\x1b[0;'.repeat(500_000));
  terminalText('\x1b]'.repeat(500_000));
  terminalText('\r'.repeat(1_000_000));
  expect(performance.now() - start).toBeLessThan(2000);
});

test('too much output is cut in its middle, and a little of each is kept in any case', () => {
  const room = new DisplayRoom(10_000);
  expect(room.take('a'.repeat(3000))).toBe('a'.repeat(3000));
  expect(room.take(`${'a'.repeat(4000)}${'b'.repeat(4000)}`, 4000)).toBe(
    `${'a'.repeat(2000)}\n... 4000 characters left out ...\n${'b'.repeat(2000)}`,
  );
  expect(room.isFull).toBe(false);
  expect(room.take('c'.repeat(3000)).length).toBe(3000);
  expect(room.isFull).toBe(true);
  expect(room.take('d'.repeat(1_000_000)).length).toBeLessThan(2100);
  expect(room.take('short')).toBe('short');
});
