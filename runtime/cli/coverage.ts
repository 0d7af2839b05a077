import { accessSync, constants, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { CoverageCollector } from '../coverage/collector.ts';
import { htmlOf } from '../coverage/html.ts';
import { lcovOf } from '../coverage/lcov.ts';
import { type CoverageReport, percent, totalsOf } from '../coverage/report.ts';
import { coverageTable, type Grade } from '../coverage/table.ts';
import type { Coverage } from '../kernel/coverage.ts';
import { makeFolder } from '../projects/make-folder.ts';
import { jsonText } from '../text/json-text.ts';
import { printable } from '../text/printable.ts';
import { openModuleSymbols } from '../wat/open-module-symbols.ts';
import type { Paint, Style } from './colors.ts';
import type { CoverageFlags, CoverageFormat } from './coverage-options.ts';
import { messageOf } from './error-text.ts';
import { UsageError } from './load.ts';
import { SourceFinder } from './source-finder.ts';

/** The folder for files with coverage, and their names. */
const FOLDER = 'coverage';
const FILES: Readonly<Record<CoverageFormat, string | null>> = {
  text: null,
  lcov: 'lcov.info',
  json: 'coverage.json',
  html: 'index.html',
};

const STYLES: Readonly<Record<Grade, Style>> = { low: 'red', fair: 'yellow', high: 'green' };

/** Where a command prints. */
export interface CoverageOutput {
  /** What was asked for. */
  print(text: string): void;
  /** What else there is to say. */
  say(text: string): void;
  readonly paint: Paint;
  /** Whether programs read it, who know where the coverage is. */
  readonly isForPrograms?: boolean;
}

/**
 * Makes the folder of the file to which coverage is to be written.
 * @throws UsageError if the file cannot be written
 */
export function prepareCoverage(flags: CoverageFlags): void {
  const file = fileOf(flags);
  if (file === null) return;
  try {
    if (file === '') throw new Error('it names no file');
    const found = statSync(file, { throwIfNoEntry: false });
    if (found?.isDirectory()) throw new Error('it is a directory');
    if (found === undefined) makeFolder(dirname(file));
    accessSync(found === undefined ? dirname(file) : file, constants.W_OK);
  } catch (error) {
    throw new UsageError(`The coverage cannot be written to '${file}': ${messageOf(error)}`, {
      cause: error,
    });
  }
}

/** Where the coverage is written; null for standard output. */
function fileOf({ coverage: format = 'text', coverageFile }: CoverageFlags): string | null {
  return coverageFile ?? (FILES[format] === null ? null : join(FOLDER, FILES[format]));
}

/** Collects the coverage of what a command runs, and writes it. Nothing of it may throw but for want of room. */
export class CommandCoverage {
  readonly #flags: CoverageFlags;
  readonly #collector: CoverageCollector;
  readonly #sources = new SourceFinder();
  #isWritten = false;

  /** @param pathOf tells the file of the module that is being loaded */
  constructor(flags: CoverageFlags, pathOf: () => string | null) {
    this.#flags = flags;
    this.#collector = new CoverageCollector({
      all: flags.coverageAll ?? false,
      symbolsOf: ({ bytes }) => {
        const path = pathOf();
        if (path !== null) this.#sources.addModule(path);
        return openModuleSymbols(bytes, path);
      },
      pathOf,
    });
  }

  /** What the runtime needs for it. */
  get coverage(): Coverage {
    return this.#collector.coverage;
  }

  get collector(): CoverageCollector {
    return this.#collector;
  }

  /** Writes what has been executed. Does nothing if that has been done before. */
  write(output: CoverageOutput): void {
    if (this.#isWritten) return;
    this.#isWritten = true;
    const report = this.#collector.report((file) => this.#sources.find(file));
    for (const module of report.unknown)
      output.say(
        `no lines are known of ${printable(module)}, so its functions count by their names, those of libraries too: ` +
          'build it with debug information (-g, or debug = true)\n',
      );
    const { coverage: format = 'text' } = this.#flags;
    const file = fileOf(this.#flags);
    if (file === null) {
      output.print(`\n${coverageTable(report, (grade, text) => output.paint(STYLES[grade], text))}`);
      return;
    }
    try {
      makeFolder(dirname(file));
      writeFileSync(file, this.#textOf(report, format));
    } catch (error) {
      output.say(`the coverage could not be written: ${messageOf(error)}\n`);
      return;
    }
    const { lines, functions } = totalsOf(report.files);
    if (output.isForPrograms) return;
    const executed =
      lines.total > 0
        ? `${percent(lines)} of ${lines.total} lines`
        : `${percent(functions)} of ${functions.total} functions`;
    output.say(`${executed} executed; the coverage is in ${printable(file)}\n`);
  }

  #textOf(report: CoverageReport, format: CoverageFormat): string {
    switch (format) {
      case 'text':
        return coverageTable(report, (_, text) => text);
      case 'lcov':
        return lcovOf(report);
      case 'json':
        return `${jsonText(report)}\n`;
      case 'html':
        return htmlOf(report, (path) => this.#sources.read(path));
    }
  }
}
