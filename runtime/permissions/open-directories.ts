import type { ProcessConfig } from './config.ts';
import { type HostDirectory, openHostDirectory } from './host-directory.ts';

/**
 * The preopened directories of a config. They are opened for the first process that runs with it and closed after the
 * last, so that thousands of processes that share a config do not need a descriptor each.
 */
export class OpenDirectories {
  /** In the order of the config. */
  readonly directories: readonly HostDirectory[];
  readonly #config: ProcessConfig;
  #users = 1;

  private constructor(config: ProcessConfig, directories: readonly HostDirectory[]) {
    this.#config = config;
    this.directories = directories;
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
    for (const directory of this.directories) directory.close();
  }
}

/** The open directories of each config, as long as processes use them. */
const shared = new WeakMap<ProcessConfig, OpenDirectories>();

function openAll({ preopenedDirectories }: ProcessConfig): HostDirectory[] {
  const opened: HostDirectory[] = [];
  for (const { guestPath, hostPath } of preopenedDirectories) {
    try {
      opened.push(openHostDirectory(hostPath));
    } catch (cause) {
      for (const directory of opened) directory.close();
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
