import { type ColorChoice, type Paint, paintFor, type Style, wantsColors } from './colors.ts';
import { type Level, LogFilter, LogFilterError } from './log-filter.ts';
import type { Reports } from './report.ts';

/** The variables that hold a log filter, used if the command line has none. The first one that is set counts. */
const VARIABLES = ['LUNATIC_LOG', 'RUST_LOG'] as const;

const STDERR = 2;

const STYLES: Readonly<Record<Level, Style>> = {
  error: 'red',
  warn: 'yellow',
  info: 'green',
  debug: 'blue',
  trace: 'magenta',
};

/** The log of the runtime on standard error, a line for each event: `[WARN lunatic::process] Process 2 failed`. */
export class Log {
  readonly #reports: Reports;
  readonly #filter: LogFilter;
  readonly #paint: Paint;

  constructor(reports: Reports, filter: LogFilter, colors: boolean) {
    this.#reports = reports;
    this.#filter = filter;
    this.#paint = paintFor(colors);
  }

  allows(level: Level, target: string): boolean {
    return this.#filter.allows(level, target);
  }

  /** @param text makes the text. It is not called if the text would not be printed. Lines after the first are indented. */
  write(level: Level, target: string, text: () => string): void {
    if (!this.#filter.allows(level, target)) return;
    this.#reports.printLazily(() => this.#entry(level, target, text()));
  }

  /**
   * Writes a text that is made in the background, and which `allows` allows.
   * @param otherwise what is written if that takes too long
   */
  writeLater(level: Level, target: string, text: Promise<string>, otherwise: string): void {
    this.#reports.printLater(
      text.then((made) => this.#entry(level, target, made)),
      this.#entry(level, target, otherwise),
    );
  }

  /** Whether nobody reads what is written. */
  get isFull(): boolean {
    return this.#reports.isFull;
  }

  #entry(level: Level, target: string, text: string): string {
    const head = `[${this.#paint(STYLES[level], level.toUpperCase())} ${target}]`;
    return `${head} ${text.replaceAll('\n', '\n    ')}\n`;
  }
}

/** What a command line says about the log. */
export interface LogOptions {
  readonly log?: LogFilter;
  readonly color?: ColorChoice;
}

/** The log of a command, on standard error. */
export function openLog(reports: Reports, byDefault: Level, { log, color }: LogOptions): Log {
  const filter = chooseLogFilter(log, byDefault, process.env, (text) => reports.print(text));
  return new Log(reports, filter, wantsColors(STDERR, color));
}

/**
 * The log filter of the option `--log`, or else of an environment variable.
 * @param warn called with the reason if a variable is malformed: it may be meant for other programs
 */
export function chooseLogFilter(
  option: LogFilter | undefined,
  byDefault: Level,
  environment: NodeJS.ProcessEnv,
  warn: (text: string) => void,
): LogFilter {
  if (option !== undefined) return option;
  const fallback = LogFilter.atLevel(byDefault);
  const variable = VARIABLES.find((name) => (environment[name] ?? '') !== '');
  if (variable === undefined) return fallback;
  try {
    const filter = LogFilter.parse(environment[variable] ?? '');
    return filter.concernsRuntime ? filter : fallback;
  } catch (error) {
    if (!(error instanceof LogFilterError)) throw error;
    warn(`lunatic: ${variable} is ignored: ${error.message}\n`);
    return fallback;
  }
}
