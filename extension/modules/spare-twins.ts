import { customSection, tellsOfSource } from '../../runtime/internal.ts';
import { readDeclared } from './module-error.ts';
import { readWorkspaceFile } from './read-file.ts';

/**
 * Of a text and a binary of one name beside each other, one was made of the other: finds those that need not be offered, too. A compiler has
 * written both if the binary tells of its source; otherwise somebody has assembled the text.
 * @param paths of modules
 */
export async function spareTwins(paths: Iterable<string>): Promise<ReadonlySet<string>> {
  const all = new Set(paths);
  const spare = new Set<string>();
  for (const text of all) {
    const binary = text.replace(/\.wat$/i, '.wasm');
    if (binary !== text && all.has(binary)) spare.add((await isCompiled(binary)) ? text : binary);
  }
  return spare;
}

async function isCompiled(path: string): Promise<boolean> {
  try {
    const module = readDeclared(await readWorkspaceFile(path));
    return tellsOfSource((name) => customSection(module, name) !== undefined);
  } catch {
    // What cannot be read is of no use; its text may be.
    return false;
  }
}
