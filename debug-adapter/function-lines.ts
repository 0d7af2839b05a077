import type { SymbolFrame } from '../runtime/internal.ts';

/** The lines of a function in the order of its code. */
export interface FunctionLines {
  /** Where they begin; ascending. */
  readonly offsets: readonly number[];
  /** For each of them the calls there, the innermost first. */
  readonly frames: readonly (readonly SymbolFrame[])[];
}

type Ranges = readonly (readonly [start: number, end: number])[];

/** Where the code of a line is, with that of the calls which were inlined there: a step over the line leaves it. */
export function sameLineAndInside(lines: FunctionLines, here: readonly SymbolFrame[]): Ranges {
  return rangesOf(
    lines,
    (frames) => isSameCall(frames, here) && isSameLine(frames.at(-here.length), here[0]),
  );
}

/** Where the code of a line is, without inlined calls: a step into one leaves it. */
export function sameLine(lines: FunctionLines, here: readonly SymbolFrame[]): Ranges {
  return rangesOf(
    lines,
    (frames) => frames.length === here.length && isSameCall(frames, here) && isSameLine(frames[0], here[0]),
  );
}

/** Where the code of an inlined call is: a step out of it leaves it. */
export function outside(lines: FunctionLines, here: readonly SymbolFrame[]): Ranges {
  return rangesOf(lines, (frames) => isSameCall(frames, here));
}

function rangesOf(
  { offsets, frames }: FunctionLines,
  isInside: (frames: readonly SymbolFrame[]) => boolean,
): Ranges {
  const ranges: [number, number][] = [];
  for (const [i, start] of offsets.entries()) {
    if (!isInside(frames[i] ?? [])) continue;
    const end = offsets[i + 1] ?? start + 1;
    const last = ranges.at(-1);
    if (last !== undefined && last[1] === start) last[1] = end;
    else ranges.push([start, end]);
  }
  return ranges;
}

/** Whether frames are in the same call, or in one that was inlined into it: the calls around are the same. */
function isSameCall(frames: readonly SymbolFrame[], here: readonly SymbolFrame[]): boolean {
  if (frames.length < here.length) return false;
  for (let fromEnd = 1; fromEnd <= here.length; fromEnd++) {
    const a = frames.at(-fromEnd);
    const b = here.at(-fromEnd);
    if (a?.functionName !== b?.functionName) return false;
    // Where the call is that leads further inside.
    if (fromEnd < here.length && !isSamePlace(a, b)) return false;
  }
  return true;
}

function isSameLine(a: SymbolFrame | undefined, b: SymbolFrame | undefined): boolean {
  return a?.place?.line === b?.place?.line && a?.place?.file === b?.place?.file;
}

function isSamePlace(a: SymbolFrame | undefined, b: SymbolFrame | undefined): boolean {
  return isSameLine(a, b) && a?.place?.column === b?.place?.column;
}
