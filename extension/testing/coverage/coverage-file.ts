import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CoverageReadError, type CoverageReport, readCoverage } from '../../../runtime/internal.ts';
import { readWorkspaceFile, UnfitFileError } from '../../modules/read-file.ts';

/** Bytes of the largest file that is read: all extensions wait meanwhile. */
const MAX_SIZE = 64 * 2 ** 20;

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
    return ['--coverage=json', `--coverage-file=${this.path}`];
  }

  /** @throws CoverageReadError, also if the command has not written it */
  async read(): Promise<CoverageReport> {
    const bytes = await readWorkspaceFile(this.path, MAX_SIZE).catch((cause: unknown) => {
      const why =
        cause instanceof UnfitFileError ? 'it has more than 64 MiB' : 'the runtime has written none';
      throw new CoverageReadError(why, { cause });
    });
    return readCoverage(new TextDecoder().decode(bytes));
  }

  async remove(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }

  get path(): string {
    return join(this.#folder, 'coverage.json');
  }
}
