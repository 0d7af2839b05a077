import { statSync } from 'node:fs';
import { ProcessConfig } from '../kernel/config.ts';
import { CommandError } from './load.ts';

/**
 * Config of a root process: everything is permitted, the environment is that of this command.
 * @param directories preopened besides the current one
 * @throws CommandError where one of them cannot be opened
 */
export function rootConfig(commandLine: readonly string[], directories: readonly string[]): ProcessConfig {
  const config = ProcessConfig.forRoot();
  config.commandLineArguments.push(...commandLine);
  for (const [key, value] of Object.entries(process.env)) {
    config.environmentVariables.push([key, value ?? '']);
  }
  for (const directory of ['.', ...directories]) {
    config.preopenedDirectories.push({ guestPath: directory, hostPath: checkedDirectory(directory) });
  }
  return config;
}

function checkedDirectory(path: string): string {
  try {
    if (statSync(path).isDirectory()) return path;
  } catch (error) {
    throw new CommandError(`Directory '${path}' cannot be opened`, { cause: error });
  }
  throw new CommandError(`'${path}' is no directory`);
}
