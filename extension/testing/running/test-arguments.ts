import { resolve } from 'node:path';

/** Which tests of a module are to run, and how. */
export interface TestRequest {
  /** Path of the module. */
  readonly file: string;
  /** Exports of the tests; null for all tests that are not ignored. */
  readonly exports: readonly string[] | null;
  /** Arguments of the tests. */
  readonly arguments: readonly string[];
  /** Further options of `lunatic test`. */
  readonly options: readonly string[];
  /** Seconds that a test may take; null for no limit. */
  readonly timeout: number | null;
  /** Maximum number of tests that run at the same time; null for no limit. */
  readonly jobs: number | null;
}

/** Maximum characters for the exports on a command line. Windows allows 32,767 for all of it. */
const MAX_LENGTH = 24_000;

/** Returns the command lines that run the requested tests: several if one would be too long. */
export function testArguments(request: TestRequest): string[][] {
  const { file, exports, options, timeout, jobs } = request;
  const before = [
    'test',
    ...options,
    '--reporter=json',
    '--color=never',
    ...(timeout === null ? [] : [`--timeout=${timeout}`]),
    ...(jobs === null ? [] : [`--jobs=${jobs}`]),
  ];
  const after = [file, ...(request.arguments.length === 0 ? [] : ['--', ...request.arguments])];
  if (exports === null) return [[...before, ...after]];
  // Tests that are named run even if they are marked as ignored.
  return chunks(exports.map((name) => `--export=${name}`)).map((names) => [
    ...before,
    '--include-ignored',
    ...names,
    ...after,
  ]);
}

/**
 * Returns the option for a directory of the settings, under the name that tests know it by. What names none is passed as it is, since
 * only the command knows what to refuse.
 * @param dir `HOST` or `HOST::GUEST`
 * @param folder what HOST counts from
 */
export function dirOption(dir: string, folder: string): string {
  const [host = ''] = dir.split('::', 1);
  if (host === '') return `--dir=${dir}`;
  return `--dir=${resolve(folder, host)}${host === dir ? `::${dir}` : dir.slice(host.length)}`;
}

function chunks(words: readonly string[]): string[][] {
  const all: string[][] = [];
  let length = Number.POSITIVE_INFINITY;
  for (const word of words) {
    if (length + word.length > MAX_LENGTH) {
      all.push([]);
      length = 0;
    }
    all.at(-1)?.push(word);
    length += word.length + 3;
  }
  return all;
}
