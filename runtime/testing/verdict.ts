import { printableLines, shortened } from '../text/printable.ts';
import { countOf } from '../text/quantities.ts';
import type { FailureReason } from './report.ts';

/** What a test is judged by. */
export interface Evidence {
  /** See `TestCase.expectedPanic`. */
  readonly expectedPanic: string | null;
  /** The message that the test asked for with `lunatic::test::should_trap`, which counts instead; null where it did not call it. */
  readonly expectedTrap: string | null;
  readonly endedNormally: boolean;
  /** See `panicText`. */
  readonly panic: string | null;
  /** The message of the panic or trap that ended the test, also where it happened in a process that the root process died with. */
  readonly cause: string | null;
  /** Whether the test has reported a failure. */
  readonly reported: boolean;
  /** Why nobody knows how the test has ended; null where somebody does. */
  readonly loss: string | null;
  /** Whether people have seen the output while the test ran. */
  readonly echoed: boolean;
  /** The time limit in seconds after which the test was given up; null where it ended by itself. */
  readonly timedOut: number | null;
}

export interface Verdict {
  /** Null where the test passed. */
  readonly reason: FailureReason | null;
  /** Lines to add to the output of the test. */
  readonly note: string | null;
}

const PASSED: Verdict = { reason: null, note: null };

/** Judges a test. */
export function judge(evidence: Evidence): Verdict {
  const { timedOut, reported, expectedTrap, loss } = evidence;
  // Whatever it was to end with.
  if (loss !== null) return { reason: 'failed', note: `note: ${loss}\n` };
  if (timedOut !== null) {
    return { reason: 'timeout', note: `note: test did not end within ${countOf(timedOut, 'second')}\n` };
  }
  const verdict = expectedTrap === null ? judgeByName(evidence) : judgeByCall(evidence, expectedTrap);
  return verdict.reason === null && reported ? { reason: 'reported', note: null } : verdict;
}

/** Judges by the name of the export: the table of abi 21.3.6. */
function judgeByName({ expectedPanic, endedNormally, panic, echoed }: Evidence): Verdict {
  if (expectedPanic === null) {
    if (endedNormally) return PASSED;
    const silent = panic === null && !echoed;
    return { reason: 'failed', note: silent ? 'note: Process trapped or received kill signal\n' : null };
  }
  if (endedNormally) return DID_NOT_PANIC;
  if (panic === null) {
    if (expectedPanic === '') return PASSED;
    return {
      reason: 'other-panic',
      note: `note: Process received kill signal, but expected a panic that contains \`${printableLines(expectedPanic)}\`\n`,
    };
  }
  return panic.includes(expectedPanic) ? PASSED : otherPanic(panic, expectedPanic);
}

/** Judges by what the test asked for while it ran. Messages of traps count too. */
function judgeByCall({ endedNormally, panic, cause }: Evidence, expectedTrap: string): Verdict {
  if (endedNormally) return DID_NOT_PANIC;
  if (expectedTrap === '' || panic?.includes(expectedTrap) || cause?.includes(expectedTrap)) return PASSED;
  return otherPanic(cause ?? panic ?? 'none', expectedTrap);
}

const DID_NOT_PANIC: Verdict = { reason: 'ended', note: 'note: test did not panic as expected\n' };

function otherPanic(panic: string, expected: string): Verdict {
  return {
    reason: 'other-panic',
    note:
      'note: panic did not contain expected string\n' +
      `      panic message: \`"${printableLines(shortened(panic))}"\`,\n` +
      ` expected substring: \`"${printableLines(expected)}"\`\n`,
  };
}
