import type { Requests } from '../../runtime/inspect/protocol.ts';
import { InspectRequestError } from '../../runtime/internal.ts';
import type { Debuggee } from '../debuggee.ts';
import type { FrameRef } from '../ids.ts';

/**
 * Has the runtime evaluate an expression, as it does with conditions: it can read all of the memory meanwhile.
 * @returns its value, or what is wrong with it; null if there is no such call
 */
export async function evaluateThere(
  debuggee: Debuggee,
  { process, depth, inlined }: FrameRef,
  expression: string,
): Promise<Requests['process/evaluate']['result'] | { readonly problem: string } | null> {
  const { frames } = await debuggee.stops.stack(process);
  const frame = frames[depth];
  if (frame === undefined) return null;
  const terms = await debuggee.names.namesFor(expression, frame.module, frame.offset, inlined);
  try {
    return await debuggee.client.request('process/evaluate', { process, frame: depth, expression, ...terms });
  } catch (error) {
    if (error instanceof InspectRequestError) return { problem: error.message };
    throw error;
  }
}

/** The number that an expression means for the runtime, as a text; null if it means none. Booleans and characters are numbers. */
export async function numberThere(
  debuggee: Debuggee,
  frame: FrameRef,
  expression: string,
): Promise<string | null> {
  const there = await evaluateThere(debuggee, frame, `(${expression}) + 0`);
  return there === null || 'problem' in there ? null : there.text;
}
