import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
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
  /** The file in which an option of the compiler makes it begin with the top level of its source, if there is one. */
  readonly config: string | undefined;

  /** @param others the functions with which it could begin */
  constructor(entry: string, others: readonly string[], config?: string) {
    const more = others.length > MAX_FUNCTIONS ? ', ...' : '';
    const listed = `${others.slice(0, MAX_FUNCTIONS).map(displayName).join(', ')}${more}`;
    const remedies = [
      ...(config === undefined ? [] : [TO_START]),
      ...(others.length === 0 ? [] : [`"entry" in a launch configuration can name another one: ${listed}`]),
    ];
    super(
      `A program begins with the exported function ${displayName(entry)}, which takes and returns nothing. This module has none. ${remedies.join(' ')}`.trim(),
    );
    this.config = config;
  }
}

const TO_START =
  'Export a function _start, or add "exportStart": "_start" to the options in asconfig.json: then it begins with the top level of its source.';

/**
 * Finds out whether a module can be read, and whether a program can begin with it.
 * @param entry the export that is called first
 * @throws ModuleReadError, NoEntryError, UnfitFileError, and the errors of `node:fs`
 */
export async function checkProgram(path: string, entry: string = START): Promise<void> {
  const entries = await checkModule(await readWorkspaceFile(path), path);
  if (entries.includes(entry)) return;
  throw new NoEntryError(entry, entries, entry === START ? configOf(path) : undefined);
}

/** The config of AssemblyScript's compiler that makes a module, which is beside the module or its folder. */
function configOf(module: string): string | undefined {
  const folder = dirname(module);
  return [folder, dirname(folder)].map((one) => join(one, 'asconfig.json')).find((file) => existsSync(file));
}
