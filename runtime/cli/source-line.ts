import { constants } from 'node:fs';
import { access, open, realpath, stat } from 'node:fs/promises';
import { dirname, extname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import type { SourcePlace } from '../symbols/symbols.ts';

/** A line of a source, not fit to be displayed yet. */
export interface SourceLine {
  /** What stands before the place, and from there on. */
  readonly before: string;
  readonly after: string;
  /** Whether the file was written after the module: then the line may be another one. */
  readonly isNewer: boolean;
}

/** Larger files are no sources that somebody wrote. */
export const MAX_SIZE = 4 * 2 ** 20;

/** Characters of a line around the place that are kept. */
const MAX_BEFORE = 1000;
const MAX_AFTER = 1000;

/** Milliseconds by which a source may be younger than its module: they may have been unpacked together. */
const AGE_ERROR = 2000;

/** Names of what is source code in some language. Other files may hold secrets, and modules name whatever they like. */
export const SOURCES = new Set(
  (
    '.rs .c .h .cc .cpp .cxx .c++ .hh .hpp .hxx .inc .ipp .m .mm .ts .mts .cts .js .mjs .cjs .as .wat .wast .s .zig .go .swift .kt ' +
    '.scala .java .cs .fs .hs .ml .mli .nim .d .f .f90 .grain .mbt .rb .py .lua .v .vala .adb .ads .pas .pp .lisp .scm'
  ).split(' '),
);

/** Files that are in the topmost folder of a package. */
export const PACKAGE_FILES = [
  'Cargo.toml',
  'package.json',
  'asconfig.json',
  'CMakeLists.txt',
  'build.zig',
  'go.mod',
];

/** Folders around that of the module in which its package is looked for: cargo puts modules four folders deep. */
export const MAX_FOLDERS = 8;

/**
 * Reads the line of a place. The path is whatever a module says, for which nobody vouches. So only plain files of source code are
 * read, below the current folder, that of the module, and that of its package.
 * @param module path of its file; null if it has none
 */
export async function readSourceLine(place: SourcePlace, module: string | null): Promise<SourceLine | null> {
  const folders = [process.cwd(), ...(module === null ? [] : await foldersOf(module))];
  for (const candidate of sourceCandidates(place.file, folders)) {
    const path = await permittedPath(candidate, folders);
    const file = path === null ? null : await readPlainFile(path);
    if (file === null) continue;
    const isNewer = module !== null && file.time > (await stat(module)).mtimeMs + AGE_ERROR;
    return lineIn(file.bytes, place, isNewer);
  }
  return null;
}

/** The line of a place in a text. */
export function lineOfText(text: string, { line, column }: SourcePlace): SourceLine | null {
  let start = 0;
  for (let number = 1; number < line; number++) {
    start = text.indexOf('\n', start) + 1;
    if (start === 0) return null;
  }
  const end = text.indexOf('\n', start);
  const at = start + Math.max(0, column - 1);
  const all = end < 0 ? text.length : end;
  if (start > all || at > all) return null;
  return cut(text.slice(start, at), text.slice(at, all), false);
}

/** Columns of debug information count bytes. */
function lineIn(bytes: Buffer, { line, column }: SourcePlace, isNewer: boolean): SourceLine | null {
  let start = 0;
  for (let number = 1; number < line; number++) {
    start = bytes.indexOf(0x0a, start) + 1;
    if (start === 0) return null;
  }
  if (start >= bytes.length) return null;
  const end = bytes.indexOf(0x0a, start);
  const all = end < 0 ? bytes.length : end;
  const at = Math.min(all, start + Math.max(0, column - 1));
  return cut(bytes.toString('utf8', start, at), bytes.toString('utf8', at, all), isNewer);
}

function cut(before: string, after: string, isNewer: boolean): SourceLine {
  return { before: before.slice(-MAX_BEFORE), after: after.slice(0, MAX_AFTER).replace(/\r$/, ''), isNewer };
}

/** The folder of a module, and those around it up to that of its package, if it is in one. */
async function foldersOf(module: string): Promise<string[]> {
  const own = dirname(module);
  const folders: string[] = [];
  for (let folder = own; folders.length < MAX_FOLDERS; folder = dirname(folder)) {
    folders.push(folder);
    for (const name of PACKAGE_FILES) if (await exists(join(folder, name))) return folders;
    if (folder === dirname(folder)) break;
  }
  return [own];
}

/** Where a file may be that a compiler has named. */
export function sourceCandidates(file: string, folders: readonly string[]): string[] {
  // On Windows a path on another machine, which it would log in to.
  if (file.includes('\0') || /^[\\/]{2}/.test(file)) return [];
  return isAbsolute(file) ? [resolve(file)] : folders.map((folder) => resolve(folder, file));
}

/** Where a path leads to; null if that is none of the folders, hidden, or no source. */
async function permittedPath(path: string, folders: readonly string[]): Promise<string | null> {
  const real = await realpath(path).catch(() => null);
  if (real === null || !SOURCES.has(extname(real).toLowerCase())) return null;
  for (const folder of folders) {
    if (isBelow(real, await realpath(folder).catch(() => folder))) return real;
  }
  return null;
}

/** Whether a file is below a folder, and not hidden there. Both are where their paths lead to. */
export function isBelow(real: string, folder: string): boolean {
  const inside = relative(folder, real);
  return inside !== '' && !isAbsolute(inside) && !inside.split(sep).some((part) => part.startsWith('.'));
}

async function readPlainFile(path: string): Promise<{ bytes: Buffer; time: number } | null> {
  // Opening a device may do something already, and reading from a pipe may never end.
  if (!(await stat(path)).isFile()) return null;
  const { O_RDONLY, O_NONBLOCK = 0, O_NOFOLLOW = 0 } = constants;
  const file = await open(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW);
  try {
    const { size, mtimeMs, isFile } = await infoOf(file);
    if (!isFile || size > MAX_SIZE) return null;
    const bytes = Buffer.alloc(size);
    const { bytesRead } = await file.read(bytes, 0, size, 0);
    return { bytes: bytes.subarray(0, bytesRead), time: mtimeMs };
  } finally {
    await file.close();
  }
}

async function infoOf(file: Awaited<ReturnType<typeof open>>) {
  const info = await file.stat();
  return { size: info.size, mtimeMs: info.mtimeMs, isFile: info.isFile() };
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}
