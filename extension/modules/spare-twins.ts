import { stat } from 'node:fs/promises';
import { isCompiled } from './read-apart.ts';
import { readWorkspaceFile } from './read-file.ts';

/** What was found out of a binary, when it was last changed before. */
interface Known {
  readonly modified: number;
  readonly size: number;
  readonly isCompiled: Promise<boolean>;
}

/** What is known of the binaries that have a text beside them, by path. */
const known = new Map<string, Known>();

/**
 * Of a text and a binary of one name beside each other, one was made of the other: finds the one that need not be offered. A compiler has
 * written both if the binary tells of its source; otherwise somebody has assembled the text.
 * @param paths of modules that exist
 */
export async function spareTwins(paths: Iterable<string>): Promise<ReadonlySet<string>> {
  const all = new Set(paths);
  const spare = new Set<string>();
  for (const text of all) {
    const binary = twinOf(text);
    if (/\.wat$/i.test(text) && all.has(binary)) spare.add((await tellsOfSource(binary)) ? text : binary);
  }
  return spare;
}

/** The path that a module's twin has, if there is one: of a text the binary's, of a binary the text's. */
export function twinOf(path: string): string {
  return path.replace(/\.[^.]*$/, /\.wat$/i.test(path) ? '.wasm' : '.wat');
}

/** Whether a binary tells of its source. That of a large one takes long to read, so it is kept until the binary changes. */
async function tellsOfSource(path: string): Promise<boolean> {
  const file = await stat(path).catch(() => undefined);
  if (file === undefined) {
    known.delete(path);
    return false;
  }
  const { mtimeMs: modified, size } = file;
  const before = known.get(path);
  if (before?.modified === modified && before.size === size) return await before.isCompiled;
  const answer = readWorkspaceFile(path)
    .then((bytes) => isCompiled(bytes, path))
    // What cannot be read is of no use; its text may be.
    .catch(() => false);
  known.set(path, { modified, size, isCompiled: answer });
  return await answer;
}
