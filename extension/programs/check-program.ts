import { displayName } from '../../runtime/inspect/view/index.ts';
import { checkModule } from '../modules/read-apart.ts';
import { readWorkspaceFile } from '../modules/read-file.ts';
import { START } from './entries.ts';

/** Functions of a module that a message lists. */
const MAX_FUNCTIONS = 8;

/** A module does not export the function with which a program is to begin: it may be a library. */
export class NoEntryError extends Error {
  override readonly name = 'NoEntryError';
  readonly code = 'LUNATIC_NO_ENTRY';

  constructor(entry: string, functions: readonly string[]) {
    const more = functions.length > MAX_FUNCTIONS ? ', ...' : '';
    const others = `${functions.slice(0, MAX_FUNCTIONS).map(displayName).join(', ')}${more}`;
    super(
      `A program begins with the function ${displayName(entry)}, which this module does not export. ` +
        (functions.length === 0
          ? 'It exports no function at all.'
          : `It exports ${others}. "entry" in a launch configuration can name one of them.`),
    );
  }
}

/**
 * Finds out whether a module can be read, and whether a program can begin with it.
 * @param entry the export that is called first
 * @throws ModuleReadError, NoEntryError, UnfitFileError, and the errors of `node:fs`
 */
export async function checkProgram(path: string, entry: string = START): Promise<void> {
  const functions = await checkModule(await readWorkspaceFile(path), path);
  if (!functions.includes(entry)) throw new NoEntryError(entry, functions);
}
