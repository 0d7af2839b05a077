/**
 * Reads modules in a thread of their own. Whoever wrote a module may have made it so that reading it never ends, and all other
 * extensions run in this thread.
 */
import { HelperError, HelperThread } from '../../runtime/internal.ts';
import type { ModuleTests } from '../testing/finding/read-module-tests.ts';
import { ModuleReadError } from './module-error.ts';
import type { Answers, Reading, ReadingJob } from './module-reader.ts';

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
  { top, limit }: { readonly top?: string | undefined; readonly limit?: number } = {},
): Promise<ModuleTests> {
  return await ask('tests', { bytes, path, top }, limit);
}

/**
 * Finds out whether a module can be read. A text module is assembled.
 * @returns the names of its exports with which a program can begin
 * @throws ModuleReadError
 */
export async function checkModule(bytes: Uint8Array, path: string): Promise<readonly string[]> {
  return await ask('entries', { bytes, path });
}

/**
 * Finds out whether a binary tells of the source that a compiler has made it of.
 * @throws ModuleReadError
 */
export async function isCompiled(bytes: Uint8Array, path: string): Promise<boolean> {
  return await ask('isCompiled', { bytes, path });
}

async function ask<Asked extends keyof Answers>(
  asked: Asked,
  module: Omit<ReadingJob, 'asked'>,
  limit = TIME_LIMIT,
): Promise<Answers[Asked]> {
  let reading: Reading;
  try {
    reading = await thread.run({ ...module, asked }, limit);
  } catch (error) {
    if (!(error instanceof HelperError)) throw error;
    throw new ModuleReadError([{ message: `It cannot be read: ${error.message}` }], error);
  }
  const answers: Partial<Answers> = reading;
  const answer = answers[asked];
  if (answer === undefined) throw new ModuleReadError(reading.faults ?? [], undefined);
  return answer;
}
