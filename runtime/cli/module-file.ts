/** Modules in files that are too large to be held in memory all the time while they are loaded. */
import { readFileSync, statSync } from 'node:fs';
import { readModuleFile } from './load.ts';

/** The bytes of a module from which on it is worth reading the file twice. */
const LARGE = 2 ** 25;

/** A file that was written within so many milliseconds could be written again and tell the same time. */
const SETTLED = 3000;

/** What a file tells of the time when its contents were written. */
interface State {
  readonly ino: bigint;
  readonly size: bigint;
  readonly mtimeNs: bigint;
  readonly mtimeMs: bigint;
}

export interface ModuleFile {
  readonly bytes: Uint8Array;
  /**
   * Reads the same bytes once more; undefined if the module is small, or if nobody could tell whether the file had changed.
   * @throws FileChanged
   */
  readonly again?: () => Uint8Array;
}

/** A file is another one than it was when it was read. */
export class FileChanged extends Error {
  override readonly name = 'FileChanged';
  readonly code = 'LUNATIC_FILE_CHANGED';
}

/**
 * Loads the module of a file. If the file changes meanwhile, it is read and loaded again.
 * @throws CommandError, and what `load` throws
 */
export async function whileUnchanged<T>(path: string, load: (file: ModuleFile) => T): Promise<T> {
  const file = await readLargeFile(path);
  try {
    return load(file);
  } catch (error) {
    if (!(error instanceof FileChanged)) throw error;
    return load({ bytes: await readModuleFile(path) });
  }
}

/** Reads a module, and remembers how the file was. */
export async function readLargeFile(path: string, large = LARGE): Promise<ModuleFile> {
  const before = stateOf(path);
  const bytes = await readModuleFile(path);
  // A text module is not what the file holds.
  if (before === null || bytes.length < large || BigInt(bytes.length) !== before.size) return { bytes };
  if (Date.now() - Number(before.mtimeMs) < SETTLED) return { bytes };
  return { bytes, again: () => readAgain(path, before) };
}

function readAgain(path: string, before: State): Uint8Array {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw new FileChanged(`${path} cannot be read any more`, { cause: error });
  }
  const now = stateOf(path);
  if (now?.ino !== before.ino || now.size !== before.size || now.mtimeNs !== before.mtimeNs)
    throw new FileChanged(`${path} has changed`);
  return bytes;
}

/** Null if there is none: reading the file tells why. */
function stateOf(path: string): State | null {
  try {
    return statSync(path, { bigint: true });
  } catch {
    return null;
  }
}
