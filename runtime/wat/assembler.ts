/** The script of the thread that assembles text; see `assembleApart`. */
import { parentPort } from 'node:worker_threads';
import { assembleText, WatError } from './assemble-text.ts';

/** A text to assemble. */
export interface AssemblyJob {
  readonly source: string;
  readonly fileName: string;
}

/** The binary, or the message of the `WatError`. */
export type Assembly = { readonly bytes: Uint8Array } | { readonly wrong: string };

parentPort?.on('message', async ({ source, fileName }: AssemblyJob) => {
  parentPort?.postMessage(await assembly(source, fileName));
});

async function assembly(source: string, fileName: string): Promise<Assembly> {
  try {
    return { bytes: await assembleText(source, fileName) };
  } catch (error) {
    if (!(error instanceof WatError)) throw error;
    return { wrong: error.message };
  }
}
