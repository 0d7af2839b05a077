import type { SelectedTest } from '../../testing/index.ts';
import { printable } from '../../text/printable.ts';
import { JsonReporter } from './json.ts';
import { JunitReporter } from './junit.ts';
import { PrettyReporter } from './pretty.ts';
import type { Reporter, ReporterName, ReporterOptions } from './reporter.ts';
import { TerseReporter } from './terse.ts';

/** The reporters, which print the results of tests. */
export { REPORTERS, type Reporter, type ReporterName, type ReporterOptions } from './reporter.ts';

const CLASSES: Readonly<Record<ReporterName, new (options: ReporterOptions) => Reporter>> = {
  pretty: PrettyReporter,
  terse: TerseReporter,
  junit: JunitReporter,
  json: JsonReporter,
};

export function createReporter(name: ReporterName, options: ReporterOptions): Reporter {
  return new CLASSES[name](options);
}

/** The list of tests in the format of Rust's test harness. */
export function testList(tests: readonly SelectedTest[]): string {
  return tests.map(({ test }) => `${printable(test.name)}: test\n`).join('');
}
