import { existsSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';

/**
 * Finds a source file that a guest's compiler named. The name is relative to a folder that only the compiler knew, most likely
 * one that contains the module.
 * @param module path of the module
 * @param top the outermost folder of the search
 */
export function sourceFile(
  named: string,
  module: string,
  top: string,
  exists: (path: string) => boolean = existsSync,
): string | undefined {
  // On Windows a path on another machine, which looking would log in to.
  if (/^[\\/]{2}/.test(named)) return undefined;
  if (isAbsolute(named)) return exists(named) ? named : undefined;
  for (let folder = dirname(module); ; folder = dirname(folder)) {
    const path = join(folder, named);
    if (exists(path)) return path;
    if (folder === top || folder === dirname(folder)) return undefined;
  }
}
