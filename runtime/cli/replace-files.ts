import {
  closeSync,
  fsyncSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { makeFolder } from '../projects/make-folder.ts';
import { CommandError } from './load.ts';

/** A file and its new content. */
export interface NewContent {
  readonly path: string;
  readonly text: string;
}

/** A file that has been written under a temporary name. */
interface Pending {
  readonly from: string;
  readonly to: string;
}

const NEW_FILE_MODE = 0o666;

/**
 * Replaces files. All new ones are first written beside the old ones, and take their places only when every one is safe on
 * the disk. Until then nothing has changed, so nothing is lost on a full or read-only disk.
 * @throws CommandError
 */
export function replaceFiles(files: readonly NewContent[]): void {
  const pending: Pending[] = [];
  const madeFolders: string[] = [];
  let path = '';
  try {
    for (const file of files) {
      path = file.path;
      const made = makeFolder(dirname(path));
      if (made !== undefined) madeFolders.push(made);
      pending.push(writeBeside(file));
    }
    for (const { from, to } of pending) {
      path = to;
      renameSync(from, to);
    }
  } catch (error) {
    for (const { from } of pending) rmSync(from, { force: true });
    for (const folder of madeFolders) rmSync(folder, { recursive: true, force: true });
    const reason = error instanceof Error ? error.message : String(error);
    throw new CommandError(`${path} cannot be written: ${reason}`, { cause: error });
  }
}

function writeBeside({ path, text }: NewContent): Pending {
  // The target of a link is replaced, and not the link.
  const old = statSync(path, { throwIfNoEntry: false });
  const to = old === undefined ? path : realpathSync(path);
  const from = `${to}.${process.pid}.tmp`;
  try {
    const fd = openSync(from, 'wx', old === undefined ? NEW_FILE_MODE : old.mode & 0o777);
    try {
      const bytes = Buffer.from(text);
      for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    rmSync(from, { force: true });
    throw error;
  }
  return { from, to };
}
