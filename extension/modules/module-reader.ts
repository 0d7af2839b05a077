/** The script of the thread that reads modules; see `read-apart.ts`. */
import { parentPort } from 'node:worker_threads';
import { type ModuleTests, readModuleTests } from '../testing/finding/read-module-tests.ts';
import { type ModuleFault, ModuleReadError, readBinary } from './module-error.ts';

/** A module to read. */
export interface ReadingJob {
  readonly bytes: Uint8Array;
  readonly path: string;
  /** Whether its tests are wanted. Otherwise it is only checked. */
  readonly tests: boolean;
  /** The folder in which its sources are looked for. */
  readonly top?: string | undefined;
}

/** The tests of the module, or what is wrong with it. */
export type Reading = ModuleTests | { readonly faults: readonly ModuleFault[] };

parentPort?.on('message', async (job: ReadingJob) => {
  parentPort?.postMessage(await reading(job));
});

async function reading({ bytes, path, tests, top }: ReadingJob): Promise<Reading> {
  try {
    if (tests) return await readModuleTests(bytes, path, top);
    await readBinary(bytes, path);
    return { tests: [], sources: [] };
  } catch (error) {
    if (!(error instanceof ModuleReadError)) throw error;
    return { faults: error.faults };
  }
}
