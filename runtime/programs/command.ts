import { delimiter, resolve } from 'node:path';
import { type Account, ENTRY_COST } from '../kernel/account.ts';
import type { Process } from '../kernel/process.ts';
import { hostTrap } from '../kernel/trap.ts';
import type { PreopenedDirectory, ProcessConfig } from '../permissions/config.ts';
import { hostDescriptors } from '../permissions/host-descriptors.ts';
import { permissionFor } from '../permissions/path-permission.ts';
import { displayName } from '../text/display-name.ts';
import { searchPath } from './find-programs.ts';
import { guard } from './guard.ts';
import { type OsProgramPlan, StreamMode } from './os-program.ts';

/** Characters that the arguments, variables and directories that a command was given may have together. */
const MAX_WORDS = 2 ** 20;
const CHARACTER_COST = 2;
/** Bytes of a captured stream that are kept: by default, and at most. */
const CAPTURE_LIMIT = 2 ** 20;
const MAX_CAPTURE_LIMIT = 2 ** 24;

/** OS programs that may run at the same time for all processes of this runtime. */
const MAX_OS_PROGRAMS = 256;

/** Variables of this OS process that OS programs get. */
const INHERITED = process.platform === 'win32' ? ['PATH', 'SystemRoot'] : ['PATH'];

/** An OS program cannot be started as it was described. */
export class CommandPlanError extends Error {
  override readonly name = 'CommandPlanError';
  readonly code = 'LUNATIC_COMMAND';
}

/** An OS program as a guest describes it before it starts it. */
export class Command {
  readonly streams: [StreamMode, StreamMode, StreamMode] = [
    StreamMode.Null,
    StreamMode.Null,
    StreamMode.Null,
  ];
  /** The working directory, a host path; null for the first directory of the process. */
  #directory: string | null = null;
  readonly #path: string;
  readonly #args: string[] = [];
  readonly #variables = new Map<string, string>();
  #size = 0;
  /** What the account has been charged. */
  #cost = 0;
  #captureLimit = CAPTURE_LIMIT;

  readonly #account: Account;

  /**
   * @param path the absolute path of the program
   * @param account of the process that describes it
   */
  constructor(path: string, account: Account) {
    this.#path = path;
    this.#account = account;
  }

  addArgument(text: string): void {
    this.#count(text.length);
    this.#args.push(text);
  }

  setVariable(name: string, value: string): void {
    this.#count(name.length + value.length);
    this.#variables.set(name, value);
  }

  /** Sets the working directory, a host path. */
  setDirectory(path: string): void {
    this.#count(path.length);
    this.#directory = path;
  }

  setCaptureLimit(bytes: number): void {
    this.#captureLimit = Math.min(bytes, MAX_CAPTURE_LIMIT);
  }

  #count(characters: number): void {
    if (this.#size + characters + 1 > MAX_WORDS) {
      throw hostTrap(
        `the arguments, variables and directories of a command take more than ${MAX_WORDS} characters`,
      );
    }
    const cost = CHARACTER_COST * characters + ENTRY_COST;
    this.#account.charge(cost);
    this.#cost += cost;
    this.#size += characters + 1;
  }

  /** Gives it up. */
  drop(): void {
    this.#account.release(this.#cost);
    this.#cost = 0;
  }

  /**
   * Checks what the guest has described, and returns how to start it for a process.
   * @throws CommandPlanError
   */
  plan({ config, stdio, account }: Process): OsProgramPlan {
    if (guard.count >= MAX_OS_PROGRAMS) {
      throw new CommandPlanError(`${MAX_OS_PROGRAMS} OS programs run already, which is the limit`);
    }
    if (!hostDescriptors.haveRoom) throw new CommandPlanError('too many files are open');
    if (this.#args.some((text) => text.includes('\0'))) {
      throw new CommandPlanError('an argument contains a NUL byte');
    }
    return {
      path: this.#path,
      args: this.#args,
      env: this.#environment(config),
      directory: this.#directoryWithin(config.preopenedDirectories),
      streams: this.streams,
      captureLimit: this.#captureLimit,
      stdio,
      account,
    };
  }

  /** Only what the guest set, as far as its config allows that, and what programs need to find others. */
  #environment(config: ProcessConfig): Record<string, string> {
    const env: Record<string, string> = {};
    for (const name of INHERITED) {
      const value = process.env[name];
      if (value !== undefined) env[name] = name === 'PATH' ? searchPath(value).join(delimiter) : value;
    }
    for (const [name, value] of this.#variables) {
      if (name === '' || /[=\0]/.test(name) || value.includes('\0')) {
        throw new CommandPlanError(`'${displayName(name)}' and its value cannot be an environment variable`);
      }
      if (!config.commandVariables.has(name)) throw new CommandPlanError(variableRefusal(config, name));
      env[name] = value;
    }
    return env;
  }

  #directoryWithin(own: readonly PreopenedDirectory[]): string {
    const wanted = this.#directory ?? own[0]?.hostPath;
    if (wanted === undefined) return resolve('/');
    const { granted, path } = permissionFor(own, wanted);
    if (granted) return path;
    throw new CommandPlanError(
      `the directory '${wanted}' is not within the directories of this process (--dir gives it others)`,
    );
  }
}

/** Returns why a process with this config may not set an environment variable, for the guest's author. */
export function variableRefusal({ commandVariables }: ProcessConfig, name: string): string {
  const known = [...commandVariables].map(displayName).join(', ') || 'none';
  return `this process may not set the environment variable '${displayName(name)}' of OS programs (those that its config allows: ${known}; --allow-command-env allows others)`;
}
