import { expect, test } from 'vitest';
import { type Selection, selectTests } from '../../../runtime/testing/selection.ts';
import type { TestCase } from '../../../runtime/testing/test-case.ts';

const all: Selection = { filters: [], exact: false, skip: [], ignored: 'list' };
const tests: TestCase[] = ['a::one', 'a::one_more', 'b::two', 'b::slow'].map((name) => ({
  name,
  exportName: name,
  ignored: name === 'b::slow',
  expectedPanic: null,
}));

test.each<[string, Partial<Selection>, string[]]>([
  ['everything', {}, ['a::one', 'a::one_more', 'b::two', '(b::slow)']],
  ['an empty filter', { filters: [''] }, ['a::one', 'a::one_more', 'b::two', '(b::slow)']],
  ['a part of the name', { filters: ['one'] }, ['a::one', 'a::one_more']],
  ['one of several parts', { filters: ['more', 'two'] }, ['a::one_more', 'b::two']],
  ['a part of an ignored one', { filters: ['slow'] }, ['(b::slow)']],
  ['the whole name', { filters: ['a::one'], exact: true }, ['a::one']],
  ['exact without a filter', { exact: true }, []],
  ['ignored ones', { ignored: 'only' }, ['b::slow']],
  ['ignored ones of a name', { ignored: 'only', filters: ['one'] }, []],
  ['ignored ones too', { ignored: 'include' }, ['a::one', 'a::one_more', 'b::two', 'b::slow']],
  ['all but some', { skip: ['one', 'slow'] }, ['b::two']],
  ['all but one', { skip: ['a::one'], filters: ['a::one_more'], exact: true }, ['a::one_more']],
])('%s', (_, selection, expected) => {
  const selected = selectTests(tests, { ...all, ...selection });
  expect(selected.map(({ test: { name }, runs }) => (runs ? name : `(${name})`))).toEqual(expected);
});
