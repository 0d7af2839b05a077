import { constants } from 'node:fs';
import { open } from 'node:fs/promises';

/** Bytes of the largest file that is read. */
export const MAX_SIZE = 256 * 2 ** 20;

/** Something is not read: it is no file, or too large a one. */
export class UnfitFileError extends Error {
  override readonly name = 'UnfitFileError';
  readonly code = 'LUNATIC_UNFIT_FILE';
}

/**
 * Reads a file of a workspace, which may have anything under the name of a module: reading a pipe would keep one of the few threads
 * that read for all extensions, and reading a device might never end.
 * @throws UnfitFileError, and the errors of `node:fs`
 */
export async function readWorkspaceFile(path: string, most = MAX_SIZE): Promise<Uint8Array> {
  const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    const stats = await file.stat();
    if (!stats.isFile()) throw new UnfitFileError(`${path} is not a file`);
    if (stats.size > most) throw new UnfitFileError(`${path} is too large`);
    return await file.readFile();
  } finally {
    await file.close();
  }
}
