import { ProcessConfig } from '../permissions/config.ts';
import { listenRules, NetworkPermission, NO_NETWORK } from '../permissions/network-permission.ts';
import { NetworkRules } from '../permissions/network-rules.ts';
import { findPrograms } from '../programs/find-programs.ts';

/**
 * What a process may do, and what processes may do that it spawns: never more. What is not granted here, the outside
 * world above all, is refused.
 */
export interface Permissions {
  /** Spawn processes. Default: true. */
  readonly spawn?: boolean;
  /** Compile modules that it has as bytes. Default: true. */
  readonly compile?: boolean;
  /** Make configs for processes that it spawns. Default: true. */
  readonly configs?: boolean;
  /** Use the network: all of it, or what the rules allow. Default: false. */
  readonly network?: boolean | NetworkAllowance;
  /** Directories of this machine that it may use, by the paths under which it sees them: `{ '/data': './guest-data' }`. */
  readonly directories?: Readonly<Record<string, string>>;
  /** Programs of the operating system that it may run: names that are found in the `PATH`, or paths. Default: none. */
  readonly commands?: readonly string[];
}

/** Parts of the network. A rule is a host, an address or a range, each with or without a port: `example.com:443`, `10.0.0.0/8`. */
export interface NetworkAllowance {
  /** To what it may connect and send. Default: nothing. */
  readonly connect?: readonly string[];
  /** What it may not connect to, whatever `connect` says. Default: nothing. */
  readonly deny?: readonly string[];
  /** Where it may listen: addresses and ports. Default: nowhere. */
  readonly listen?: readonly string[];
}

/** What a process may use up. Without a limit it may use what the machine has. */
export interface Limits {
  /** Bytes of memory. Default, and most: 4 GiB less one byte. */
  readonly memory?: number;
  /** Fuel, in units of 100,000 instructions. A process that has used it up traps. Default: no limit. */
  readonly fuel?: number;
  /** Processes that there may be in all when it spawns another one. Default: no limit. */
  readonly processes?: number;
  /** Bytes of messages that it may leave unread, 128 more for each. With more it is killed. Default: no limit. */
  readonly mailbox?: number;
}

/** What a process is granted and told. */
export interface ConfigOptions {
  readonly permissions?: Permissions;
  readonly limits?: Limits;
  /** Its command line, the name of the program first. Default: empty. */
  readonly args?: readonly string[];
  /** Its environment variables. Default: none; those of this program are not handed on. */
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * The config of a process.
 * @throws NetworkRuleError, ProgramNotFoundError
 */
export function configOf({
  permissions = {},
  limits = {},
  args = [],
  env = {},
}: ConfigOptions): ProcessConfig {
  const { spawn = true, compile = true, configs = true, network = false, directories = {} } = permissions;
  const config = new ProcessConfig();
  config.canSpawnProcesses = spawn;
  config.canCompileModules = compile;
  config.canCreateConfigs = configs;
  config.network = networkOf(network, config.network);
  config.commands = findPrograms(permissions.commands ?? []);
  for (const [guestPath, hostPath] of Object.entries(directories)) {
    config.preopenedDirectories.push({ guestPath, hostPath });
  }
  config.maxMemory = Math.min(limits.memory ?? config.maxMemory, config.maxMemory);
  config.maxFuel = limits.fuel ?? config.maxFuel;
  config.maxProcesses = limits.processes ?? config.maxProcesses;
  config.maxMailbox = limits.mailbox ?? config.maxMailbox;
  config.commandLineArguments.push(...args);
  config.environmentVariables.push(...Object.entries(env));
  return config;
}

function networkOf(network: boolean | NetworkAllowance, all: NetworkPermission): NetworkPermission {
  if (network === true) return all;
  if (network === false) return NO_NETWORK;
  const { connect = [], deny, listen = [] } = network;
  return new NetworkPermission(
    new NetworkRules(connect),
    deny === undefined ? null : new NetworkRules(deny),
    listenRules(listen),
  );
}
