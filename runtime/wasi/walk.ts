import { lstatSync, readlinkSync, type Stats } from 'node:fs';
import { type HostDirectory, PathError } from '../permissions/host-directory.ts';
import { sharedDatabases } from '../permissions/shared-databases.ts';

/** Symbolic links that one path may lead through, as on Linux. */
const MAX_LINKS = 40;
/** Components of one path together with those of its links. No honest path has more, and to follow these takes 10 ms. */
const MAX_COMPONENTS = 2048;
/** What the operating system is asked for each: to open, to look at and to close a directory. */
const STEP_REQUESTS = 2;

/** Charges a process for requests to the operating system. */
export interface WalkWork {
  chargeSystem(count: number): void;
}

const ON_WINDOWS = process.platform === 'win32';
/** Components that Windows takes for a drive, a stream, a device, several components, or the name of another file. */
const WINDOWS_NAME = /[\\:*?"<>|]|[. ]$|^(con|prn|aux|nul|com\d|lpt\d|conin\$|conout\$)(\.|$)/i;

/** When to follow a link that is the last component. */
export const Follow = {
  /** For functions that change the directory: the link itself is meant. */
  Never: 0,
  /** If the path says that it is a directory, as `link/` does. */
  Directories: 1,
  Always: 2,
} as const;
export type Follow = (typeof Follow)[keyof typeof Follow];

/**
 * Follows a path from a directory, component by component. Links are read and followed here, never by the operating
 * system, and `..` goes back to the directory that the walk came through. So the walk does not leave the directory where
 * it began, whatever is exchanged or renamed meanwhile:
 *
 *     refused with        the path, or a link on the way, ...
 *     EPERM               begins with /, or has more .. than leads back to the beginning
 *     ELOOP               leads through more than 40 links, or has more than 2048 components with theirs
 *     ENOENT              is empty
 *     EINVAL              has a NUL byte
 *
 * The walk ends before the last component: `name` in `directory`.
 */
export class Walk {
  /** The directory that the next component is in. */
  #directory: HostDirectory;
  /** The directory where the walk began and those that it came through, without the last one. */
  readonly #way: HostDirectory[] = [];
  /** The components that are left, the next one last. */
  readonly #left: string[] = [];
  readonly #work: WalkWork;
  #links = 0;
  #components = 0;
  #name = '.';
  #mustBeDirectory = false;

  /**
   * @param work charged for each component
   * @throws PathError, or an error of `node:fs`
   */
  constructor(start: HostDirectory, path: string, follow: Follow, work: WalkWork) {
    this.#directory = start;
    this.#work = work;
    try {
      if (path === '') throw new PathError('ENOENT', 'the path is empty');
      this.#push(path);
      this.#go();
      if (follow === Follow.Always || (follow === Follow.Directories && this.#mustBeDirectory))
        this.#followAll();
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** The directory that the last component is in. */
  get directory(): HostDirectory {
    return this.#directory;
  }

  /** The last component; `.` if the path leads to `directory` itself. */
  get name(): string {
    return this.#name;
  }

  /** Whether the path, or a link at its end that was followed, ends with a slash or a dot. */
  get mustBeDirectory(): boolean {
    return this.#mustBeDirectory;
  }

  /** The path of the last component, for functions that do not follow a link there. */
  get path(): string {
    this.#directory.check();
    return this.#directory.at(this.#name);
  }

  /** Returns the attributes of the last component; undefined if nothing is there. */
  look(): Stats | undefined {
    return lstatSync(this.path, { throwIfNoEntry: false });
  }

  /** Follows the link that is the last component. @throws EINVAL if it is not a link any more */
  followLink(): void {
    this.#expand(this.#name);
    this.#go();
  }

  close(): void {
    for (let from = this.#way.pop(); from !== undefined; from = this.#way.pop()) {
      this.#directory.close();
      this.#directory = from;
    }
  }

  #push(path: string): void {
    if (path.startsWith('/')) throw new PathError('EPERM', `${path} leads outside`);
    if (path.includes('\0')) throw new PathError('EINVAL', 'a path with a NUL byte');
    const before = this.#components;
    const components = path.split('/');
    const last = components[components.length - 1];
    // If the link is in the middle of the path, the components after it decide.
    if (this.#left.length === 0) this.#mustBeDirectory ||= last === '' || last === '.' || last === '..';
    for (let i = components.length - 1; i >= 0; i--) {
      const component = components[i] ?? '';
      if (component === '' || component === '.') continue;
      this.#left.push(component);
      this.#components++;
    }
    this.#work.chargeSystem(STEP_REQUESTS * (this.#components - before));
    if (this.#components > MAX_COMPONENTS) throw new PathError('ELOOP', 'the links make the path too long');
  }

  /** Goes on to the last component. */
  #go(): void {
    this.#name = '.';
    for (let next = this.#left.pop(); next !== undefined; next = this.#left.pop()) {
      if (ON_WINDOWS && next !== '..' && WINDOWS_NAME.test(next))
        throw new PathError('EINVAL', `${next} is not a name for a file`);
      if (next === '..') this.#back();
      else if (this.#left.length === 0) this.#name = next;
      else this.#enter(next);
    }
  }

  #back(): void {
    const from = this.#way.pop();
    if (from === undefined) throw new PathError('EPERM', 'the path leads outside');
    this.#directory.close();
    this.#directory = from;
  }

  #enter(name: string): void {
    const directory = this.#directory;
    try {
      this.#directory = directory.open(name);
      this.#way.push(directory);
    } catch (error) {
      if (!isNoDirectory(error)) throw error;
      if (lstatSync(directory.at(name), { throwIfNoEntry: false })?.isSymbolicLink() !== true) throw error;
      this.#expand(name);
    }
  }

  #expand(name: string): void {
    if (++this.#links > MAX_LINKS) throw new PathError('ELOOP', 'too many symbolic links');
    const directory = this.#directory;
    const target = readlinkSync(directory.at(name));
    directory.check();
    if (target === '') throw new PathError('ENOENT', 'a link to nothing');
    this.#push(ON_WINDOWS ? target.replaceAll('\\', '/') : target);
  }

  #followAll(): void {
    while (this.#name !== '.' && this.look()?.isSymbolicLink() === true) this.followLink();
  }
}

function isNoDirectory(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOTDIR' || error.code === 'ELOOP');
}

/** Refuses a path that leads to the index of a database's write-ahead log; see `SharedDatabases`. */
export function requireNoIndex(walk: Walk): void {
  if (sharedDatabases.isIndex(walk.name)) throw new PathError('EBUSY', 'databases have such files mapped');
}
