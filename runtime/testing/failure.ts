import type { FailureReport } from '../host/running-tests.ts';
import { processEnd } from '../inspect/process-end.ts';
import { endText, type ProcessSnapshot, processLine } from '../inspect/view/index.ts';
import type { Exit } from '../kernel/exit.ts';
import type { Panic } from '../symbols/panic-text.ts';
import { isLibraryPath } from '../symbols/short-path.ts';
import { type StackFrame, stackLines } from '../symbols/stack-frame.ts';
import type { SourcePlace } from '../symbols/symbols.ts';
import { printableLines, shortened } from '../text/printable.ts';
import { countOf } from '../text/quantities.ts';
import { comparedValues } from './compared-values.ts';
import type { DeathCause, UnlocatedStack } from './death-causes.ts';
import type { FailureReason, ReportFrame, SourceLocation, TestFailure } from './report.ts';
import type { StackSources } from './test-options.ts';

/** A stack, and what is known of it. */
export interface Stack {
  readonly frames: readonly StackFrame[];
  /** The innermost call in the author's code, if it is known. */
  readonly own: SourcePlace | null;
  readonly lines: readonly string[];
}

/** A failure that a test has reported, and the stack on which it did. */
export interface Report extends FailureReport {
  readonly stack: Stack;
}

/** What the processes of a test were doing when its time was up. */
export interface Hanging {
  /** The time limit in seconds. */
  readonly timeout: number;
  readonly processes: readonly ProcessSnapshot[];
  /** The number of processes, including those that are not listed. */
  readonly count: number;
}

/** How a test that did not pass has ended. */
export interface Ending {
  readonly exit: Exit;
  /** The failure that ended it; null where it ended normally. */
  readonly cause: DeathCause | null;
  /** The stack on which it did. */
  readonly stack: Stack;
  /** What the process that failed printed about it; null where it printed nothing about it. */
  readonly panic: Panic | null;
  /** The other process that failed, and whose link ended the root process too: `process 3 (logger)`. Null where there is none. */
  readonly failedPeer: string | null;
  /** See `Evidence`. */
  readonly loss: string | null;
  /** What the message of its failure should have contained; null where it should not have failed. */
  readonly expected: string | null;
  /** Null where the test ended by itself. */
  readonly hanging: Hanging | null;
  readonly reports: readonly Report[];
  /** The number of reports that were not kept. */
  readonly reportsLeft: number;
}

/** Everything that is wrong. What the test reported itself comes first. */
export function failuresOf(reason: FailureReason, ending: Ending): TestFailure[] {
  const failures = ending.reports.map(
    ({ stack, ...report }): TestFailure => ({
      ...plain('reported', ''),
      ...report,
      location: location(stack.own),
      stack: frames(stack.frames),
    }),
  );
  if (reason !== 'reported') failures.push(endFailure(reason, ending));
  else if (failures.length === 0) failures.push(plain(reason, leftReports(ending.reportsLeft)));
  return failures;
}

function endFailure(reason: Exclude<FailureReason, 'reported'>, ending: Ending): TestFailure {
  const { exit, cause, stack, panic, expected, hanging } = ending;
  // A panic tells more exactly where it was than the stack on which it ended, unless that was in a library.
  const told = panic?.location ?? null;
  const own = location(stack.own);
  const happened = {
    location: told === null || isLibraryPath(told.file) ? (own ?? told) : told,
    stack: frames(stack.frames),
  };
  const { loss } = ending;
  const message = loss ?? shortened(panic?.message ?? describeEnd(cause?.exit ?? exit));
  switch (reason) {
    case 'timeout':
      return {
        ...plain(reason, `the test did not end within ${countOf(hanging?.timeout ?? 0, 'second')}`),
        processes: (hanging?.processes ?? []).map(({ id, names, activity, messages, stack }) => ({
          ...{ id, names, activity, messages },
          stack: frames(stack),
        })),
      };
    case 'ended':
      return { ...plain(reason, 'the test did not fail as expected'), expected: expected || null };
    case 'other-panic':
      return {
        ...plain(reason, 'the test failed with another message than expected'),
        expected,
        actual: message,
        ...happened,
      };
    case 'failed':
      return { ...plain(reason, message), ...comparedValues(message), ...happened };
  }
}

function plain(reason: FailureReason, message: string): TestFailure {
  return { reason, message, expected: null, actual: null, location: null, stack: [], processes: [] };
}

/** The stack on which a process failed; without frames if there is none. */
export async function stackOf(cause: DeathCause | null, sources?: StackSources): Promise<Stack> {
  const stack = cause?.stack() ?? null;
  return stack === null ? NO_STACK : await locate(stack, sources);
}

const NO_STACK: Stack = { frames: [], own: null, lines: [] };

/** Finds a stack in the sources, if that is wanted and possible. */
export async function locate({ module, frames }: UnlocatedStack, sources?: StackSources): Promise<Stack> {
  const located = module === null ? null : await sources?.locate(module, frames);
  return located ?? { frames, own: null, lines: stackLines(frames) };
}

function frames(stack: readonly StackFrame[]): ReportFrame[] {
  return stack.map(({ functionName, functionIndex, offset, place = null, isInlined = false }) => ({
    function: functionName ?? null,
    index: functionIndex,
    offset,
    location: location(place),
    inlined: isInlined,
  }));
}

function location(place: SourcePlace | null): SourceLocation | null {
  if (place === null) return null;
  // A line without a column begins at the first one.
  return { file: place.file, line: place.line, column: Math.max(1, place.column) };
}

// -- as lines for the output -------------------------------------------------------------------------------

/** The lines that are printed about a failure in addition to the notes of abi 21.3.6. */
export function notesOf(reason: FailureReason, ending: Ending): string {
  const { hanging, reports, reportsLeft } = ending;
  const lines = reports.map(describeReport);
  if (reportsLeft > 0) lines.push(`${leftReports(reportsLeft)}\n`);
  if (hanging !== null) lines.unshift(describeHanging(hanging));
  else if (reason === 'failed' || reason === 'other-panic') lines.unshift(describeTrap(ending));
  return lines.join('');
}

function leftReports(count: number): string {
  return `failed: ${count} more ${count === 1 ? 'failure' : 'failures'}`;
}

/**
 *     failed: the sum is wrong
 *       expected: 4
 *         actual: 5
 */
function describeReport({ message, expected, actual }: FailureReport): string {
  const lines = [`failed: ${printableLines(message)}\n`];
  if (expected !== null) lines.push(labelled('  expected:', printableLines(expected)));
  if (actual !== null) lines.push(labelled('    actual:', printableLines(actual)));
  return lines.join('');
}

/** A value of several lines begins below its label, so that its lines stay aligned. */
function labelled(label: string, value: string): string {
  if (!value.includes('\n')) return `${label} ${value}\n`;
  return `${label}\n${value.replace(/\n$/, '').replaceAll(/^/gm, '    ')}\n`;
}

/** Why a process failed that did not print the reason itself. */
function describeTrap({ cause, stack, panic, failedPeer }: Ending): string {
  if (cause === null || panic !== null || cause.exit.kind === 'killed') return '';
  const end = describeEnd(cause.exit);
  const line = failedPeer === null ? end : `${failedPeer} ${end}, and the test was linked to it`;
  return `${line}\n${stack.lines.map((frame) => `    ${frame}\n`).join('')}`;
}

function describeHanging({ processes, count }: Hanging): string {
  const lines = processes.map((process) => `${processLine(process)}\n`);
  if (count > processes.length) lines.push(`... ${count - processes.length} more processes\n`);
  return lines.join('');
}

function describeEnd(exit: Exit): string {
  if (exit.kind === 'killed') return 'was killed, or a process it is linked to died';
  return endText(processEnd(exit));
}
