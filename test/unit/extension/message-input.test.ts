import { expect, test } from 'vitest';
import { MessageInputError, parseMessage, parseTag } from '../../../extension/processes/message-input.ts';

test.each([
  ['hello', '68656c6c6f'],
  ['', ''],
  ['grün', '6772c3bc6e'],
  ['hex 68 69', '6869'],
  ['hex 0x68,0x69', '6869'],
  ['i32 1 -1', '01000000ffffffff'],
  ['i32 0xffffffff', 'ffffffff'],
  ['i64 258', '0201000000000000'],
  ['f64 1.5', '000000000000f83f'],
  ['"hex 68"', Buffer.from('hex 68').toString('hex')],
  ['hexagon', Buffer.from('hexagon').toString('hex')],
])('%s', (text, bytes) => {
  expect(Buffer.from(parseMessage(text)).toString('hex')).toBe(bytes);
});

test.each([
  ['hex 6', 'pairs of hex digits'],
  ['hex zz', 'pairs of hex digits'],
  ['i32 one', '"one" is not a whole number'],
  ['i32 4294967296', 'does not fit into 32 bits'],
  ['i64 -9223372036854775809', 'does not fit into 64 bits'],
  ['f64 x', '"x" is not a number'],
])('%s is refused', (text, message) => {
  expect(() => parseMessage(text)).toThrow(MessageInputError);
  expect(() => parseMessage(text)).toThrow(message);
});

test('tags', () => {
  expect([parseTag(''), parseTag(' 7 '), parseTag('-9223372036854775808')]).toEqual([
    '0',
    '7',
    '-9223372036854775808',
  ]);
  expect(() => parseTag('seven')).toThrow('A tag is a whole number.');
  expect(() => parseTag('9223372036854775808')).toThrow('A tag has 64 bits.');
});
