import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, isAbsolute, join, resolve } from 'node:path';

/** A program of the operating system is not found, or is none that can be run. */
export class ProgramNotFoundError extends Error {
  override readonly name = 'ProgramNotFoundError';
  readonly code = 'LUNATIC_PROGRAM_NOT_FOUND';
}

/** Windows finds programs by these when a name has no extension. */
const EXTENSIONS = process.platform === 'win32' ? ['', '.exe', '.com'] : [''];

/**
 * Finds programs of the operating system: a name in the `PATH` of this OS process, anything else as a path. This is done
 * once, so that a program cannot be put in the place of another while a guest runs.
 * @returns absolute paths by the names that guests use: the one given, and the path itself
 * @throws ProgramNotFoundError
 */
export function findPrograms(names: readonly string[]): ReadonlyMap<string, string> {
  const programs = new Map<string, string>();
  for (const name of names) {
    const isPath = isAbsolute(name) || name.includes('/') || name.includes('\\');
    const path = isPath ? executable(resolve(name)) : findInPath(name);
    if (path === undefined) {
      throw new ProgramNotFoundError(
        isPath ? `'${name}' is not a program that can be run` : `Program '${name}' not found in the PATH`,
      );
    }
    programs.set(name, path);
    programs.set(path, path);
  }
  return programs;
}

/**
 * Returns the folders of a `PATH` in which programs are looked for. Those that depend on the current directory are left out: for
 * OS programs, that is a directory where guests may write.
 */
export function searchPath(path: string): string[] {
  return path.split(delimiter).filter((folder) => isAbsolute(folder));
}

function findInPath(name: string): string | undefined {
  for (const folder of searchPath(process.env['PATH'] ?? '')) {
    const found = executable(resolve(join(folder, name)));
    if (found !== undefined) return found;
  }
  return undefined;
}

function executable(path: string): string | undefined {
  for (const extension of EXTENSIONS) {
    const file = path + extension;
    try {
      accessSync(file, constants.X_OK);
      if (statSync(file).isFile()) return file;
    } catch {
      // The next one may be there.
    }
  }
  return undefined;
}
