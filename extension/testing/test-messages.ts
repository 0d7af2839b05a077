/** Failures of tests in words. */
import { processLine } from '../../runtime/inspect/view/index.ts';
import type { ReportFrame, ReportProcess, TestFailure } from '../../runtime/internal.ts';

/**
 * What is said about a failure: its message, where it happened, and of a test that did not end what its processes were
 * at. A difference is shown below its message alone.
 */
export function failureText({ message, stack, processes, ...compared }: TestFailure): string {
  if (isDifference(compared)) return message;
  return [message, ...stackLines(stack, MAX_STACK), ...processes.flatMap(processLines)].join('\n');
}

/** Whether there is something to compare. */
export function isDifference(
  failure: Pick<TestFailure, 'expected' | 'actual'>,
): failure is { readonly expected: string; readonly actual: string } {
  return failure.expected !== null && failure.actual !== null;
}

/** Frames that are shown of the stack of a failure, and of each process in a list. */
const MAX_STACK = 30;
const MAX_PROCESS_STACK = 5;

function stackLines(stack: readonly ReportFrame[], most: number): string[] {
  const lines = stack.slice(0, most).map((frame) => `    at ${frameLabel(frame)}`);
  return stack.length > most ? [...lines, '    ...'] : lines;
}

function processLines(process: ReportProcess): string[] {
  return [processLine({ ...process, stack: [] }), ...stackLines(process.stack, MAX_PROCESS_STACK)];
}

/** `divide (function 3, offset 0x20e)` */
function frameLabel({ function: name, index, offset }: ReportFrame): string {
  const place = `function ${index}, offset 0x${offset.toString(16)}`;
  return name === null ? place : `${name} (${place})`;
}

/** As a terminal wants its lines. */
export function terminalText(text: string): string {
  return text.replace(/\r?\n/g, '\r\n');
}
