import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CoverageReport, readCoverage } from '../../runtime/internal.ts';

/** Where `lunatic test` writes the coverage of one command. */
export class CoverageFile {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async create(): Promise<CoverageFile> {
    return new CoverageFile(await mkdtemp(join(tmpdir(), 'lunatic-coverage-')));
  }

  /** Options that let the command write it. */
  get options(): readonly string[] {
    return ['--coverage=json', `--coverage-file=${this.#path}`];
  }

  /**
   * Reads it, and removes the file.
   * @returns null if the command has not written it
   * @throws CoverageReadError
   */
  async take(): Promise<CoverageReport | null> {
    try {
      const text = await readFile(this.#path, 'utf8').catch(() => null);
      return text === null ? null : readCoverage(text);
    } finally {
      await rm(this.#folder, { recursive: true, force: true });
    }
  }

  get #path(): string {
    return join(this.#folder, 'coverage.json');
  }
}
