import { readdir, stat } from 'node:fs/promises';
import { isAbsolute, join, relative } from 'node:path';

/** Folders in which there is nothing that a person wrote or means to run. */
const SKIPPED: ReadonlySet<string> = new Set(['node_modules', '.git', 'deps', 'incremental', 'CMakeFiles']);
/** Files that are looked at, at most. */
const MAX_FILES = 20_000;

export interface FoundFile {
  readonly path: string;
  /** Milliseconds since 1970. */
  readonly modified: number;
}

/** Finds the newest file in a folder, and in those inside of it, whose name matches. */
export async function newestFile(folder: string, names: RegExp): Promise<FoundFile | undefined> {
  const [newest] = await filesByAge(folder, names);
  return newest;
}

/** Finds the files in a folder, and in those inside of it, whose names match: the newest first. */
export async function filesByAge(folder: string, names: RegExp): Promise<readonly FoundFile[]> {
  const found: FoundFile[] = [];
  let left = MAX_FILES;
  const folders = [folder];
  for (let at = folders.pop(); at !== undefined && left > 0; at = folders.pop()) {
    const entries = await readdir(at, { withFileTypes: true }).catch(() => []);
    for (const entry of entries) {
      left--;
      const path = join(at, entry.name);
      if (entry.isDirectory() && !SKIPPED.has(entry.name)) folders.push(path);
      if (!entry.isFile() || !names.test(entry.name)) continue;
      const modified = await modifiedAt(path);
      if (modified !== undefined) found.push({ path, modified });
    }
  }
  return found.sort((a, b) => b.modified - a.modified);
}

/** When a file was last written, in milliseconds since 1970. Undefined if there is none. */
export async function modifiedAt(path: string): Promise<number | undefined> {
  const found = await stat(path).catch(() => undefined);
  return found?.isFile() ? found.mtimeMs : undefined;
}

/** Whether a file is in a folder, or in one inside of it. */
export function isInside(file: string, folder: string): boolean {
  const path = relative(folder, file);
  return !/^\.\.([\\/]|$)/.test(path) && !isAbsolute(path);
}
