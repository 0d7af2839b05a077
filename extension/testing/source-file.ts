import { existsSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';

/**
 * The file that a guest's compiler named, relative to a folder that only the compiler knew: most likely one of those
 * around the module.
 * @param module path of the module
 * @param top folder around which nothing is looked for
 */
export function sourceFile(
  named: string,
  module: string,
  top: string,
  exists: (path: string) => boolean = existsSync,
): string | undefined {
  if (isAbsolute(named)) return exists(named) ? named : undefined;
  for (let folder = dirname(module); ; folder = dirname(folder)) {
    const path = join(folder, named);
    if (exists(path)) return path;
    if (folder === top || folder === dirname(folder)) return undefined;
  }
}
