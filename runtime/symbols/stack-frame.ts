import { printable } from '../text/printable.ts';
import { shortPath } from './short-path.ts';
import type { SourcePlace } from './symbols.ts';

/** Frames of a stack that are printed from each end of it. */
export const PRINTED_FRAMES = 24;

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
 * Formats a stack as lines, innermost call first. The middle of a long stack is left out.
 * @param format formats a frame, perhaps in several lines
 */
export function stackLines(
  frames: readonly StackFrame[],
  format: (frame: StackFrame) => string = formatFrame,
): string[] {
  const all = (some: readonly StackFrame[]) => some.flatMap((frame) => format(frame).split('\n'));
  const left = frames.length - 2 * PRINTED_FRAMES;
  if (left <= 0) return all(frames);
  return [...all(frames.slice(0, PRINTED_FRAMES)), `... ${left} more`, ...all(frames.slice(-PRINTED_FRAMES))];
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
  { functionIndex, functionName, offset, place, isInlined }: StackFrame,
  folder?: string,
): string {
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
