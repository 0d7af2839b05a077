import { accessSync, constants, lstatSync, realpathSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { cwd, env, pid } from 'node:process';
import manifest from '../../package.json' with { type: 'json' };
import type { DumpedProcess } from '../inspect/core-dump/dump-content.ts';
import { writeDump } from '../inspect/core-dump/dump-writer.ts';
import { ProcessDumper } from '../inspect/core-dump/process-dumper.ts';
import { Debugging } from '../kernel/debugging.ts';
import type { Exit } from '../kernel/exit.ts';
import type { LoadedModule } from '../kernel/module.ts';
import type { Process } from '../kernel/process.ts';
import type { Scheduler } from '../kernel/scheduler.ts';
import { makeFolder } from '../projects/make-folder.ts';
import { printable } from '../text/printable.ts';
import { cacheFolder } from './cache-folder.ts';
import { type CoreDumpFlags, DEFAULT_LIMIT, DEFAULT_SIZE } from './core-dump-flags.ts';
import { messageOf } from './error-text.ts';
import { UsageError } from './load.ts';
import { writePrivate } from './private-files.ts';

const MEBIBYTE = 2 ** 20;

/** How the names of core dumps end. */
const ENDING = '.coredump';
/** Characters of a name that a program or a guest has chosen. */
const MAX_NAME = 40;

/** A program whose processes are dumped. */
export interface DumpedCommand {
  readonly path: string;
  readonly arguments: readonly string[];
  /** Prints a line for the user. */
  print(text: string): void;
}

/** What of a run core dumps need. */
export interface DumpedRun {
  addRoot(root: Process): void;
  /** Called with what the process prints that has the turn. */
  printed(bytes: Uint8Array): void;
}

/**
 * Writes core dumps of processes that trap to a folder. How many there are is limited, and how large: a guest may trap as often as
 * it likes. What cannot be written is told once, and the program runs on as it would.
 */
export class CoreDumps {
  readonly #flags: CoreDumpFlags;
  readonly #command: DumpedCommand;
  /** The folder, in which no link leads anywhere; null if nothing can be written any more. */
  #folder: string | null;
  #left: number;

  /** @throws UsageError if there cannot be such a folder */
  constructor(flags: CoreDumpFlags, command: DumpedCommand) {
    this.#flags = flags;
    this.#command = command;
    this.#left = flags.coreDumpLimit ?? DEFAULT_LIMIT;
    this.#folder = openFolder(flags.coreDump ?? '');
  }

  /** What lets the processes of a runtime keep their locals; undefined if they run at full speed. */
  get debugging(): Debugging | undefined {
    if (this.#flags.coreDumpFast === true || this.#folder === null) return undefined;
    // Nothing stops them, and so they need not look anywhere whether they should stop.
    return new Debugging(() => ({ offsets: new Uint32Array(0) }));
  }

  /**
   * Dumps the processes of a scheduler from now on.
   * @param fileOf tells the file of a module; null for one that the program has compiled
   */
  watch(scheduler: Scheduler, fileOf: (module: LoadedModule) => string | null): DumpedRun {
    const { path, arguments: args } = this.#command;
    const runtime = `lunatic ${manifest.version}`;
    const program = { runtime, program: path, arguments: args, cwd: cwd(), fileOf };
    const dumper = new ProcessDumper(scheduler, program);
    const write = (failed: Process, exit: Exit, error: unknown) => {
      if (this.#folder !== null && dumper.isFailure(failed, exit)) this.#write(dumper, failed, exit, error);
    };
    scheduler.observers.add({
      holds: (failed, exit, error) => {
        write(failed, exit, error);
        return false;
      },
      onLost: write,
    });
    return dumper;
  }

  #write(dumper: ProcessDumper, failed: Process, exit: Exit, error: unknown): void {
    const { print } = this.#command;
    if (this.#left === 0) {
      print('no more core dumps are written: --core-dump-limit <n> allows more\n');
      this.#folder = null;
      return;
    }
    this.#left--;
    try {
      const room = (this.#flags.coreDumpSize ?? DEFAULT_SIZE) * MEBIBYTE;
      const content = dumper.dump(failed, exit, error, room);
      const path = join(this.#checked(), this.#nameOf(failed, content.about));
      writePrivate(path, writeDump(content));
      print(`a core dump of process ${failed.id} was written to ${printable(path)}\n`);
    } catch (thrown) {
      this.#give(thrown);
    }
  }

  /** The folder, if it is still the same: guests may be allowed to write where it is. */
  #checked(): string {
    const folder = this.#folder ?? '';
    if (!lstatSync(folder).isDirectory() || realpathSync(folder) !== folder)
      throw new Error(`${folder} has become a link`);
    return folder;
  }

  #give(error: unknown): void {
    this.#folder = null;
    this.#command.print(`core dumps cannot be written: ${printable(messageOf(error))}\n`);
  }

  #nameOf({ id, entry }: Process, { program: path, process: { environment } }: DumpedProcess): string {
    const time = new Date()
      .toISOString()
      .replace(/\.\d+Z$/, '')
      .replaceAll(/[-:]/g, '');
    const program = plain(basename(path).replace(/\.\w+$/, ''));
    const number = environment === 1 ? `${id}` : `${environment}-${id}`;
    return `${[program, plain(entry.name), time, pid, number].join('.')}${ENDING}`;
  }
}

/** Makes the folder if it is missing. */
function openFolder(named: string): string {
  const folder = named === '' ? defaultFolder() : resolve(named);
  if (folder === null)
    throw new UsageError('There is no folder of this user for core dumps: name one as --core-dump=DIRECTORY');
  try {
    makeFolder(folder, 0o700);
    accessSync(folder, constants.W_OK);
    return realpathSync(folder);
  } catch (error) {
    throw new UsageError(`Core dumps cannot be written to '${folder}': ${messageOf(error)}`, {
      cause: error,
    });
  }
}

function defaultFolder(): string | null {
  const folder = cacheFolder(env);
  return folder === null ? null : resolve(folder, 'core-dumps');
}

/** A name that is one in every file system. */
function plain(name: string): string {
  return name.replaceAll(/[^\w-]+/g, '_').slice(0, MAX_NAME) || '_';
}
