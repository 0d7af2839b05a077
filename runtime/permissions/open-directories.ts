import { statSync } from 'node:fs';
import type { ProcessConfig } from './config.ts';
import { type HostDirectory, hasProc, openHostDirectory } from './host-directory.ts';

/**
 * The preopened directories of a config. They are opened for the first process that runs with it and closed after the
 * last, so that thousands of processes that share a config do not need a descriptor each.
 */
export class OpenDirectories {
  /** In the order of the config. */
  readonly directories: readonly HostDirectory[];
  readonly #opened: readonly OpenDirectory[];
  readonly #config: ProcessConfig;
  #users = 1;

  private constructor(config: ProcessConfig, opened: readonly OpenDirectory[]) {
    this.#config = config;
    this.#opened = opened;
    this.directories = opened.map(({ directory }) => directory);
  }

  /**
   * Opens the directories for a process, which must call `release` when it ends.
   * @returns null if the config has no directories
   * @throws DirectoryError if one of them cannot be opened
   */
  static of(config: ProcessConfig): OpenDirectories | null {
    const open = shared.get(config);
    if (open !== undefined) {
      open.#users++;
      return open;
    }
    if (config.preopenedDirectories.length === 0) return null;
    const opened = new OpenDirectories(config, openAll(config));
    shared.set(config, opened);
    return opened;
  }

  release(): void {
    if (--this.#users > 0) return;
    shared.delete(this.#config);
    for (const opened of this.#opened) opened.release();
  }
}

/** The open directories of each config, as long as processes use them. */
const shared = new WeakMap<ProcessConfig, OpenDirectories>();

/**
 * A directory that is open for the configs that name it: each child that is spawned with a config of its own has another one, and
 * the operating system has only so many descriptors.
 */
class OpenDirectory {
  /** By path, those that were opened last. */
  static readonly #last = new Map<string, OpenDirectory>();

  readonly directory: HostDirectory;
  readonly #path: string;
  /** Which directory it is; null where that is not told by a descriptor. */
  readonly #identity: string | null;
  #users = 1;

  private constructor(path: string) {
    this.directory = openHostDirectory(path);
    this.#path = path;
    this.#identity = hasProc() ? identityOf(this.directory.at('.')) : null;
  }

  /** Opens a directory, unless it is open already under this path and nothing else has taken its place. */
  static at(path: string): OpenDirectory {
    const known = OpenDirectory.#last.get(path);
    if (known !== undefined && known.#identity !== null && known.#identity === identityOf(path)) {
      known.#users++;
      return known;
    }
    const opened = new OpenDirectory(path);
    OpenDirectory.#last.set(path, opened);
    return opened;
  }

  release(): void {
    if (--this.#users > 0) return;
    if (OpenDirectory.#last.get(this.#path) === this) OpenDirectory.#last.delete(this.#path);
    this.directory.close();
  }
}

/** Returns what tells a directory from all others. */
function identityOf(path: string): string {
  const { dev, ino } = statSync(path, { bigint: true });
  return `${dev} ${ino}`;
}

function openAll({ preopenedDirectories }: ProcessConfig): OpenDirectory[] {
  const opened: OpenDirectory[] = [];
  for (const { guestPath, hostPath } of preopenedDirectories) {
    try {
      opened.push(OpenDirectory.at(hostPath));
    } catch (cause) {
      for (const directory of opened) directory.release();
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new DirectoryError(`the directory '${guestPath}' cannot be opened: ${reason}`, { cause });
    }
  }
  return opened;
}

/** A preopened directory of a config cannot be opened. */
export class DirectoryError extends Error {
  override readonly name = 'DirectoryError';
  readonly code = 'LUNATIC_DIRECTORY';
}
