import type { ProcessConfig } from './config.ts';
import { type HostDirectory, openHostDirectory } from './host-directory.ts';

/**
 * The preopened directories of a config, opened for the first of the processes that run with it and closed after
 * the last: processes by the thousand share a config, and not one descriptor is needed for each.
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
   * To be called for each process, which calls `release` in the end.
   * @returns null where the config has no directories
   * @throws Error of `node:fs` where one of them cannot be opened, with a message that names it
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

/** By config, as long as processes use them. */
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
