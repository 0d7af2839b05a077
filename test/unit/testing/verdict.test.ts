import { expect, test } from 'vitest';
import { type Evidence, judge } from '../../../runtime/testing/verdict.ts';

const ended = { expectedPanic: null, endedNormally: true, panic: null, echoed: false, timedOut: null };
const failed = { ...ended, endedNormally: false };

const cases: [name: string, evidence: Evidence, passed: boolean, note: string | null][] = [
  ['ends', ended, true, null],
  ['panics', { ...failed, panic: 'bad' }, false, null],
  ['traps', failed, false, 'note: Process trapped or received kill signal\n'],
  ['traps, with its output shown', { ...failed, echoed: true }, false, null],
  [
    'ends, but should panic',
    { ...ended, expectedPanic: '' },
    false,
    'note: test did not panic as expected\n',
  ],
  ['panics as it should', { ...failed, expectedPanic: '', panic: 'bad' }, true, null],
  ['traps as it should', { ...failed, expectedPanic: '' }, true, null],
  ['panics with the message', { ...failed, expectedPanic: 'ba', panic: 'bad' }, true, null],
  [
    'panics with another message',
    { ...failed, expectedPanic: 'good', panic: 'bad' },
    false,
    'note: panic did not contain expected string\n      panic message: `"bad"`,\n expected substring: `"good"`\n',
  ],
  [
    'traps without the message',
    { ...failed, expectedPanic: 'good' },
    false,
    'note: Process received kill signal, but expected a panic that contains `good`\n',
  ],
  [
    'hangs, though it should panic',
    { ...failed, expectedPanic: '', timedOut: 1.5 },
    false,
    'note: test did not end within 1.5 seconds\n',
  ],
];

test.each(cases)('a test that %s', (_, evidence, passed, note) => {
  expect(judge(evidence)).toEqual({ passed, note });
});
