import type { ProcessConfig } from '../permissions/config.ts';
import type { HostPermission } from '../permissions/host-permission.ts';
import { displayName } from '../text/display-name.ts';
import type { ConfigInfo } from './protocol.ts';

/** What upstream has no permissions for, where it is restricted. */
function restrictions({ maxProcesses, maxMailbox, network }: ProcessConfig): Partial<ConfigInfo> {
  const rules = (list: { readonly texts: readonly string[] } | null) => list?.texts.map(displayName);
  const [connect, deny, listen] = [network.connect, network.deny, network.listen].map(rules);
  return {
    ...(Number.isFinite(maxProcesses) ? { max_processes: maxProcesses } : {}),
    ...(Number.isFinite(maxMailbox) ? { max_mailbox: maxMailbox } : {}),
    ...(connect === undefined ? {} : { may_connect: connect }),
    ...(deny === undefined ? {} : { may_not_connect: deny }),
    ...(listen === undefined ? {} : { may_listen: listen }),
  };
}

/** The host functions that modules may import, where they are restricted. */
function hostFunctions({ allow, deny, outer }: HostPermission): Partial<ConfigInfo> {
  const restricting = [...(allow === null ? [] : [allow]), ...outer];
  const [first, ...others] = restricting.map((rules) => [...rules].map(displayName));
  return {
    ...(first === undefined ? {} : { may_import: first }),
    ...(deny.size === 0 ? {} : { may_not_import: [...deny].map(displayName) }),
    ...(others.length === 0 ? {} : { imports_also_restricted_by_parent: true }),
  };
}

/** What the protocol tells of permissions and limits. */
export function configInfo(config: ProcessConfig): ConfigInfo {
  return {
    max_memory: config.maxMemory,
    max_fuel: config.maxFuel,
    can_compile_modules: config.canCompileModules,
    can_create_configs: config.canCreateConfigs,
    can_spawn_processes: config.canSpawnProcesses,
    ...(config.canRunLongSql ? { can_run_long_sql: true } : {}),
    ...restrictions(config),
    network_also_restricted_by_parent: config.network.parent !== null,
    commands: [...config.commands.keys()].map(displayName),
    ...(config.commandVariables.size === 0
      ? {}
      : { command_variables: [...config.commandVariables].map(displayName) }),
    ...hostFunctions(config.hostFunctions),
    preopened_directories: config.preopenedDirectories.map(({ guestPath, hostPath }) =>
      displayName(`${guestPath} -> ${hostPath}`),
    ),
    arguments: config.commandLineArguments.map(displayName),
    // Values are none of the business of whoever looks over a shoulder.
    environment_variables: config.environmentVariables.map(([name]) => displayName(name)),
  };
}
