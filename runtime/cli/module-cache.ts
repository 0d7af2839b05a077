import { lstatSync, readdirSync, rmSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import type { KeptModule, RewrittenStore } from '../kernel/rewritten-store.ts';
import { displayName } from '../text/display-name.ts';
import { decodeRewritten, encodeRewritten, essentialParts, type RewrittenModule } from '../wasm/index.ts';
import { cacheFolder } from './cache-folder.ts';
import { DIGEST_SIZE, digestOf, isHashed } from './digest.ts';
import type { Log } from './log.ts';
import {
  isPrivateFolder,
  makePrivateFolder,
  readPrivate,
  UNFINISHED,
  whoElseCanWrite,
  writePrivate,
} from './private-files.ts';

/** A hash of everything that makes rewritten modules, put here by the build; without it nothing is kept. */
declare const REWRITER: string | undefined;

/** The most bytes that all entries take together. */
const CAPACITY = 512 * 2 ** 20;
/** An entry that was read so many milliseconds after it was last marked as used is marked again. */
const MARK_INTERVAL = 24 * 60 * 60 * 1000;
/** How the names of entries begin. The folder may have other files, which are the user's own. */
const OWN_NAME = new RegExp(`^[0-9a-f]{${4 * DIGEST_SIZE}}(\\.|$)`);
/** Unfinished entries of this age, in milliseconds, are left over from commands that were killed. */
const ABANDONED = 60 * 60 * 1000;

/** The log target of the cache. */
const TARGET = 'lunatic::cache';

/** The cache of this user; undefined if it is turned off, or if others could change it, which is logged. */
export function moduleCache(environment: NodeJS.ProcessEnv, log: Log): RewrittenStore | undefined {
  const folder = cacheFolder(environment);
  if (folder === null || typeof REWRITER === 'undefined') return undefined;
  const modules = join(folder, 'modules');
  const reason = whoElseCanWrite(modules);
  if (reason !== null) {
    log.write('info', TARGET, () => `The cache ${displayName(folder)} is not used: ${displayName(reason)}`);
    return undefined;
  }
  const failed = (error: unknown) =>
    log.write(
      'info',
      TARGET,
      () => `A module is not kept in ${displayName(folder)}: ${displayName(`${error}`)}`,
    );
  return new ModuleCache(modules, `${REWRITER} ${process.versions.v8}`, { failed });
}

/**
 * Rewritten modules as files of one folder. The name of a file is a digest of the original and of all else that the result
 * depends on, so entries never get old:
 *
 *     | digest of the rest | a short original, without what does not matter | rewritten module, see `encodeRewritten` |
 *
 * An entry that is cut off or was changed is not used but made anew. Entries are written under other names and then renamed,
 * so several commands can write at once.
 *
 * Whoever can write there can make programs do anything. So the folder and the files must belong to this user, nobody else
 * may write them, or rename a folder on the way there, and links are not followed. Without that, or if the disk is full,
 * nothing is kept.
 *
 * V8's compiled code is not kept, since Node offers no way: `v8.serialize` writes a module that cannot be read again, and
 * the functions of V8 for it (`%SerializeWasmModule`) are not part of Node.
 */
export class ModuleCache implements RewrittenStore {
  readonly #folder: string;
  readonly #maker: string;
  readonly #capacity: number;
  readonly #failed: (error: unknown) => void;

  /**
   * @param maker names what makes rewritten modules: the version of the rewriter, and that of V8, which checked them
   * @param options.capacity the most bytes that all entries take together
   * @param options.failed is called when an entry could not be written
   */
  constructor(
    folder: string,
    maker: string,
    {
      capacity = CAPACITY,
      failed = () => {},
    }: { capacity?: number | undefined; failed?: (error: unknown) => void } = {},
  ) {
    this.#folder = folder;
    this.#maker = maker;
    this.#capacity = capacity;
    this.#failed = failed;
  }

  of(bytes: Uint8Array, scope: 'code' | 'all' = 'code'): KeptModule {
    const parts = scope === 'all' ? [bytes] : essentialParts(bytes);
    // Of a large module, the bytes may be gone when its rewritten form is kept.
    const prefix = prefixOf(parts).map((part) => new Uint8Array(part));
    const digest = digestOf(parts);
    const pathOf = (variant: string): string => {
      const name = digestOf([digest, Buffer.from(`${this.#maker} ${variant}`)]);
      return join(this.#folder, Buffer.concat([digest, name]).toString('hex'));
    };
    return {
      find: (variant) => (isPrivateFolder(this.#folder) ? readEntry(pathOf(variant), prefix) : null),
      keep: (variant, rewritten) => {
        try {
          this.#write(pathOf(variant), prefix, rewritten);
        } catch (error) {
          // The next start takes longer. That is all.
          this.#failed(error);
        }
      },
    };
  }

  #write(path: string, prefix: readonly Uint8Array[], rewritten: RewrittenModule): void {
    if (!makePrivateFolder(this.#folder))
      throw new Error('there is no such folder that only this user can write to');
    const pieces = [...prefix, ...encodeRewritten(rewritten)];
    const size = pieces.reduce((sum, { length }) => sum + length, DIGEST_SIZE);
    if (size > this.#capacity / 2) return;
    this.#makeRoom(size);
    writePrivate(path, [digestOf(pieces), ...pieces]);
  }

  /** Removes the entries that were not used for the longest time, and what was never finished. */
  #makeRoom(size: number): void {
    const now = Date.now();
    const entries = readdirSync(this.#folder).flatMap((name) => {
      if (!OWN_NAME.test(name)) return [];
      const path = join(this.#folder, name);
      const found = lstatSync(path, { throwIfNoEntry: false });
      return found === undefined ? [] : [{ path, size: found.size, used: found.mtimeMs }];
    });
    let total = entries.reduce((sum, entry) => sum + entry.size, size);
    for (const entry of entries.sort((a, b) => a.used - b.used)) {
      const isAbandoned = entry.path.endsWith(UNFINISHED) && now - entry.used > ABANDONED;
      if (total <= this.#capacity && !isAbandoned) continue;
      rmSync(entry.path, { force: true });
      total -= entry.size;
    }
  }
}

/** The parts of the original where the name of an entry does not tell for certain whose it is, nothing where it does. */
function prefixOf(original: readonly Uint8Array[]): readonly Uint8Array[] {
  return isHashed(original.reduce((sum, { length }) => sum + length, 0)) ? [] : original;
}

/** An entry, if it is whole and this user's own. */
function readEntry(path: string, prefix: readonly Uint8Array[]): RewrittenModule | null {
  const found = readPrivate(path);
  if (found === null || found.bytes.length <= DIGEST_SIZE) return null;
  const contents = found.bytes.subarray(DIGEST_SIZE);
  try {
    if (!digestOf([contents]).equals(found.bytes.subarray(0, DIGEST_SIZE))) return null;
    let at = 0;
    for (const piece of prefix) {
      if (Buffer.compare(piece, contents.subarray(at, at + piece.length)) !== 0) return null;
      at += piece.length;
    }
    if (Date.now() - found.written > MARK_INTERVAL) utimesSync(path, new Date(), new Date());
    return decodeRewritten(contents.subarray(at));
  } catch {
    // It is made anew.
    return null;
  }
}
