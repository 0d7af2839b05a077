/** Texts about failures of tests. */
import { displayName, placeText, printableLines, processLine } from '../../../runtime/inspect/view/index.ts';
import {
  isOfMacro,
  isOwnCall,
  type ReportFrame,
  type ReportProcess,
  type TestFailure,
  withoutMacros,
} from '../../../runtime/internal.ts';

/**
 * The text of a failure: its message, where it happened, and what the processes of a test were doing that did not end. If two
 * values were compared, VS Code displays the difference below, and the text is the message alone.
 * @param folder what paths of sources below it are relative to
 * @param program path of the module
 */
export function failureText(
  { message, stack, processes, ...compared }: TestFailure,
  folder?: string,
  program?: string,
): string {
  const said = printableLines(message);
  if (isDifference(compared)) return said;
  const lists = processes.flatMap((process) => processLines(process, folder, program));
  return [said, ...stackLines(stack, MAX_STACK, folder, program), ...lists].join('\n');
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

function stackLines(
  stack: readonly ReportFrame[],
  most: number,
  folder: string | undefined,
  program: string | undefined,
): string[] {
  const calls = ownCalls(stack, program);
  const lines = calls.slice(0, most).map((frame) => `    at ${frameLabel(frame, folder)}`);
  return calls.length > most ? [...lines, '    ...'] : lines;
}

/**
 * The calls of a stack in the author's code: a panic has several of libraries around them. All calls where none is the author's.
 * @param program path of the module
 */
export function ownCalls(stack: readonly ReportFrame[], program?: string): readonly ReportFrame[] {
  const own = stack.filter(
    ({ function: name, location }, i) =>
      isOwnCall(name, location?.file, program) && !isOfMacro(name, stack[i - 1]?.function),
  );
  // What has no place where others have one was made by the linker, or is of a library without debug information.
  const placed = own.filter(({ location }) => location !== null);
  return [placed, own, stack].find(({ length }) => length > 0) ?? [];
}

function processLines(
  process: ReportProcess,
  folder: string | undefined,
  program: string | undefined,
): string[] {
  return [
    processLine({ ...process, names: process.names.map(displayName), stack: [] }),
    ...stackLines(process.stack, MAX_PROCESS_STACK, folder, program),
  ];
}

/** `divide (src/lib.rs:7:5)`, or `divide (function 3, offset 0x20e)` if its place is not known. */
function frameLabel(
  { function: name, index, offset, location, inlined }: ReportFrame,
  folder?: string,
): string {
  if (location !== null) {
    const mark = inlined ? ', inlined' : '';
    return `${frameName({ name, index, inlined })} (${placeText(location, folder)}${mark})`;
  }
  const place = `function ${index}, offset 0x${offset.toString(16)}`;
  return name === null ? place : `${displayName(withoutMacros(name))} (${place})`;
}

function frameName({
  name,
  index,
  inlined,
}: Readonly<{ name: string | null; index: number; inlined: boolean }>) {
  return name === null
    ? inlined
      ? 'inlined function'
      : `function ${index}`
    : displayName(withoutMacros(name));
}

/** The name of the function of a frame, as a list of calls displays it. */
export function callLabel({ function: name, index, inlined }: ReportFrame): string {
  return frameName({ name, index, inlined });
}
