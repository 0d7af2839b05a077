/** The script of the thread that reads modules; see `read-apart.ts`. */
import { parentPort } from 'node:worker_threads';
import { type ModuleTests, readModuleTests } from '../testing/finding/read-module-tests.ts';
import { type ModuleFault, ModuleReadError, readBinary, readDeclared } from './module-error.ts';

/** A module to read. */
export interface ReadingJob {
  readonly bytes: Uint8Array;
  readonly path: string;
  /** Whether its tests are wanted. Otherwise it is checked, and its functions are. */
  readonly tests: boolean;
  /** The folder in which its sources are looked for. */
  readonly top?: string | undefined;
}

/** What was asked for, or what is wrong with the module. */
export type Reading = ModuleTests | ModuleFunctions | { readonly faults: readonly ModuleFault[] };

/** The names of the functions that a module exports. */
export interface ModuleFunctions {
  readonly functions: readonly string[];
}

parentPort?.on('message', async (job: ReadingJob) => {
  parentPort?.postMessage(await reading(job));
});

async function reading({ bytes, path, tests, top }: ReadingJob): Promise<Reading> {
  try {
    if (tests) return await readModuleTests(bytes, path, top);
    const { exports } = readDeclared(await readBinary(bytes, path));
    return { functions: exports.filter(({ kind }) => kind === 'function').map(({ name }) => name) };
  } catch (error) {
    if (!(error instanceof ModuleReadError)) throw error;
    return { faults: error.faults };
  }
}
