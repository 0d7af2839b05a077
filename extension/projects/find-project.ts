import { access } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { readAssemblyScriptProject } from './assemblyscript-project.ts';
import { readCargoProject } from './cargo-project.ts';
import { readLunaticFile } from './lunatic-file.ts';
import type { Project } from './project.ts';
import { isSingleSource, singleSource } from './single-source.ts';
import { readCMakeLists, readMakefile, readPackage } from './tool-projects.ts';

/** The files that make a folder a project, and what reads them. What says most about a program comes first. */
const PROJECT_FILES: readonly [name: string, read: (path: string) => Promise<Project | undefined>][] = [
  ['lunatic.json', readLunaticFile],
  ['Cargo.toml', readCargoProject],
  ['asconfig.json', readAssemblyScriptProject],
  ['CMakeLists.txt', readCMakeLists],
  ['Makefile', readMakefile],
  ['package.json', readPackage],
];

/** The names of the files that may make a folder a project. */
export const PROJECT_FILE_NAMES: readonly string[] = PROJECT_FILES.map(([name]) => name);

/**
 * Reads the project of a folder.
 * @throws ProjectError if what makes it a project cannot be read
 */
export async function projectIn(folder: string): Promise<Project | undefined> {
  for (const [name, read] of PROJECT_FILES) {
    const path = join(folder, name);
    if (!(await exists(path))) continue;
    const project = await read(path);
    if (project !== undefined) return project;
  }
  return undefined;
}

/**
 * Finds the project of a source: that of the nearest folder that is one, or the source itself.
 * @param top the outermost folder that is looked at
 * @param builds the folder for modules of sources that belong to no project
 * @param read reads the project of a folder
 * @throws ProjectError
 */
export async function projectOf(
  source: string,
  top: string,
  builds: string,
  read = projectIn,
): Promise<Project | undefined> {
  for (let folder = dirname(source); ; folder = dirname(folder)) {
    const project = await read(folder);
    if (project !== undefined) return project;
    if (folder === top || folder === dirname(folder)) break;
  }
  return isSingleSource(source) ? singleSource(source, builds) : undefined;
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}
