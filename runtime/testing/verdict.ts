/** What there is to judge a test by. */
export interface Evidence {
  /** See `TestCase.expectedPanic`. */
  readonly expectedPanic: string | null;
  readonly endedNormally: boolean;
  /** See `panicText`. */
  readonly panic: string | null;
  /** Whether the output was already shown while the test ran. */
  readonly echoed: boolean;
  /** Seconds after which the test was given up; null where it ended by itself. */
  readonly timedOut: number | null;
}

export interface Verdict {
  readonly passed: boolean;
  /** Lines to add to the output of the test. */
  readonly note: string | null;
}

const PASSED: Verdict = { passed: true, note: null };

/** Whether a test passed, and what is to be said about it (the table of cli.md 3.6). */
export function judge(evidence: Evidence): Verdict {
  const { expectedPanic, endedNormally, panic, echoed, timedOut } = evidence;
  if (timedOut !== null) return failed(`note: test did not end within ${timedOut} seconds\n`);
  if (expectedPanic === null) {
    if (endedNormally) return PASSED;
    return failed(panic === null && !echoed ? 'note: Process trapped or received kill signal\n' : null);
  }
  if (endedNormally) return failed('note: test did not panic as expected\n');
  if (panic === null) {
    if (expectedPanic === '') return PASSED;
    return failed(
      `note: Process received kill signal, but expected a panic that contains \`${expectedPanic}\`\n`,
    );
  }
  if (panic.includes(expectedPanic)) return PASSED;
  return failed(
    'note: panic did not contain expected string\n' +
      `      panic message: \`"${panic}"\`,\n` +
      ` expected substring: \`"${expectedPanic}"\`\n`,
  );
}

function failed(note: string | null): Verdict {
  return { passed: false, note };
}
