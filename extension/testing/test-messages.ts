/** Texts about failures of tests. */
import { displayName, printableLines, processLine } from '../../runtime/inspect/view/index.ts';
import type { ReportFrame, ReportProcess, TestFailure } from '../../runtime/internal.ts';

/**
 * The text of a failure: its message, where it happened, and what the processes of a test were doing that did not end. If two
 * values were compared, VS Code displays the difference below, and the text is the message alone.
 */
export function failureText({ message, stack, processes, ...compared }: TestFailure): string {
  const said = printableLines(message);
  if (isDifference(compared)) return said;
  return [said, ...stackLines(stack, MAX_STACK), ...processes.flatMap(processLines)].join('\n');
}

/** Whether the failure is a comparison of two values. */
export function isDifference(
  failure: Pick<TestFailure, 'expected' | 'actual'>,
): failure is { readonly expected: string; readonly actual: string } {
  return failure.expected !== null && failure.actual !== null;
}

/** Maximum number of frames of a failure's stack, and of each process in a list. */
const MAX_STACK = 30;
const MAX_PROCESS_STACK = 5;

function stackLines(stack: readonly ReportFrame[], most: number): string[] {
  const lines = stack.slice(0, most).map((frame) => `    at ${frameLabel(frame)}`);
  return stack.length > most ? [...lines, '    ...'] : lines;
}

function processLines(process: ReportProcess): string[] {
  return [
    processLine({ ...process, names: process.names.map(displayName), stack: [] }),
    ...stackLines(process.stack, MAX_PROCESS_STACK),
  ];
}

/** `divide (function 3, offset 0x20e)` */
function frameLabel({ function: name, index, offset }: ReportFrame): string {
  const place = `function ${index}, offset 0x${offset.toString(16)}`;
  return name === null ? place : `${displayName(name)} (${place})`;
}

/** The text with the line ends of a terminal. */
export function terminalText(text: string): string {
  return text.replace(/\r?\n/g, '\r\n');
}
