import { closeSync, constants, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { basename, dirname, extname, isAbsolute, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Companion, ReadCompanion } from './companions.ts';

/** Larger files are not read. */
const MAX_SIZE = 2 ** 31;

/**
 * Finds the companions of a module in the file system. What a module names is looked for beside it, and where it says; only plain
 * files of this machine are read.
 * @param path of the module
 */
export function companionFiles(path: string): ReadCompanion {
  return (companion) => {
    for (const candidate of candidates(resolve(path), companion)) {
      const bytes = readPlainFile(candidate);
      if (bytes !== null) return bytes;
    }
    return null;
  };
}

function candidates(module: string, { kind, path, folder }: Companion): string[] {
  const beside = dirname(module);
  if (kind === 'package') {
    const bare = module.slice(0, module.length - extname(module).length);
    return [`${bare}.dwp`, `${module}.dwp`];
  }
  const named = localPath(path);
  if (named === null) return [];
  const from = kind === 'split unit' && isAbsolute(folder) ? folder : beside;
  // The module may have been moved, or built on another machine, together with its companions.
  return [resolve(from, named), join(beside, basename(named))].filter(isLocal);
}

/** The path that a URL or path means; null if it is on another machine. */
function localPath(text: string): string | null {
  try {
    if (/^file:/i.test(text)) return fileURLToPath(text);
    // A drive of Windows is no scheme.
    if (/^[a-z][a-z\d+.-]+:/i.test(text)) return null;
    return decodeURI(text);
  } catch {
    return text;
  }
}

/** Whether a path does not name another machine, which Windows would log in to. */
function isLocal(path: string): boolean {
  return !/^[\\/]{2}/.test(path);
}

/**
 * What a file holds; null if it cannot be read, is empty, or is a pipe or device, which may never end. What the system makes up when it
 * is read, as in `/proc`, has no size, and some of it can be waited for without end: the thread could not even be ended.
 */
export function readPlainFile(path: string): Uint8Array | null {
  let file = -1;
  try {
    // Opening a device may do something already.
    if (!statSync(path).isFile()) return null;
    const { O_RDONLY, O_NONBLOCK = 0 } = constants;
    file = openSync(path, O_RDONLY | O_NONBLOCK);
    const stat = fstatSync(file);
    if (!stat.isFile() || stat.size === 0 || stat.size >= MAX_SIZE) return null;
    const bytes = Buffer.allocUnsafeSlow(stat.size);
    let length = 0;
    for (let read = -1; read !== 0 && length < bytes.length; length += read)
      read = readSync(file, bytes, length, bytes.length - length, length);
    return bytes.subarray(0, length);
  } catch {
    return null;
  } finally {
    if (file >= 0) closeSync(file);
  }
}
