import { expect, test } from 'vitest';
import { failureText } from '../../../extension/testing/running/test-messages.ts';
import type { ReportFrame, TestFailure } from '../../../runtime/internal.ts';

function frame(name: string | null, file?: string): ReportFrame {
  const location = file === undefined ? null : { file, line: 7, column: 5 };
  return { ...{ function: name, index: 3, offset: 0x20e }, location, inlined: false };
}

function textOf(...stack: ReportFrame[]): string {
  const failure = { message: 'no change', stack, processes: [], expected: null, actual: null };
  return failureText(failure as unknown as TestFailure, '/shop');
}

test('the text of a failure has the calls of which something is known, and only those of the author', () => {
  const library = frame('core::panicking::panic', '/shop/src/lib.rs');
  const own = frame('shop::pay', '/shop/src/lib.rs');
  const unknown = frame(null);
  expect(textOf(library, unknown, own)).toBe('no change\n    at shop::pay (src/lib.rs:7:5)');
  expect(textOf(unknown)).toBe('no change\n    at function 3, offset 0x20e');
});

test('what the linker and the macros of the crate lunatic put around a test is left out', () => {
  const body = frame('shop::tests::pays::__with_mailbox', '/shop/src/lib.rs');
  const closure = frame('shop::tests::pays::__with_mailbox::{{closure}}', '/shop/src/lib.rs');
  const around = [frame('shop::tests::pays', '/shop/src/lib.rs'), frame('pays.command_export')];
  expect(textOf(closure, body, ...around, frame('__original_main'))).toBe(
    'no change\n    at shop::tests::pays::{{closure}} (src/lib.rs:7:5)\n    at shop::tests::pays (src/lib.rs:7:5)',
  );
  const [bare, named] = [frame('shop::tests::pays::__with_mailbox'), frame('shop::tests::pays')];
  expect(textOf(bare, named, frame('pays.command_export'))).toBe(
    'no change\n    at shop::tests::pays (function 3, offset 0x20e)',
  );
});
