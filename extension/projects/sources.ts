import { basename, dirname } from 'node:path';
import { isInside } from './files.ts';

/** Files that modules are made of. */
const SOURCE = /\.(rs|ts|c|cc|cpp|cxx|h|hh|hpp|hxx|wat|toml|json)$|[\\/](Makefile|CMakeLists\.txt)$/i;

/** Whether a file may be one that modules are made of, by its name. */
export function isSource(path: string): boolean {
  return SOURCE.test(path);
}

/**
 * Whether a program of a project may be made of a file: a source in its folder or, since a crate depends on others beside it, anywhere
 * in the folder of the workspace.
 * @param project path of the file that makes the project
 * @param top the folder of the workspace, if it is in one
 */
export function isMadeOf(project: string, file: string, top: string | undefined): boolean {
  if (!isSource(file)) return false;
  const folder = basename(project) === 'Cargo.toml' ? (top ?? dirname(project)) : dirname(project);
  return isInside(file, folder);
}
