import { accessSync, constants, statSync } from 'node:fs';
import { posix, resolve } from 'node:path';
import { type PreopenedDirectory, ProcessConfig } from '../permissions/config.ts';
import { listenRules, NetworkPermission } from '../permissions/network-permission.ts';
import { NetworkRules } from '../permissions/network-rules.ts';
import type { PluginHost } from '../plugins/plugin-host.ts';
import { findPrograms, ProgramNotFoundError } from '../programs/find-programs.ts';
import { hostFunctionsOf } from './host-functions.ts';
import { UsageError } from './load.ts';
import type { PermissionFlags } from './permission-options.ts';

/** The part of a command line that makes the config. */
export interface ConfigFlags extends PermissionFlags {
  /** Host directories to preopen besides the current one, each perhaps with the name that the program sees. */
  readonly dir: readonly string[];
}

/** Only says that this command is run by an Electron, as in VS Code's terminals. */
const AS_NODE = 'ELECTRON_RUN_AS_NODE';

/**
 * The config of a root process. Everything is permitted that no flag forbids, except for OS programs. The environment
 * variables are those of this command.
 * @param plugins those whose host functions the program can import
 * @throws UsageError if there is no such directory, program or host function
 */
export function rootConfig(
  commandLine: readonly string[],
  flags: ConfigFlags,
  plugins?: PluginHost,
): ProcessConfig {
  const config = ProcessConfig.forRoot();
  config.commandLineArguments.push(...commandLine);
  if (flags.inheritEnv !== false) {
    for (const [key, value] of Object.entries(process.env)) {
      if (key !== AS_NODE) config.environmentVariables.push([key, value ?? '']);
    }
  }
  for (const variable of flags.env ?? []) {
    const [, name = variable, value = process.env[name]] = /^([^=]+)=(.*)$/s.exec(variable) ?? [];
    if (value !== undefined) setVariable(config, name, value);
  }
  const directories = flags.dir.map(preopened);
  checkNames(directories);
  // Whoever gives that name to another directory does not mean the current one.
  const isCurrentLeftOut =
    flags.cwd === false || directories.some(({ guestPath }) => nameOf(guestPath) === '.');
  config.preopenedDirectories.push(
    ...(isCurrentLeftOut ? [] : [{ guestPath: '.', hostPath: '.' }]),
    ...directories,
  );
  config.canSpawnProcesses = flags.spawn ?? true;
  config.canCompileModules = flags.compile ?? true;
  config.canCreateConfigs = flags.configs ?? true;
  config.maxMemory = flags.maxMemory ?? config.maxMemory;
  config.maxFuel = flags.maxFuel ?? config.maxFuel;
  config.maxProcesses = flags.maxProcesses ?? config.maxProcesses;
  config.maxMailbox = flags.maxMailbox ?? config.maxMailbox;
  config.maxHostMemory = flags.maxHostMemory ?? config.maxHostMemory;
  config.upstreamPermissions = flags.upstreamPermissions ?? false;
  config.canRunLongSql = flags.allowLongSql ?? false;
  config.network = networkOf(flags, config.network);
  if (flags.allowCommand !== undefined) config.commands = programsOf(flags.allowCommand);
  config.commandVariables = new Set(flags.allowCommandEnv);
  config.hostFunctions = hostFunctionsOf(flags, plugins);
  return config;
}

function setVariable(config: ProcessConfig, name: string, value: string): void {
  const { environmentVariables } = config;
  const known = environmentVariables.findIndex(([key]) => key === name);
  if (known < 0) environmentVariables.push([name, value]);
  else environmentVariables[known] = [name, value];
}

/** Naming anything that is allowed forbids the rest, both connecting and listening. */
function networkOf(
  { allowNet, allowListen, denyNet, net }: PermissionFlags,
  all: NetworkPermission,
): NetworkPermission {
  const restricted = net === false || allowNet !== undefined || allowListen !== undefined;
  if (!restricted && denyNet === undefined) return all;
  return new NetworkPermission(
    restricted ? new NetworkRules(allowNet ?? []) : null,
    denyNet === undefined ? null : new NetworkRules(denyNet),
    restricted ? listenRules(allowListen ?? []) : null,
  );
}

function programsOf(names: readonly string[]): ReadonlyMap<string, string> {
  try {
    return findPrograms(names);
  } catch (error) {
    if (!(error instanceof ProgramNotFoundError)) throw error;
    throw new UsageError(error.message, { cause: error });
  }
}

/**
 * `HOST`, or `HOST::GUEST` for a directory that the program sees under another name, as in Wasmtime. What other runtimes take for
 * access rights, `HOST::GUEST::ro`, must not be a name here.
 */
function preopened(directory: string): PreopenedDirectory {
  const [hostPath = '', guestPath = hostPath, ...more] = directory.split('::');
  if (hostPath === '' || guestPath === '') {
    throw new UsageError(`'${directory}' names no directory: write --dir=HOST or --dir=HOST::GUEST`);
  }
  if (more.length > 0) {
    throw new UsageError(
      `'${directory}' has more than one '::': write --dir=HOST or --dir=HOST::GUEST. Nothing makes a directory read-only`,
    );
  }
  return { guestPath, hostPath: checkedDirectory(hostPath) };
}

/** The name under which a program finds a directory, however it is written. */
function nameOf(guestPath: string): string {
  return posix.join(guestPath, '.').replace(/(?<=.)\/+$/, '');
}

/**
 * Of two directories with the same name, programs would find one only.
 * @throws UsageError
 */
function checkNames(directories: readonly PreopenedDirectory[]): void {
  const named = new Map<string, string>();
  for (const { guestPath, hostPath } of directories) {
    const name = nameOf(guestPath);
    const other = named.get(name);
    if (other !== undefined && resolve(other) !== resolve(hostPath)) {
      throw new UsageError(
        `'${guestPath}' would name two directories, '${other}' and '${hostPath}': give one of them another name with --dir=HOST::GUEST`,
      );
    }
    named.set(name, hostPath);
  }
}

function checkedDirectory(path: string): string {
  try {
    if (statSync(path).isDirectory()) {
      accessSync(path, constants.X_OK);
      return path;
    }
  } catch (error) {
    const isMissing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    const reason = isMissing ? 'does not exist' : 'cannot be opened';
    throw new UsageError(`Directory '${path}' ${reason}`, { cause: error });
  }
  throw new UsageError(`'${path}' is not a directory`);
}
