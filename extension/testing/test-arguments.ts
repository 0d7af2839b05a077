/** What of a module's tests is to run, and how. */
export interface TestRequest {
  /** Path of the module. */
  readonly file: string;
  /** Exports of the tests; null for all that are not ignored. */
  readonly exports: readonly string[] | null;
  /** What the tests get. */
  readonly arguments: readonly string[];
  /** Further options of `lunatic test`. */
  readonly options: readonly string[];
  /** Seconds that a test may take; null for as long as it likes. */
  readonly timeout: number | null;
  /** Tests at the same time; null for all. */
  readonly jobs: number | null;
}

/** Characters of a command line's exports: Windows takes 32,767 in all. */
const MAX_LENGTH = 24_000;

/** Command lines that run what is requested: several where one would be too long. */
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
  // All that are named are wanted, whatever their marks say.
  return chunks(exports.map((name) => `--export=${name}`)).map((names) => [
    ...before,
    '--include-ignored',
    ...names,
    ...after,
  ]);
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
