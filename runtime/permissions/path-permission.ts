import { lstatSync, realpathSync } from 'node:fs';
import { dirname, isAbsolute, relative, resolve, sep } from 'node:path';
import type { PreopenedDirectory } from './config.ts';

/** The answer to whether a process may open a host path. */
export type PathPermission =
  | {
      readonly granted: true;
      /** Absolute and without symbolic links. Open this one: the path as it was given may lead elsewhere later. */
      readonly path: string;
    }
  | {
      readonly granted: false;
      /** Absolute, with `.` and `..` resolved in the text. */
      readonly path: string;
    };

/**
 * Decides whether a process with these preopened directories may open a host path, for host functions that take host
 * paths themselves (abi 4.3: `sqlite::open`). The path must be inside one of them, or be one of them,
 *
 *  - as text, with `.` and `..` resolved without a look at the file system, and
 *  - with all symbolic links resolved: a path that is inside as text but leads outside is refused.
 *
 * Anything but a file or directory, such as a FIFO, is refused, since opening or reading it may wait for ever. So are a
 * symbolic link without a target and a path with a NUL byte. A path that does not exist yet is judged by its part that
 * does.
 *
 * The answer holds for this moment. Whoever opens the path later, or other files beside it, must keep in mind that a
 * process that can write to the directory may have put links into it since.
 *
 * @param path absolute, or relative to the current directory
 */
export function permissionFor(directories: readonly PreopenedDirectory[], path: string): PathPermission {
  const absolute = resolve(path);
  const refused = { granted: false, path: absolute } as const;
  if (path.includes('\0')) return refused;
  const real = realPathOf(absolute);
  if (real === undefined) return refused;
  for (const { hostPath } of directories) {
    const directory = resolve(hostPath);
    if (!isInside(directory, absolute)) continue;
    const realDirectory = realPathOf(directory);
    if (realDirectory?.kind === 'directory' && isInside(realDirectory.path, real.path)) {
      return { granted: true, path: real.path };
    }
  }
  return refused;
}

/** Returns whether `path` is `directory` or below it. Both are absolute and normalized. */
function isInside(directory: string, path: string): boolean {
  const way = relative(directory, path);
  return way === '' || !(way === '..' || way.startsWith(`..${sep}`) || isAbsolute(way));
}

interface RealPath {
  readonly path: string;
  readonly kind: 'file' | 'directory' | 'missing';
}

/** Resolves the symbolic links of a path. Returns undefined if that fails, or if it is neither a file nor a directory. */
function realPathOf(path: string): RealPath | undefined {
  let existing = path;
  // A link without a target exists: it ends the search, and cannot be resolved.
  while (isMissing(existing)) {
    const parent = dirname(existing);
    if (parent === existing) return undefined;
    existing = parent;
  }
  try {
    const real = realpathSync.native(existing);
    const stats = lstatSync(real);
    if (existing !== path) {
      if (!stats.isDirectory()) return undefined;
      return { path: resolve(real, relative(existing, path)), kind: 'missing' };
    }
    if (stats.isFile()) return { path: real, kind: 'file' };
    return stats.isDirectory() ? { path: real, kind: 'directory' } : undefined;
  } catch {
    return undefined;
  }
}

function isMissing(path: string): boolean {
  try {
    lstatSync(path);
    return false;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ENOENT';
  }
}
