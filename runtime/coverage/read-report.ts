import * as v from 'valibot';
import { COVERAGE_VERSION, type CoverageReport } from './report.ts';

const Count = v.pipe(v.number(), v.integer(), v.minValue(0));
const Text = v.string();

const Report = v.object({
  version: v.literal(COVERAGE_VERSION),
  tests: v.array(v.object({ file: Text, name: Text, export: Text })),
  files: v.array(
    v.object({
      path: Text,
      exists: v.boolean(),
      lines: v.array(v.tuple([Count, Count])),
      functions: v.array(v.object({ name: Text, line: Count, hits: Count })),
      branches: v.array(v.object({ line: Count, column: Count, ways: v.array(Count) })),
      tests: v.array(v.tuple([Count, v.array(Count)])),
    }),
  ),
  unknown: v.array(Text),
});

/** A text is not what `--coverage=json` writes. The message says why. */
export class CoverageReadError extends Error {
  override readonly name = 'CoverageReadError';
  readonly code = 'LUNATIC_COVERAGE';
}

/** Reads what `--coverage=json` has written. @throws CoverageReadError */
export function readCoverage(text: string): CoverageReport {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new CoverageReadError('it is cut off, or no JSON', { cause });
  }
  const { success, output, issues } = v.safeParse(Report, value, { abortEarly: true });
  if (success) return output;
  const [{ message, path }] = issues;
  const where = path?.map(({ key }) => String(key)).join('.') ?? 'all of it';
  throw new CoverageReadError(`it is of another version of the runtime: ${where}: ${message}`);
}
