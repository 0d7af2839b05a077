import { ProcessConfig, ROOT_HOST_MEMORY } from '../permissions/config.ts';
import { hostPermission } from '../permissions/host-permission.ts';
import { listenRules, NetworkPermission, NO_NETWORK } from '../permissions/network-permission.ts';
import { NetworkRules } from '../permissions/network-rules.ts';
import { findPrograms } from '../programs/find-programs.ts';

/**
 * What a process may do. Processes that it spawns may never do more. Everything that is not granted here is refused, above
 * all access to the outside world.
 */
export interface Permissions {
  /** Whether it may spawn processes. Default: true. */
  readonly spawn?: boolean;
  /** Whether it may compile modules that it has as bytes. Default: true. */
  readonly compile?: boolean;
  /** Whether it may make configs for processes that it spawns. Default: true. */
  readonly configs?: boolean;
  /** Whether it may use the network: all of it, or what the rules allow. Default: false. */
  readonly network?: boolean | NetworkAllowance;
  /** Directories that it may use, by the paths under which it sees them: `{ '/data': './guest-data' }`. Default: none. */
  readonly directories?: Readonly<Record<string, string>>;
  /** OS programs that it may run: names that are found in the `PATH`, or paths. Default: none. */
  readonly commands?: readonly string[];
  /**
   * Environment variables that it may set for them. Many of those that programs know make them run other code, such as
   * `GIT_SSH_COMMAND`. Default: none.
   */
  readonly commandVariables?: readonly string[];
  /**
   * Whether statements of SQLite may take long that run nowhere but on this thread: changes in transactions, of temporary tables and
   * attached databases. This program and all processes wait meanwhile. Default: false.
   */
  readonly longSql?: boolean;
  /** Which host functions its modules may import. Default: all. */
  readonly hostFunctions?: HostAllowance;
}

/** Host functions. A rule is a namespace, `lunatic::sqlite`, or one function of it, `lunatic::sqlite::open`. */
export interface HostAllowance {
  /** What may be imported. Default: everything. */
  readonly allow?: readonly string[];
  /** What may not, whatever `allow` says. Default: nothing. */
  readonly deny?: readonly string[];
}

/** Parts of the network. A rule is a host, an address or a range, each with or without a port: `example.com:443`, `10.0.0.0/8`. */
export interface NetworkAllowance {
  /** What it may connect and send to. Default: nothing. */
  readonly connect?: readonly string[];
  /** What it may not connect to, whatever `connect` says. Default: nothing. */
  readonly deny?: readonly string[];
  /** Where it may listen: addresses and ports. Default: nowhere. */
  readonly listen?: readonly string[];
}

/** How much a process may use. */
export interface Limits {
  /** The size of its memory in bytes. Default and maximum: 4 GiB less one byte. */
  readonly memory?: number;
  /** Fuel in units of 100,000 instructions. A process that has used up its fuel traps. Default: no limit. */
  readonly fuel?: number;
  /** The number of processes in the environment up to which it may spawn another one. Default: no limit. */
  readonly processes?: number;
  /**
   * The size of unread messages in bytes, above which it is killed. A message counts 32 bytes more than its data, or 512 if it is
   * longer than a kibibyte or carries resources. Default: no limit.
   */
  readonly mailbox?: number;
  /**
   * What the runtime may keep for it besides its memory, in bytes: messages, timers, names, configs, errors, traces, modules. Beyond
   * that a call traps, or it is killed. All processes of the program may have as much together as the one that may have most.
   * Default: 2 GiB.
   */
  readonly hostMemory?: number;
}

/** The permissions, limits and surroundings of a process. */
export interface ConfigOptions {
  readonly permissions?: Permissions;
  readonly limits?: Limits;
  /** Its command line, the name of the program first. Default: empty. */
  readonly args?: readonly string[];
  /** Its environment variables. Default: none. Those of this program are not passed on. */
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * The config of a process.
 * @throws NetworkRuleError, HostRuleError, ProgramNotFoundError; RangeError for a limit that is none
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
  config.commandVariables = new Set(permissions.commandVariables);
  config.canRunLongSql = permissions.longSql ?? false;
  config.hostFunctions = hostPermission(permissions.hostFunctions ?? {});
  for (const [guestPath, hostPath] of Object.entries(directories)) {
    config.preopenedDirectories.push({ guestPath, hostPath });
  }
  config.maxMemory = Math.min(limitOf(limits, 'memory', config.maxMemory), config.maxMemory);
  config.maxFuel = limitOf(limits, 'fuel', config.maxFuel);
  config.maxProcesses = limitOf(limits, 'processes', config.maxProcesses);
  config.maxMailbox = limitOf(limits, 'mailbox', config.maxMailbox);
  config.maxHostMemory = limitOf(limits, 'hostMemory', ROOT_HOST_MEMORY);
  config.commandLineArguments.push(...args);
  config.environmentVariables.push(...Object.entries(env));
  return config;
}

/** A limit that is no number, such as NaN, would be one that nothing exceeds. */
function limitOf(limits: Limits, name: keyof Limits, otherwise: number): number {
  const limit: unknown = limits[name] ?? otherwise;
  if (typeof limit === 'number' && limit >= 0) return limit;
  throw new RangeError(`the limit '${name}' must be a number of at least 0, not ${String(limit)}`);
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
