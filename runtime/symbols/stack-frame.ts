import { printable } from '../text/printable.ts';
import { withoutMacros } from './library-code.ts';
import { shortPath } from './short-path.ts';
import type { SourcePlace } from './symbols.ts';

/** Frames of a stack that are printed from each end of it. */
export const PRINTED_FRAMES = 24;

/** Of more calls than these from the same place, one after the other, only the first is printed. */
const MOST_ALIKE = 3;

/** One call on a guest's stack. */
export interface StackFrame {
  /** Index in the module as its author compiled it. */
  readonly functionIndex: number;
  /** Demangled name from the name section, or the name of the function's export. */
  readonly functionName?: string | undefined;
  /** Byte offset in the module as its author compiled it. */
  readonly offset: number;
  /** Where it is in the source, if that is known. */
  readonly place?: SourcePlace | undefined;
  /** Whether the compiler has put the code of the call into that of the next frame, whose index and offset it has. */
  readonly isInlined?: boolean | undefined;
}

/**
 * Formats a stack as lines, innermost call first. The middle of a long stack is left out, and so are the calls of a recursion that are
 * like the one before.
 * @param format formats a frame, perhaps in several lines
 */
export function stackLines(
  frames: readonly StackFrame[],
  format: (frame: StackFrame) => string = formatFrame,
): string[] {
  const calls = callsOf(frames);
  const all = (some: readonly Calls[]) =>
    some.flatMap(({ frame, count }) =>
      frame === null ? [`... ${count} more calls of the same`] : format(frame).split('\n'),
    );
  if (calls.length <= 2 * PRINTED_FRAMES) return all(calls);
  const head = beginOf(calls, PRINTED_FRAMES);
  const tail = beginOf(calls, calls.length - PRINTED_FRAMES);
  const left = calls.slice(head, tail).reduce((sum, { count }) => sum + count, 0);
  return [...all(calls.slice(0, head)), `... ${left} more`, ...all(calls.slice(tail))];
}

/** A place in a list at which it may be cut: calls that are like the one before stay behind that one. */
function beginOf(calls: readonly Calls[], at: number): number {
  return calls[at]?.frame === null ? at - 1 : at;
}

/** A call, or calls from the same place as the one before. */
interface Calls {
  /** Null if they are like the one before. */
  readonly frame: StackFrame | null;
  readonly count: number;
}

function callsOf(frames: readonly StackFrame[]): Calls[] {
  const calls: Calls[] = [];
  for (let start = 0; start < frames.length; ) {
    let end = start + 1;
    while (end < frames.length && isAlike(frames[end], frames[start])) end++;
    const printed = end - start > MOST_ALIKE ? start + 1 : end;
    calls.push(...frames.slice(start, printed).map((frame) => ({ frame, count: 1 })));
    if (printed < end) calls.push({ frame: null, count: end - printed });
    start = end;
  }
  return calls;
}

function isAlike(a: StackFrame | undefined, b: StackFrame | undefined): boolean {
  if (a?.functionIndex !== b?.functionIndex || a?.offset !== b?.offset) return false;
  // Calls that were put into others have the same offset as these.
  return a?.functionName === b?.functionName && (a?.isInlined ?? false) === (b?.isInlined ?? false);
}

/** `at app::worker (src/main.rs:12:5)`, or `at app::worker (function 12, offset 0x3f2)` if the place is not known. */
export function formatFrame(frame: StackFrame): string {
  return `at ${frameText(frame)}`;
}

/**
 * The same without the first word.
 * @param folder see `placeText`
 */
export function frameText(
  { functionIndex, functionName: fullName, offset, place, isInlined }: StackFrame,
  folder?: string,
): string {
  const functionName = fullName && withoutMacros(fullName);
  if (place !== undefined) {
    const name = functionName ?? (isInlined ? 'inlined function' : `function ${functionIndex}`);
    return `${name} (${placeText(place, folder)}${isInlined ? ', inlined' : ''})`;
  }
  const location = `offset 0x${offset.toString(16)}`;
  return functionName === undefined
    ? `function ${functionIndex} (${location})`
    : `${functionName} (function ${functionIndex}, ${location})`;
}

/**
 * `src/main.rs:12:5`, fit to be displayed.
 * @param folder what paths below it are relative to. Default: the current folder
 */
export function placeText({ file, line, column }: SourcePlace, folder?: string): string {
  return `${printable(shortPath(file, folder))}:${line}${column > 0 ? `:${column}` : ''}`;
}
