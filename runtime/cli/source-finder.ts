import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { dirname, extname, join, resolve } from 'node:path';
import { isBelow, MAX_FOLDERS, MAX_SIZE, PACKAGE_FILES, SOURCES, sourceCandidates } from './source-line.ts';

/**
 * Finds whole sources at once, while a command ends. As for `readSourceLine`, the paths are whatever modules say: only plain files of
 * source code count, below the current folder, those of the modules, and those of their packages.
 */
export class SourceFinder {
  readonly #folders = new Set<string>([process.cwd()]);

  /** @param path of a module */
  addModule(path: string): void {
    const own = dirname(resolve(path));
    const folders: string[] = [];
    for (let folder = own; folders.length < MAX_FOLDERS; folder = dirname(folder)) {
      folders.push(folder);
      if (PACKAGE_FILES.some((name) => existsSync(join(folder, name)))) {
        for (const each of folders) this.#folders.add(each);
        return;
      }
      if (folder === dirname(folder)) break;
    }
    this.#folders.add(own);
  }

  /** The path of a source; null if there is none here. */
  find(file: string): string | null {
    for (const candidate of sourceCandidates(file, [...this.#folders])) {
      const path = this.#permitted(candidate);
      if (path !== null) return path;
    }
    return null;
  }

  /** The text of a source that was found; null if it cannot be read. */
  read(path: string): string | null {
    const permitted = this.#permitted(path);
    try {
      return permitted === null ? null : readFileSync(permitted, 'utf8');
    } catch {
      return null;
    }
  }

  #permitted(path: string): string | null {
    try {
      const real = realpathSync(path);
      if (!SOURCES.has(extname(real).toLowerCase())) return null;
      const info = statSync(real);
      if (!info.isFile() || info.size > MAX_SIZE) return null;
      return [...this.#folders].some((folder) => isBelow(real, realFolder(folder))) ? real : null;
    } catch {
      return null;
    }
  }
}

/** Where a folder is; its path if it is gone, which nothing is below. */
function realFolder(folder: string): string {
  try {
    return realpathSync(folder);
  } catch {
    return folder;
  }
}
