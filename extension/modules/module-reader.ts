/** The script of the thread that reads modules; see `read-apart.ts`. */
import { parentPort } from 'node:worker_threads';
import { customSection, tellsOfSource, type WasmModule } from '../../runtime/internal.ts';
import { type ModuleTests, readModuleTests } from '../testing/finding/read-module-tests.ts';
import { type ModuleFault, ModuleReadError, readBinary, readDeclared } from './module-error.ts';

/** What may be asked about a module, and the answers. */
export interface Answers {
  readonly tests: ModuleTests;
  /** The names of the exports with which a program can begin: functions that take and return nothing. */
  readonly entries: readonly string[];
  /** Whether a binary tells of the source that a compiler has made it of. */
  readonly isCompiled: boolean;
}

/** A question about a module. */
export interface ReadingJob {
  readonly asked: keyof Answers;
  readonly bytes: Uint8Array;
  readonly path: string;
  /** The folder in which the sources of tests are looked for. */
  readonly top?: string | undefined;
}

/** The answer to what was asked, or what is wrong with the module. */
export type Reading = Partial<Answers> & { readonly faults?: readonly ModuleFault[] };

parentPort?.on('message', async (job: ReadingJob) => {
  parentPort?.postMessage(await reading(job));
});

async function reading({ asked, bytes, path, top }: ReadingJob): Promise<Reading> {
  try {
    switch (asked) {
      case 'tests':
        return { tests: await readModuleTests(bytes, path, top) };
      case 'entries':
        return { entries: entriesOf(readDeclared(await readBinary(bytes, path))) };
      case 'isCompiled':
        return { isCompiled: isCompiled(readDeclared(bytes)) };
    }
  } catch (error) {
    if (!(error instanceof ModuleReadError)) throw error;
    return { faults: error.faults };
  }
}

function isCompiled(module: WasmModule): boolean {
  return tellsOfSource((name) => customSection(module, name) !== undefined);
}

function entriesOf(module: WasmModule): string[] {
  return module.exports
    .filter(({ kind, index }) => {
      const type = kind === 'function' ? module.functionType(index) : undefined;
      return type?.params.length === 0 && type.results.length === 0;
    })
    .map(({ name }) => name);
}
