import { type ChildProcess, spawn } from 'node:child_process';
import { join, resolve } from 'node:path';

/** The project's folder. */
export const projectFolder = resolve(import.meta.dirname, '../..');

/** The bundled command. */
export const launcher = join(projectFolder, 'dist', 'lunatic.cjs');

/** The command that npm links, which starts a Node itself. */
export const installedCommand = join(projectFolder, 'dist', 'command.cjs');

export interface CommandOptions {
  readonly env?: Record<string, string>;
  readonly cwd?: string;
  /** Text for standard input, which is then closed. Null leaves it open. */
  readonly input?: string | null;
  /** The Node that runs the launcher. Default: this one. */
  readonly node?: string;
  /** Its arguments. */
  readonly nodeArgs?: readonly string[];
  /** Default: the bundled one. */
  readonly launcher?: string;
}

/** What a command printed, and how it ended. */
export interface CommandResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number | null;
}

/** The environment of commands, if none is given: they keep for each other what they make of scripts and modules, as those of a user do. */
export function commandEnvironment(): Record<string, string> {
  const { PATH = '', LUNATIC_CACHE_OF_TESTS: cache } = process.env;
  return { PATH, ...(cache === undefined ? {} : { LUNATIC_CACHE: cache }) };
}

/** A command that runs. */
export class RunningCommand {
  readonly child: ChildProcess;
  readonly ended: Promise<CommandResult>;
  stdout = '';
  stderr = '';
  readonly #watchers = new Set<() => void>();

  constructor(args: readonly string[], options: CommandOptions = {}) {
    const nodeArgs = [...(options.nodeArgs ?? []), options.launcher ?? launcher];
    this.child = spawn(options.node ?? process.execPath, [...nodeArgs, ...args], {
      cwd: options.cwd ?? projectFolder,
      env: { ...commandEnvironment(), ...options.env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const collect = (field: 'stdout' | 'stderr') => (chunk: Buffer) => {
      this[field] += chunk.toString();
      for (const look of this.#watchers) look();
    };
    this.child.stdout?.on('data', collect('stdout'));
    this.child.stderr?.on('data', collect('stderr'));
    // A command that ends without reading breaks the pipe.
    this.child.stdin?.on('error', () => {});
    if (options.input !== null) this.child.stdin?.end(options.input ?? '');
    this.ended = new Promise((done, fail) => {
      this.child.on('error', fail);
      this.child.on('close', (exitCode) => {
        done({ stdout: this.stdout, stderr: this.stderr, exitCode });
        for (const look of this.#watchers) look();
      });
    });
  }

  /** Waits until a stream contains a text. Rejects when the command ends without it. */
  printed(text: string, stream: 'stdout' | 'stderr' = 'stdout'): Promise<void> {
    return new Promise((done, fail) => {
      const look = () => {
        if (this[stream].includes(text)) done();
        else if (this.child.exitCode !== null)
          fail(new Error(`ended without printing ${text}: ${this[stream]}`));
        else return;
        this.#watchers.delete(look);
      };
      this.#watchers.add(look);
      look();
    });
  }
}

/** Runs the command to its end. */
export function lunatic(args: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  return new RunningCommand(args, options).ended;
}
