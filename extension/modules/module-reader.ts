/** The script of the thread that reads modules; see `read-apart.ts`. */
import { parentPort } from 'node:worker_threads';
import type { WasmModule } from '../../runtime/internal.ts';
import { type ModuleTests, readModuleTests } from '../testing/finding/read-module-tests.ts';
import { type ModuleFault, ModuleReadError, readBinary, readDeclared } from './module-error.ts';

/** A module to read. */
export interface ReadingJob {
  readonly bytes: Uint8Array;
  readonly path: string;
  /** Whether its tests are wanted. Otherwise it is checked, and its entries are. */
  readonly tests: boolean;
  /** The folder in which its sources are looked for. */
  readonly top?: string | undefined;
}

/** What was asked for, or what is wrong with the module. */
export type Reading = ModuleTests | ModuleEntries | { readonly faults: readonly ModuleFault[] };

/** The names of the exports of a module with which a program can begin: functions that take and return nothing. */
export interface ModuleEntries {
  readonly entries: readonly string[];
}

parentPort?.on('message', async (job: ReadingJob) => {
  parentPort?.postMessage(await reading(job));
});

async function reading({ bytes, path, tests, top }: ReadingJob): Promise<Reading> {
  try {
    if (tests) return await readModuleTests(bytes, path, top);
    return { entries: entriesOf(readDeclared(await readBinary(bytes, path))) };
  } catch (error) {
    if (!(error instanceof ModuleReadError)) throw error;
    return { faults: error.faults };
  }
}

function entriesOf(module: WasmModule): string[] {
  return module.exports
    .filter(({ kind, index }) => {
      const type = kind === 'function' ? module.functionType(index) : undefined;
      return type?.params.length === 0 && type.results.length === 0;
    })
    .map(({ name }) => name);
}
