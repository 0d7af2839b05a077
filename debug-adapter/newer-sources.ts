import { stat } from 'node:fs/promises';

/** Milliseconds by which files of one checkout may differ. */
const TOLERANCE = 2000;

/**
 * Notices sources that have been changed after the program was built: lines and variables are those of the older source then.
 * This is told once, of the first of them.
 */
export class NewerSources {
  readonly #program: string | null;
  readonly #tell: (path: string) => void;
  readonly #known = new Set<string>();
  #hasTold = false;

  /**
   * @param program path of the module
   * @param tell gets the path of the first source that is newer
   */
  constructor(program: string | null, tell: (path: string) => void) {
    this.#program = program;
    this.#tell = tell;
  }

  /** Looks at a source that is shown. */
  async look(path: string): Promise<void> {
    if (this.#program === null || path === this.#program || this.#hasTold || this.#known.has(path)) return;
    this.#known.add(path);
    try {
      const [source, program] = await Promise.all([stat(path), stat(this.#program)]);
      if (source.mtimeMs <= program.mtimeMs + TOLERANCE || this.#hasTold) return;
    } catch {
      // What is not there is not newer.
      return;
    }
    this.#hasTold = true;
    this.#tell(path);
  }
}
