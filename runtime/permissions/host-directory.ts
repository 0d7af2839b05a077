import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  lstatSync,
  openSync,
  realpathSync,
  type Stats,
  statfsSync,
  statSync,
} from 'node:fs';
import { sep } from 'node:path';
import { hostDescriptors } from './host-descriptors.ts';

/**
 * A directory of the host as guests reach it: one name at a time, and never through a symbolic link.
 *
 * Node has no `openat`, but on Linux a path can begin at an open descriptor: for `/proc/self/fd/7/name` the kernel goes
 * straight to the directory of descriptor 7, wherever that may have been moved, and looks up one name there. So
 * nothing that is exchanged or renamed on the way can lead out. On systems without `/proc`, directories are known by
 * their paths, and each use compares the directory with the one that was found first (`PathDirectory`). That protects
 * against whatever a guest itself can do, but does not notice another program that exchanges directories in just the
 * right microsecond.
 */
export interface HostDirectory {
  /**
   * Returns the path of an entry for `node:fs`. Only for functions that do not follow a link there.
   * @param name one component, or `.` for the directory itself
   */
  at(name: string): string;
  /** Opens a directory in it. @throws ENOTDIR if the entry is anything else, even a symbolic link */
  open(name: string): HostDirectory;
  /** Takes hold of an entry of whatever kind. A symbolic link is not followed. */
  entry(name: string): HostEntry;
  /** Creates a file that must not exist yet and returns its descriptor. @param flags of `open` */
  create(name: string, flags: number): number;
  /** Must be called right before `at` is used. @throws EPERM if another directory has taken its place */
  check(): void;
  close(): void;
}

/** An entry of a directory. It must be closed, or turned into a directory. */
export interface HostEntry {
  readonly stats: Stats;
  /** Returns the directory that it is, which takes the entry's place. */
  directory(): HostDirectory;
  /** Opens the file that it is, and returns its descriptor. @param flags of `open` */
  file(flags: number): number;
  close(): void;
}

/** A path is refused, with the code that an operating system would give. */
export class PathError extends Error {
  override readonly name = 'PathError';
  readonly code: string;

  constructor(code: string, message: string) {
    super(`${code}: ${message}`);
    this.code = code;
  }
}

/** Linux's `O_PATH`, which Node does not name: a descriptor that only stands for an entry of whatever kind. */
const O_PATH = 0o10000000;
const { O_CREAT, O_EXCL, O_TRUNC } = constants;
/** Undefined on Windows, although the types do not say so. */
const O_DIRECTORY = constants.O_DIRECTORY ?? 0;
const O_NOFOLLOW = constants.O_NOFOLLOW ?? 0;
/** `open` must not wait, and no terminal may become this process's own. */
const AT_ONCE = (constants.O_NONBLOCK ?? 0) | (constants.O_NOCTTY ?? 0);
/** Permissions of a new file, before the `umask`. */
const FILE_MODE = 0o666;
/** The type that `statfs` gives for procfs. */
const PROC_SUPER_MAGIC = 0x9fa0;

/**
 * Device number of `/proc`, whose files are doors into this very process; null if there is none, undefined before it was
 * looked for.
 */
let procDevice: number | null | undefined;

function findProc(): number | null {
  if (process.platform !== 'linux') return null;
  try {
    const fd = openSync('/', O_PATH | O_DIRECTORY);
    try {
      // Something else may be mounted there, or it may be closed to this process.
      if (statfsSync('/proc/self/fd').type !== PROC_SUPER_MAGIC) return null;
      const { dev, ino } = statSync(`/proc/self/fd/${fd}/.`);
      const root = statSync('/');
      return dev === root.dev && ino === root.ino ? statSync('/proc').dev : null;
    } finally {
      closeSync(fd);
    }
  } catch {
    return null;
  }
}

/** Whether a path can begin at an open descriptor: `/proc/self/fd/7`. */
export function hasProc(): boolean {
  if (procDevice === undefined) procDevice = findProc();
  return procDevice !== null;
}

/**
 * Opens a directory by a path of the host. Links in it are followed.
 * @throws the error of `node:fs`, or EACCES for a directory in `/proc`
 */
export function openHostDirectory(path: string): HostDirectory {
  return hasProc() ? AnchoredDirectory.at(path) : PathDirectory.at(path);
}

/** Returns a descriptor that was opened for a guest, or closes it if the runtime needs the last ones itself. */
function permitted(fd: number): number {
  if (hostDescriptors.permits(fd)) return fd;
  closeSync(fd);
  throw tooMany();
}

function tooMany(): PathError {
  return new PathError('ENFILE', 'too many files are open');
}

function refuseProc(stats: Stats): void {
  if (stats.dev === procDevice) throw new PathError('EACCES', 'nothing in /proc can be opened');
}

/** A directory on Linux: an open descriptor. */
class AnchoredDirectory implements HostDirectory {
  readonly #fd: number;

  constructor(fd: number) {
    this.#fd = fd;
  }

  static at(path: string): AnchoredDirectory {
    return AnchoredDirectory.#checked(openSync(path, O_PATH | O_DIRECTORY));
  }

  static #checked(opened: number): AnchoredDirectory {
    const fd = permitted(opened);
    try {
      refuseProc(fstatSync(fd));
      return new AnchoredDirectory(fd);
    } catch (error) {
      closeSync(fd);
      throw error;
    }
  }

  at(name: string): string {
    return `/proc/self/fd/${this.#fd}/${name}`;
  }

  open(name: string): HostDirectory {
    return AnchoredDirectory.#checked(openSync(this.at(name), O_PATH | O_DIRECTORY | O_NOFOLLOW));
  }

  entry(name: string): HostEntry {
    return new AnchoredEntry(permitted(openSync(this.at(name), O_PATH | O_NOFOLLOW)));
  }

  create(name: string, flags: number): number {
    if (!hostDescriptors.haveRoom) throw tooMany();
    return openSync(this.at(name), flags | O_CREAT | O_EXCL | O_NOFOLLOW | AT_ONCE, FILE_MODE);
  }

  check(): void {}

  close(): void {
    closeSync(this.#fd);
  }
}

class AnchoredEntry implements HostEntry {
  readonly stats: Stats;
  readonly #fd: number;

  constructor(fd: number) {
    this.#fd = fd;
    try {
      this.stats = fstatSync(fd);
      refuseProc(this.stats);
    } catch (error) {
      closeSync(fd);
      throw error;
    }
  }

  directory(): HostDirectory {
    return new AnchoredDirectory(this.#fd);
  }

  file(flags: number): number {
    // This opens the very file that was looked at: the last link of this path is the kernel's own.
    return permitted(openSync(`/proc/self/fd/${this.#fd}`, flags | AT_ONCE));
  }

  close(): void {
    closeSync(this.#fd);
  }
}

/** What tells one directory or file from another. */
interface Identity {
  readonly dev: bigint;
  readonly ino: bigint;
}

/** A directory on other systems: its path, and which directory was found there. */
export class PathDirectory implements HostDirectory {
  readonly #path: string;
  readonly #identity: Identity;

  constructor(path: string, identity: Identity) {
    this.#path = path;
    this.#identity = identity;
  }

  static at(path: string): PathDirectory {
    const real = realpathSync.native(path);
    const stats = lstatSync(real, { bigint: true });
    if (!stats.isDirectory()) throw new PathError('ENOTDIR', `${path} is not a directory`);
    return new PathDirectory(real, stats);
  }

  at(name: string): string {
    return this.#path.endsWith(sep) ? `${this.#path}${name}` : `${this.#path}${sep}${name}`;
  }

  open(name: string): HostDirectory {
    const path = this.at(name);
    const stats = lstatSync(path, { bigint: true });
    this.check();
    if (!stats.isDirectory()) throw new PathError('ENOTDIR', `${name} is not a directory`);
    return name === '.' ? new PathDirectory(this.#path, stats) : new PathDirectory(path, stats);
  }

  entry(name: string): HostEntry {
    const path = name === '.' ? this.#path : this.at(name);
    const identity = lstatSync(path, { bigint: true });
    const stats = lstatSync(path);
    this.check();
    return {
      stats,
      directory: () => new PathDirectory(path, identity),
      file: (flags) => {
        const fd = openSync(path, (flags & ~O_TRUNC) | O_NOFOLLOW | AT_ONCE);
        try {
          requireSame(fstatSync(fd, { bigint: true }), identity);
          if ((flags & O_TRUNC) !== 0) ftruncateSync(fd, 0);
          return fd;
        } catch (error) {
          closeSync(fd);
          throw error;
        }
      },
      close() {},
    };
  }

  create(name: string, flags: number): number {
    this.check();
    const fd = openSync(this.at(name), flags | O_CREAT | O_EXCL | O_NOFOLLOW | AT_ONCE, FILE_MODE);
    try {
      this.check();
      return fd;
    } catch (error) {
      closeSync(fd);
      throw error;
    }
  }

  check(): void {
    requireSame(lstatSync(this.#path, { bigint: true }), this.#identity);
  }

  close(): void {}
}

function requireSame(found: Identity, expected: Identity): void {
  if (found.dev === expected.dev && found.ino === expected.ino) return;
  throw new PathError('EPERM', 'something else has taken the place of a directory or file that was in use');
}
