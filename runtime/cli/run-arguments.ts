import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Command, CommanderError, type Option } from 'commander';
import type { ProcessConfig } from '../permissions/config.ts';
import { hostPermission } from '../permissions/host-permission.ts';
import { hostFunctionsOf } from './host-functions.ts';
import { UsageError } from './load.ts';
import { type ConfigFlags, rootConfig } from './root-config.ts';
import { commandOfRun } from './run-options.ts';

/** What is wrong with an argument. */
export interface ArgumentFault {
  /** Its index. */
  readonly at: number;
  /** For the user. */
  readonly message: string;
}

/** What options of `lunatic run` mean that stand in a file of a project. */
export interface RunArguments {
  /** The config of a root process, by all that is right. */
  readonly config: ProcessConfig;
  readonly faults: readonly ArgumentFault[];
}

/** What is looked at of the options. */
type Flags = ConfigFlags & { readonly plugin?: readonly string[] };

/**
 * Reads options of `lunatic run`, and tells of each that is wrong. Loads no plugin.
 * @param folder the folder in which the program runs
 */
export function readRunArguments(args: readonly string[], folder: string): RunArguments {
  const faults: ArgumentFault[] = [];
  const right: string[] = [];
  const hasPlugin = args.some((one) => one.split('=', 1)[0] === '--plugin');
  for (const { at, words } of optionsOf(args)) {
    const message = faultOf(words, folder, hasPlugin);
    if (message === undefined) right.push(...words);
    else faults.push({ at, message });
  }
  return { config: configOf(parsed(right), folder), faults };
}

/** Splits arguments into options, each with its value. */
function* optionsOf(args: readonly string[]): Generator<{ readonly at: number; readonly words: string[] }> {
  const { options } = commandOfRun();
  for (let at = 0; at < args.length; at++) {
    const word = args[at] ?? '';
    const next = args[at + 1];
    const takesNext =
      options.find(({ long, short }) => word === long || word === short)?.required === true &&
      next !== undefined;
    yield { at, words: takesNext ? [word, next] : [word] };
    if (takesNext) at++;
  }
}

function faultOf(words: readonly string[], folder: string, hasPlugin: boolean): string | undefined {
  const [word = ''] = words;
  if (!/^-./.test(word) || word === '--') return `'${word}' is no option of "lunatic run"`;
  try {
    const flags = parsed(words);
    configOf(flags, folder);
    // Those of a plugin are only known once it is loaded.
    if (!hasPlugin) hostFunctionsOf(flags, undefined);
    const missing = flags.plugin?.find((file) => !existsSync(resolve(folder, file)));
    return missing === undefined ? undefined : `There is no file '${missing}'`;
  } catch (error) {
    if (error instanceof CommanderError) return error.message.replace(/^error: /, '');
    if (error instanceof UsageError) return error.message;
    throw error;
  }
}

/** @throws CommanderError */
function parsed(words: readonly string[]): Flags {
  const command: Command = commandOfRun()
    .exitOverride()
    .configureOutput({ writeErr() {}, writeOut() {} });
  // In place of a program, which is named elsewhere.
  return command.parse(['program.wasm', ...words], { from: 'user' }).opts<Flags>();
}

/** @throws UsageError */
function configOf({ allowHost, denyHost, dir, ...flags }: Flags, folder: string): ProcessConfig {
  const dirs = dir.map((one) => one.replace(/^(?:(?!::).)+/, (host) => resolve(folder, host)));
  const config = rootConfig([], { ...flags, dir: dirs, inheritEnv: false });
  config.hostFunctions = hostPermission({ allow: allowHost, deny: denyHost });
  return config;
}

/** The options that may stand in a file of a project, for those who complete them. */
export function runOptions(): readonly Pick<Option, 'long' | 'flags' | 'description' | 'required'>[] {
  return commandOfRun().options;
}
