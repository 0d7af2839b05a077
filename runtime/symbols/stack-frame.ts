/** Frames of a stack that are printed from each end of it. */
const PRINTED_FRAMES = 24;

/** One call on a guest's stack. */
export interface StackFrame {
  /** Index in the module as its author compiled it. */
  readonly functionIndex: number;
  /** Demangled name from the name section, or the name of the function's export. */
  readonly functionName?: string | undefined;
  /** Byte offset in the module as its author compiled it. */
  readonly offset: number;
}

/** Formats a stack as lines, innermost call first. The middle of a long stack is left out. */
export function stackLines(frames: readonly StackFrame[]): string[] {
  const left = frames.length - 2 * PRINTED_FRAMES;
  if (left <= 0) return frames.map(formatFrame);
  return [
    ...frames.slice(0, PRINTED_FRAMES).map(formatFrame),
    `... ${left} more`,
    ...frames.slice(-PRINTED_FRAMES).map(formatFrame),
  ];
}

/** `at app::worker (function 12, offset 0x3f2)` */
export function formatFrame({ functionIndex, functionName, offset }: StackFrame): string {
  const location = `offset 0x${offset.toString(16)}`;
  return functionName === undefined
    ? `at function ${functionIndex} (${location})`
    : `at ${functionName} (function ${functionIndex}, ${location})`;
}
