import type { PreopenedDirectory, ProcessConfig } from './config.ts';
import { permissionFor } from './path-permission.ts';

/**
 * Returns what a child may do that its parent spawns with this config: no more than the parent itself.
 *
 *  - Limits are cut to the parent's: a new config has the largest ones, and not because anybody wants them.
 *  - The network and the host functions are restricted likewise: a child may do what both its parent and its own rules allow.
 *  - A directory must be within one of the parent's.
 *  - Flags, OS programs and their variables were checked when they were set, and are checked again.
 *
 * @returns a config that later changes of the wanted one do not affect, or why there cannot be such a child
 */
export function childConfig(wanted: ProcessConfig, parent: ProcessConfig): ProcessConfig | string {
  const config = wanted.copy();
  config.upstreamPermissions = parent.upstreamPermissions;
  config.canRunLongSql &&= parent.canRunLongSql;
  config.maxProcesses = Math.min(wanted.maxProcesses, parent.maxProcesses);
  config.maxMailbox = Math.min(wanted.maxMailbox, parent.maxMailbox);
  config.maxHostMemory = Math.min(wanted.maxHostMemory, parent.maxHostMemory);
  const network = wanted.network.within(parent.network);
  if (network === null)
    return 'network permissions within network permissions are nested too deep, or have too many rules';
  config.network = network;
  const hostFunctions = wanted.hostFunctions.within(parent.hostFunctions);
  if (hostFunctions === null) return 'permissions for host functions are nested too deep, or deny too much';
  config.hostFunctions = hostFunctions;
  if (wanted.commands.size > 0) {
    config.commands = new Map(
      [...wanted.commands].filter(([name, path]) => parent.commands.get(name) === path),
    );
  }
  if (wanted.commandVariables.size > 0) {
    config.commandVariables = new Set(
      [...wanted.commandVariables].filter((name) => parent.commandVariables.has(name)),
    );
  }
  if (parent.upstreamPermissions) return config;
  config.maxMemory = Math.min(wanted.maxMemory, parent.maxMemory);
  config.maxFuel = smallerFuel(wanted.maxFuel, parent.maxFuel);
  config.canCompileModules &&= parent.canCompileModules;
  config.canCreateConfigs &&= parent.canCreateConfigs;
  config.canSpawnProcesses &&= parent.canSpawnProcesses;
  if (config.preopenedDirectories.length === 0) return config;
  const directories = directoriesWithin(config.preopenedDirectories, parent.preopenedDirectories);
  if (typeof directories === 'string') return directories;
  config.preopenedDirectories = directories;
  return config;
}

/** Returns the smaller of two limits, of which 0 means no limit. */
function smallerFuel(a: number, b: number): number {
  return a === 0 || b === 0 ? Math.max(a, b) : Math.min(a, b);
}

/** Returns the directories as they are at this moment, with symbolic links resolved, or what is wrong with one. */
function directoriesWithin(
  wanted: readonly PreopenedDirectory[],
  own: readonly PreopenedDirectory[],
): PreopenedDirectory[] | string {
  const directories: PreopenedDirectory[] = [];
  for (const { guestPath, hostPath } of wanted) {
    const { granted, path } = permissionFor(own, hostPath);
    if (!granted) {
      const known = own.map((directory) => directory.guestPath).join(', ');
      const which = own.length === 0 ? 'it has none' : `it has ${known}`;
      return `the directory '${guestPath}' is not within the directories of the process that spawns (${which}; --dir gives it others)`;
    }
    directories.push({ guestPath, hostPath: path });
  }
  return directories;
}
