import { expect, test } from 'vitest';
import { countPlainTests, plainTestsNote } from '../../../extension/testing/finding/plain-tests.ts';

test.each([
  ['#[test]\nfn adds() {}', 1],
  ['mod tests {\n    #[test]\n    #[should_panic]\n    fn adds() {}\n\n    #[test] fn sells() {}\n}', 2],
  ['#[tokio::test(flavor = "multi_thread")]\nasync fn adds() {}', 1],
  ['#[lunatic::test]\nfn adds() {}', 0],
  ['use lunatic::test;\n\n#[test]\nfn adds() {}', 0],
  ['use lunatic::{process::Process, test};\n#[test]\nfn adds() {}', 0],
  ['// #[test]\n/// #[test]\n#[cfg(test)]\nmod tests {}', 0],
])('%j has this number of tests for Rust alone: %d', (source, count) => {
  expect(countPlainTests(source)).toBe(count);
});

test('what to do about them is said of any, and of none nothing', () => {
  expect(plainTestsNote(0)).toBeUndefined();
  expect(plainTestsNote(1)).toBe(
    "1 `#[test]` function is not listed: only Rust's own harness runs it. Write `#[lunatic::test]`, or run `cargo test` in a terminal.",
  );
  expect(plainTestsNote(2)).toMatch(/^2 `#\[test\]` functions are .* runs them\./);
});
