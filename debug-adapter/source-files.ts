import { realpath, stat } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, resolve, sep } from 'node:path';

/** Folders around that of a module in which relative paths are looked for: cargo puts modules four folders deep. */
const MAX_FOLDERS = 8;

/** Whether a path is on another machine, which Windows would log in to. */
export function isRemote(path: string): boolean {
  return /^[\\/]{2}/.test(path);
}

/** Finds the source files that modules name on this machine. */
export class SourceFiles {
  readonly #map: readonly (readonly [from: string, to: string])[];
  readonly #folders: readonly string[];
  readonly #found = new Map<string, Promise<string | null>>();
  readonly #real = new Map<string, Promise<string>>();
  /** By real path: the path under which the client has opened the file. */
  readonly #spelling = new Map<string, string>();

  /**
   * @param map folders or files as modules name them, and where they are here
   * @param module path of the program; relative paths of sources count from its folder, or from one around it
   */
  constructor(map: Readonly<Record<string, string>>, module: string | null) {
    const entries = Object.entries(map).map(([from, to]) => [plain(withoutEnd(from)), to] as const);
    this.#map = entries.sort(([a], [b]) => b.length - a.length);
    this.#folders = module === null ? [] : foldersAround(module);
  }

  /** The path of a source file; null if it is not on this machine. */
  find(file: string): Promise<string | null> {
    let found = this.#found.get(file);
    if (found === undefined) {
      found = this.#search(file);
      this.#found.set(file, found);
    }
    return found;
  }

  /** The client has opened this file, and calls it so. */
  async open(path: string): Promise<void> {
    this.#spelling.set(await this.#realPath(path), path);
  }

  /** Whether a module means this file by one of its names. */
  async isSame(file: string, path: string): Promise<boolean> {
    // Most of thousands are told apart without a look at them. A folder of `map` may be a file.
    const isMapped = this.#map.some(([from]) => isSamePath(from, plain(file)));
    if (!isMapped && !sameText(lastPart(file), basename(path))) return false;
    const found = await this.find(file);
    return found !== null && (await this.#realPath(found)) === (await this.#realPath(path));
  }

  async #search(file: string): Promise<string | null> {
    const mapped = this.#mapped(plain(file));
    // Another machine is asked only if the author of the map has named it.
    const remote = mapped !== null && isRemote(mapped.to) ? mapped.path : null;
    const others = this.#candidates(file);
    for (const candidate of mapped === null ? others : [mapped.path, ...others]) {
      if ((isRemote(candidate) && candidate !== remote) || !(await isFile(candidate))) continue;
      return this.#spelling.get(await this.#realPath(candidate)) ?? candidate;
    }
    return null;
  }

  #candidates(file: string): string[] {
    if (isAbsolute(file)) return [resolve(file)];
    // Compilers on Windows write relative paths otherwise than those of this machine.
    const name = sep === '/' ? file.replaceAll('\\', '/') : file;
    const names = name === file ? [file] : [file, name];
    return this.#folders.flatMap((folder) => names.map((candidate) => resolve(folder, candidate)));
  }

  /** Where the map says that a file is; null if it says nothing. */
  #mapped(file: string): { readonly path: string; readonly to: string } | null {
    const found = this.#map.find(([from]) => isSamePath(from, file) || isInside(file, from));
    if (found === undefined) return null;
    const [from, to] = found;
    return { path: join(to, file.slice(from.length)), to };
  }

  #realPath(path: string): Promise<string> {
    let real = this.#real.get(path);
    if (real === undefined) {
      real = realpath(path).catch(() => resolve(path));
      this.#real.set(path, real);
    }
    return real;
  }
}

function foldersAround(module: string): string[] {
  const folders: string[] = [];
  for (let folder = dirname(module); folders.length < MAX_FOLDERS; folder = dirname(folder)) {
    folders.push(folder);
    if (folder === dirname(folder)) break;
  }
  return folders;
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

function isInside(file: string, folder: string): boolean {
  return isSamePath(file.slice(0, folder.length), folder) && /^[\\/]/.test(file.slice(folder.length));
}

/** A path of Windows, whichever slashes stand in it. */
const OF_WINDOWS = /^(?:[A-Za-z]:[\\/]|\\\\)/;

/** A path as it is compared: compilers on Windows mix both slashes. */
function plain(path: string): string {
  return OF_WINDOWS.test(path) ? path.replaceAll('\\', '/') : path;
}

/** Windows does not tell large letters from small ones. */
function isSamePath(a: string, b: string): boolean {
  return a === b || (/^(?:[A-Za-z]:|\/)\//.test(a) && sameText(a, b));
}

function withoutEnd(folder: string): string {
  return folder.length > 1 ? folder.replace(/[\\/]$/, '') : folder;
}

/** The name of a file. Compilers on Windows write other paths than those of this machine. */
export function lastPart(file: string): string {
  return /[^\\/]*$/.exec(file)?.[0] ?? file;
}

function sameText(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}
