import { expect, test } from 'vitest';
import type { FailureReason } from '../../../runtime/testing/report.ts';
import { type Evidence, judge } from '../../../runtime/testing/verdict.ts';

const ended: Evidence = {
  expectedPanic: null,
  expectedTrap: null,
  endedNormally: true,
  panic: null,
  cause: null,
  reported: false,
  echoed: false,
  timedOut: null,
  loss: null,
};
const failed = { ...ended, endedNormally: false };

const OTHER_PANIC =
  'note: panic did not contain expected string\n      panic message: `"bad"`,\n expected substring: `"good"`\n';

const cases: [name: string, evidence: Evidence, reason: FailureReason | null, note: string | null][] = [
  ['ends', ended, null, null],
  ['panics', { ...failed, panic: 'bad' }, 'failed', null],
  ['traps', failed, 'failed', 'note: Process trapped or received kill signal\n'],
  ['traps, with its output shown', { ...failed, echoed: true }, 'failed', null],
  [
    'ends, but should panic',
    { ...ended, expectedPanic: '' },
    'ended',
    'note: test did not panic as expected\n',
  ],
  ['panics as it should', { ...failed, expectedPanic: '', panic: 'bad' }, null, null],
  ['traps as it should', { ...failed, expectedPanic: '' }, null, null],
  ['panics with the message', { ...failed, expectedPanic: 'ba', panic: 'bad' }, null, null],
  [
    'panics with another message',
    { ...failed, expectedPanic: 'good', panic: 'bad' },
    'other-panic',
    OTHER_PANIC,
  ],
  [
    'traps without the message',
    { ...failed, expectedPanic: 'good', cause: 'a good trap' },
    'other-panic',
    'note: Process received kill signal, but expected a panic that contains `good`\n',
  ],
  [
    'hangs, though it should panic',
    { ...failed, expectedPanic: '', timedOut: 1 },
    'timeout',
    'note: test did not end within 1 second\n',
  ],
  [
    'asked for a trap, and ends',
    { ...ended, expectedTrap: '' },
    'ended',
    'note: test did not panic as expected\n',
  ],
  ['asked for a trap, and traps', { ...failed, expectedTrap: '', cause: 'bad' }, null, null],
  [
    'asked for a trap, and traps with the message',
    { ...failed, expectedTrap: 'a', cause: 'bad' },
    null,
    null,
  ],
  [
    'asked for a trap, and panics with the message',
    { ...failed, expectedTrap: 'a', panic: 'bad' },
    null,
    null,
  ],
  [
    'asked for a trap, and traps with another',
    { ...failed, expectedTrap: 'good', cause: 'bad' },
    'other-panic',
    OTHER_PANIC,
  ],
  [
    'asked for a trap other than its name says',
    { ...failed, expectedPanic: 'x', expectedTrap: '' },
    null,
    null,
  ],
  ['reports a failure, and ends', { ...ended, reported: true }, 'reported', null],
  ['reports a failure, and panics', { ...failed, panic: 'bad', reported: true }, 'failed', null],
  [
    'reports a failure, and panics as it should',
    { ...failed, expectedPanic: '', reported: true },
    'reported',
    null,
  ],
];

test.each(cases)('a test that %s', (_, evidence, reason, note) => {
  expect(judge(evidence)).toEqual({ reason, note });
});
