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
  expect(splitArguments(`'{"a": 1}' --name='Ada Lovelace' --of="the \\"Engine\\"" don't "two`)).toEqual([
    '{"a": 1}',
    '--name=Ada Lovelace',
    '--of=the "Engine"',
    "don't",
    '"two',
  ]);
});

test.each([
  [['a', 'b c', '', 'd"e', 'tab\there', 'back\\slash']],
  [["'a'", "b='c d'", "e='f'", "don't"]],
  [[]],
  [['\n']],
])('arguments come back as they were: %j', (args) => {
  expect(splitArguments(joinArguments(args))).toEqual(args);
});
