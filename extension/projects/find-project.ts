import { stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { readAssemblyScriptProject } from './assemblyscript-project.ts';
import { readCrate } from './cargo-project.ts';
import { readLunaticFile } from './lunatic-file.ts';
import { type Project, ProjectError } from './project.ts';
import { isSingleSource, singleSource } from './single-source.ts';
import { readCMakeLists, readMakefile, readPackage } from './tool-projects.ts';

/** The files that make a folder a project, and what reads them. What says most about a program comes first. */
const PROJECT_FILES: readonly [name: string, read: (path: string) => Promise<Project | undefined>][] = [
  ['lunatic.json', readLunaticFile],
  ['Cargo.toml', readCrate],
  ['asconfig.json', readAssemblyScriptProject],
  ['CMakeLists.txt', readCMakeLists],
  ['Makefile', readMakefile],
  ['package.json', readPackage],
];

/** Bytes of the largest file that is read: all extensions wait meanwhile. */
const MAX_SIZE = 4 * 2 ** 20;

/** The names of the files that may make a folder a project. */
export const PROJECT_FILE_NAMES: readonly string[] = PROJECT_FILES.map(([name]) => name);

/**
 * Reads the project of a folder.
 * @throws ProjectError if what makes it a project cannot be read
 */
export async function projectIn(folder: string): Promise<Project | undefined> {
  for (const name of PROJECT_FILE_NAMES) {
    const project = await readProject(join(folder, name));
    if (project !== undefined) return project;
  }
  return undefined;
}

/**
 * Reads the project that a file makes.
 * @returns undefined if there is no such file, and if it makes none
 * @throws ProjectError
 */
async function readProject(path: string): Promise<Project | undefined> {
  const [, read] = PROJECT_FILES.find(([name]) => name === basename(path)) ?? [];
  const found = await stat(path).catch(() => undefined);
  if (read === undefined || !found?.isFile()) return undefined;
  if (found.size > MAX_SIZE) throw new ProjectError(`${path} is not read: it has more than 4 MiB`);
  try {
    return await read(path);
  } catch (error) {
    if (error instanceof ProjectError) throw error;
    throw new ProjectError(`${path}: ${error instanceof Error ? error.message : error}`, undefined, {
      cause: error,
    });
  }
}

/**
 * The project that a file makes: one such as `Cargo.toml`, or a single source.
 * @param builds the folder for modules of single sources
 * @throws ProjectError
 */
export async function projectFrom(file: string, builds: string): Promise<Project | undefined> {
  return (await readProject(file)) ?? (isSingleSource(file) ? await singleSource(file, builds) : undefined);
}

/**
 * Finds the project of a source: that of the nearest folder that is one, or the source itself.
 * @param top the outermost folder that is looked at
 * @param builds the folder for modules of single sources
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
  return isSingleSource(source) ? await singleSource(source, builds) : undefined;
}
