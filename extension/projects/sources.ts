import { basename, dirname, relative } from 'node:path';
import { isInside } from './files.ts';

/** Files that modules are made of. */
const SOURCE = /\.(rs|ts|c|cc|cpp|cxx|h|hh|hpp|hxx|wat|toml|json)$|[\\/](Makefile|CMakeLists\.txt)$/i;

/** Whether a file may be one that modules are made of, by its name. */
export function isSource(path: string): boolean {
  return SOURCE.test(path);
}

/** Files of projects whose tools may compile any language. */
const ANY_LANGUAGE = new Set(['lunatic.json', 'Makefile', 'CMakeLists.txt', 'package.json']);
/** Folders of what was made or installed, and those of editors and version control. */
const NO_SOURCES = /(^|[\\/])(target|build|dist|node_modules|\.[^\\/]*)[\\/]/;

/**
 * Whether a program of a project may be made of a file: a source in its folder or, since a crate depends on others beside it, anywhere
 * in the folder of the workspace. Where the project does not say which compiler there is, any file counts that is not in a folder for
 * what was made.
 * @param project path of the file that makes the project
 * @param top the folder of the workspace, if it is in one
 */
export function isMadeOf(project: string, file: string, top: string | undefined): boolean {
  const folder = basename(project) === 'Cargo.toml' ? (top ?? dirname(project)) : dirname(project);
  if (!isInside(file, folder)) return false;
  if (isSource(file)) return true;
  return ANY_LANGUAGE.has(basename(project)) && !NO_SOURCES.test(relative(folder, file));
}
