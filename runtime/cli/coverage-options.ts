import { type Command, Option } from 'commander';

/** The forms in which coverage is written. */
export const COVERAGE_FORMATS = ['text', 'lcov', 'json', 'html'] as const;
export type CoverageFormat = (typeof COVERAGE_FORMATS)[number];

/** What a command line says about coverage. */
export interface CoverageFlags {
  /** Undefined for none. */
  readonly coverage?: CoverageFormat;
  /** Where it is written; undefined for the usual place. */
  readonly coverageFile?: string;
  /** Whether code of libraries counts as well. */
  readonly coverageAll?: boolean;
}

export function withCoverageOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--coverage [format]',
        'tell which lines, functions and branches of the sources were executed, as =FORMAT; --coverage alone prints a table',
      ).choices(COVERAGE_FORMATS),
    )
    .option(
      '--coverage-file <file>',
      'where to write it; default: standard output for text, else lcov.info, coverage.json or index.html in the folder coverage',
    )
    .option('--coverage-all', 'count code of libraries, too', false)
    .hook('preAction', (_, acting) => checkTogether(acting));
}

/** Ends the command if options say how to tell coverage that nobody has asked for. */
function checkTogether(command: Command): void {
  const { coverage, coverageFile, coverageAll } = command.opts<CoverageFlags>();
  if (coverage !== undefined) return;
  const name = coverageFile !== undefined ? '--coverage-file <file>' : coverageAll ? '--coverage-all' : null;
  if (name !== null) command.error(`error: option '${name}' needs '--coverage'`);
}

/**
 * Gives a `--coverage` without a format that of people, so that the word after it is not taken for its value.
 * @returns the command line with that change
 */
export function withCoverageFormat(args: readonly string[]): string[] {
  const end = args.indexOf('--');
  return args.map((word, i) => (word === '--coverage' && (end < 0 || i < end) ? '--coverage=text' : word));
}
