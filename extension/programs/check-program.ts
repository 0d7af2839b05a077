import { displayName } from '../../runtime/inspect/view/index.ts';
import { checkModule } from '../modules/read-apart.ts';
import { readWorkspaceFile } from '../modules/read-file.ts';
import { START } from '../modules/start.ts';

/** Functions of a module that a message lists. */
const MAX_FUNCTIONS = 8;

/** A module does not export the function with which a program is to begin: it may be a library. */
export class NoEntryError extends Error {
  override readonly name = 'NoEntryError';
  readonly code = 'LUNATIC_NO_ENTRY';

  constructor(entry: string, others: readonly string[]) {
    const more = others.length > MAX_FUNCTIONS ? ', ...' : '';
    const listed = `${others.slice(0, MAX_FUNCTIONS).map(displayName).join(', ')}${more}`;
    super(
      `A program begins with the exported function ${displayName(entry)}, which takes and returns nothing. This module has none.${
        others.length === 0 ? '' : ` "entry" in a launch configuration can name another one: ${listed}`
      }`,
    );
  }
}

/**
 * Finds out whether a module can be read, and whether a program can begin with it.
 * @param entry the export that is called first
 * @throws ModuleReadError, NoEntryError, UnfitFileError, and the errors of `node:fs`
 */
export async function checkProgram(path: string, entry: string = START): Promise<void> {
  const entries = await checkModule(await readWorkspaceFile(path), path);
  if (!entries.includes(entry)) throw new NoEntryError(entry, entries);
}
