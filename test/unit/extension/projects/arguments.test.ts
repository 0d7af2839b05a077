import { expect, test } from 'vitest';
import { joinArguments, splitArguments } from '../../../../extension/projects/arguments.ts';

test('a line is split at its spaces, but not between quotation marks', () => {
  expect(splitArguments('  8080 --name  "Ada Lovelace" "" a"b')).toEqual([
    '8080',
    '--name',
    'Ada Lovelace',
    '',
    'a"b',
  ]);
  expect(splitArguments('')).toEqual([]);
});

test.each([[['a', 'b c', '', 'd"e', 'tab\there', 'back\\slash']], [[]], [['\n']]])(
  'arguments come back as they were: %j',
  (args) => {
    expect(splitArguments(joinArguments(args))).toEqual(args);
  },
);
