/**
 * Runs scripts of the command with the code that V8 compiled of them in an earlier run.
 *
 * Node's own cache is filled before a script runs, so it has none of the functions that V8 compiles when they are first
 * called. Compiling these takes most of the time in which a small program starts.
 */
import { lstatSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Script } from 'node:vm';
import { cacheFolder } from './cache-folder.ts';
import { checksumOf, DIGEST_SIZE } from './checksum.ts';
import { isPrivateFolder, makePrivateFolder, readPrivate, writePrivate } from './private-files.ts';

/** A hash of the scripts, put here by the build: V8 only compares their lengths. */
declare const SCRIPTS_HASH: string;

/** The number of files that are kept. Each build has some ten, with each version of Node, with flags and without. */
const MOST_KEPT = 32;
/** How the names of files begin that were made here: see `keptFile`. The folder may have others, which are the user's own. */
const OWN_NAME = /^[0-9a-f]{64}-v\d/;

interface ScriptOptions<Exports> {
  /** What the script does this time, by which its code is kept; null if its code is not to be kept. */
  readonly name: string | null;
  /** Gets what the script imports. */
  readonly require: (id: string) => unknown;
  /**
   * Called at the end with the code of the exit.
   * @returns whether V8 has compiled what the same takes the next time
   */
  readonly isWorthKeeping: (exports: Exports, code: number) => boolean;
}

/**
 * @param path a script that the build has made: a function that gets its module and `require`
 * @returns what it exports
 */
export function runScript<Exports>(path: string, options: ScriptOptions<Exports>): Exports {
  const kept = options.name === null ? null : keptFile(process.env, options.name);
  const cachedData = kept === null ? undefined : read(kept);
  const source = readFileSync(path);
  const text = source.toString('latin1');
  free(source);
  const script = new Script(text, {
    filename: path,
    ...(cachedData === undefined ? {} : { cachedData }),
  });
  if (cachedData !== undefined) free(cachedData);
  const module = {
    exports: {} as Exports,
    get url() {
      return pathToFileURL(path).href;
    },
  };
  script.runInThisContext()(module, options.require);
  const { exports } = module;
  if (kept !== null && (cachedData === undefined || script.cachedDataRejected === true)) {
    process.once('exit', (code) => {
      if (options.isWorthKeeping(exports, code)) keep(kept, script.createCachedData());
    });
  }
  return exports;
}

/** Frees memory at once that nobody uses any more. In a small program, the collector would never find it. */
function free({ buffer }: Buffer): void {
  if (buffer instanceof ArrayBuffer) buffer.transfer(0);
}

/** The file of a script, this Node, and with flags or without: with others, V8 does not take it. */
function keptFile(environment: NodeJS.ProcessEnv, name: string): string | null {
  const folder = cacheFolder(environment);
  const flags = process.execArgv.length === 0 ? '' : '-flags';
  return folder && join(folder, 'code', `${SCRIPTS_HASH}-${process.version}-${process.arch}-${name}${flags}`);
}

/**
 * Reads what was kept if it is whole and nobody else could write it: V8 does not check code, and runs it.
 *
 *     | checksum of the rest | compiled code |
 */
function read(path: string): Buffer | undefined {
  const found = isPrivateFolder(dirname(path)) ? readPrivate(path) : null;
  if (found === null) return undefined;
  const entry = Buffer.from(found.bytes.buffer, 0, found.bytes.length);
  const code = entry.subarray(DIGEST_SIZE);
  return checksumOf([code]).equals(entry.subarray(0, DIGEST_SIZE)) ? code : undefined;
}

function keep(path: string, code: Buffer): void {
  const folder = dirname(path);
  try {
    if (!makePrivateFolder(folder)) return;
    writePrivate(path, [checksumOf([code]), code]);
    removeOldest(folder);
  } catch {
    // The next start takes longer. That is all.
  }
}

/** Removes what was kept for builds and Nodes that are used no longer. */
function removeOldest(folder: string): void {
  const written = new Map<string, number>();
  for (const name of readdirSync(folder)) {
    if (!OWN_NAME.test(name)) continue;
    const path = join(folder, name);
    written.set(path, lstatSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0);
  }
  const newestFirst = [...written.keys()].sort((a, b) => (written.get(b) ?? 0) - (written.get(a) ?? 0));
  for (const path of newestFirst.slice(MOST_KEPT)) rmSync(path, { force: true });
}
