import { printable } from '../text/printable.ts';
import { HelperError, HelperThread } from '../thread/helper-thread.ts';
import { WatError } from './assemble-text.ts';
import type { Assembly, AssemblyJob } from './assembler.ts';

/** Milliseconds that assembling one text may take. Megabytes of text take some seconds. */
const TIME_LIMIT = 30_000;

/** Tells the bundled script of the thread; missing where nothing is bundled. */
declare const assemblerScript: (() => string | URL) | undefined;

const thread = new HelperThread<AssemblyJob, Assembly>(() =>
  typeof assemblerScript === 'undefined' ? new URL('./assembler.ts', import.meta.url) : assemblerScript(),
);

/**
 * Assembles WebAssembly text in a thread of its own: some texts keep the assembler busy for ever. Meanwhile this thread goes
 * on, and answers to signals.
 * @param fileName for messages only
 * @param limit milliseconds that it may take
 * @throws WatError
 */
export async function assembleApart(
  source: string,
  fileName: string,
  limit = TIME_LIMIT,
): Promise<Uint8Array> {
  let assembly: Assembly;
  try {
    assembly = await thread.run({ source, fileName }, limit);
  } catch (error) {
    if (!(error instanceof HelperError)) throw error;
    throw new WatError(`${printable(fileName)} cannot be assembled: ${error.message}`, { cause: error });
  }
  if ('wrong' in assembly) throw new WatError(assembly.wrong);
  return assembly.bytes;
}
