/** Levels of log lines, the most severe first. */
export const LEVELS = ['error', 'warn', 'info', 'debug', 'trace'] as const;
export type Level = (typeof LEVELS)[number];

/** The text of a log filter is malformed. The message is for the user. */
export class LogFilterError extends Error {
  override readonly name = 'LogFilterError';
  readonly code = 'LUNATIC_LOG_FILTER';
}

interface Directive {
  /** The beginning of the targets that it applies to. Empty: all targets. */
  readonly target: string;
  /** The number of levels that are logged, counted from the most severe. */
  readonly levels: number;
}

/** The beginning of this runtime's targets. */
const OURS = 'lunatic';

/** Decides which log lines are printed, as `RUST_LOG` does: the longest target that fits counts. */
export class LogFilter {
  readonly #directives: readonly Directive[];

  constructor(directives: readonly Directive[]) {
    this.#directives = [...directives].sort((a, b) => b.target.length - a.target.length);
  }

  static atLevel(level: Level): LogFilter {
    return new LogFilter([{ target: '', levels: LEVELS.indexOf(level) + 1 }]);
  }

  /**
   * Reads `level`, `target=level` or `target`, or several of these with commas between them. Levels are those of `LEVELS` and
   * `off`. Everything after a `/` is ignored: upstream's logger searches the text for it.
   * @throws LogFilterError
   */
  static parse(text: string): LogFilter {
    const [list = ''] = text.split('/', 1);
    const words = list.split(',').map((word) => word.trim());
    return new LogFilter(words.filter((word) => word !== '').map(parseDirective));
  }

  /** Whether the filter names a target of this runtime. One that is meant only for guests does not. */
  get concernsRuntime(): boolean {
    return this.#directives.some(({ target }) => target === '' || target.startsWith(OURS));
  }

  allows(level: Level, target: string): boolean {
    const directive = this.#directives.find((candidate) => target.startsWith(candidate.target));
    return directive !== undefined && LEVELS.indexOf(level) < directive.levels;
  }
}

function parseDirective(word: string): Directive {
  const [target = '', level, more] = word.split('=');
  if (level === undefined) {
    const levels = countLevels(target);
    if (levels !== null) return { target: '', levels };
    if (isTarget(target)) return { target: ownTarget(target), levels: LEVELS.length };
  } else if (more === undefined && isTarget(target)) {
    const levels = countLevels(level);
    if (levels !== null) return { target: ownTarget(target), levels };
  }
  throw new LogFilterError(
    `'${word}' is not a log filter: write a level (off, ${LEVELS.join(', ')}) or target=level, as in lunatic::process=debug`,
  );
}

function isTarget(text: string): boolean {
  return /^[\w:-]+$/.test(text);
}

/** Upstream's targets are the names of its crates: its `lunatic_process` is `lunatic::process` here. */
function ownTarget(target: string): string {
  return target.replace(/^lunatic_/, 'lunatic::');
}

function countLevels(text: string): number | null {
  const name = text.toLowerCase();
  if (name === 'off') return 0;
  const index = (LEVELS as readonly string[]).indexOf(name);
  return index < 0 ? null : index + 1;
}
