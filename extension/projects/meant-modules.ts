import { parse } from 'node:path';
import { checkModule } from '../modules/read-apart.ts';
import { readWorkspaceFile } from '../modules/read-file.ts';
import { START } from '../modules/start.ts';

/** What tells which of the modules of a build is run. */
export interface ModuleHints {
  /** The source in the editor, or the one that the user has started. */
  readonly source?: string | undefined;
  /** The path of the module that was chosen before. */
  readonly chosen?: string | undefined;
  /** The export with which the program begins, if it is another one than usual. */
  readonly entry?: string | undefined;
}

/**
 * Finds the modules of a build that may be meant. Those that are programs and have the name of the source come first, as `tool.wasm` of
 * `tool.c`, then the chosen one, then all programs.
 * @param modules their paths, the newest first
 * @returns one if it is clear which one is meant; also if none is a program: the newest
 */
export async function meantModules(
  modules: readonly string[],
  { source, chosen, entry = START }: ModuleHints,
): Promise<readonly string[]> {
  if (modules.length <= 1) return modules;
  const programs = (paths: readonly string[]) => programsAmong(paths, entry);
  const name = source === undefined ? undefined : parse(source).name;
  const named = await programs(modules.filter((path) => parse(path).name === name));
  if (named.length === 1) return named;
  const possible = named.length > 0 ? named : modules;
  const kept = await programs(possible.filter((path) => path === chosen));
  if (kept.length > 0) return kept;
  const found = named.length > 0 ? named : await programs(modules);
  return found.length > 0 ? found : modules.slice(0, 1);
}

/** Those of some modules that export the function with which a program begins. One that cannot be read is none. */
async function programsAmong(paths: readonly string[], entry: string): Promise<string[]> {
  const found: string[] = [];
  for (const path of paths) {
    const entries = await readWorkspaceFile(path)
      .then((bytes) => checkModule(bytes, path))
      .catch((): string[] => []);
    if (entries.includes(entry)) found.push(path);
  }
  return found;
}
