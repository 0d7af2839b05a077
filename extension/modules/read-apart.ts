/**
 * Reads modules in a thread of their own. Whoever wrote a module may have made it so that reading it never ends, and all other
 * extensions run in this thread.
 */
import { HelperError, HelperThread } from '../../runtime/internal.ts';
import type { ModuleTests } from '../testing/finding/read-module-tests.ts';
import { ModuleReadError } from './module-error.ts';
import type { ModuleEntries, Reading, ReadingJob } from './module-reader.ts';

/** Milliseconds that reading one module may take. The largest take some seconds. */
const TIME_LIMIT = 20_000;

/** Tells the bundled script of the thread; missing where nothing is bundled. */
declare const moduleReaderScript: (() => string) | undefined;

const thread = new HelperThread<ReadingJob, Reading>(() =>
  typeof moduleReaderScript === 'undefined'
    ? new URL('./module-reader.ts', import.meta.url)
    : moduleReaderScript(),
);

/**
 * The same as `readModuleTests`.
 * @param limit milliseconds that it may take
 * @throws ModuleReadError
 */
export async function readTestsApart(
  bytes: Uint8Array,
  path: string,
  { top, limit = TIME_LIMIT }: { readonly top?: string | undefined; readonly limit?: number } = {},
): Promise<ModuleTests> {
  const reading = await read({ bytes, path, tests: true, top }, limit);
  return 'tests' in reading ? reading : { tests: [], sources: [] };
}

/**
 * Finds out whether a module can be read. A text module is assembled.
 * @returns the names of its exports with which a program can begin
 * @throws ModuleReadError
 */
export async function checkModule(bytes: Uint8Array, path: string): Promise<readonly string[]> {
  const reading = await read({ bytes, path, tests: false }, TIME_LIMIT);
  return 'entries' in reading ? reading.entries : [];
}

async function read(job: ReadingJob, limit: number): Promise<ModuleTests | ModuleEntries> {
  let reading: Reading;
  try {
    reading = await thread.run(job, limit);
  } catch (error) {
    if (!(error instanceof HelperError)) throw error;
    throw new ModuleReadError([{ message: `It cannot be read: ${error.message}` }], error);
  }
  if ('faults' in reading) throw new ModuleReadError(reading.faults, undefined);
  return reading;
}
