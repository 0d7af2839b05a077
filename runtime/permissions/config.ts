import { ANY_HOST, type HostPermission } from './host-permission.ts';
import { ANY_NETWORK, type NetworkPermission } from './network-permission.ts';

/** A host directory that a process may use. */
export interface PreopenedDirectory {
  readonly guestPath: string;
  readonly hostPath: string;
}

/** The largest `max_memory`, and the default: 65,535 pages fit, 65,536 do not (abi 2.3). */
export const DEFAULT_MAX_MEMORY = 4_294_967_295;

/** The `max_host_memory` of a root process: far more than programs need, and less than what V8's heap and most machines hold. */
export const ROOT_HOST_MEMORY = 2 ** 31;

const NO_COMMANDS: ReadonlyMap<string, string> = new Map();
const NO_VARIABLES: ReadonlySet<string> = new Set();

/** Permissions and limits of a process (abi 4.1). Shared by reference once a process runs with it. */
export class ProcessConfig {
  /** Bytes that its memory may have. */
  maxMemory = DEFAULT_MAX_MEMORY;
  /** Units of 100,000 instructions that it may run; 0 for no limit. */
  maxFuel = 0;
  canCompileModules = false;
  canCreateConfigs = false;
  canSpawnProcesses = false;
  /** Processes that its environment may have while a process with this config can still spawn another. */
  maxProcesses = Number.POSITIVE_INFINITY;
  /** Bytes of messages that it may leave unread, with a surcharge for each message. Beyond that it is killed. */
  maxMailbox = Number.POSITIVE_INFINITY;
  /**
   * Bytes that the host may keep for it besides its memory: messages, timers, names, configs, errors, traces, modules. For a
   * root process, also what it may keep for all processes of the program together.
   */
  maxHostMemory = Number.POSITIVE_INFINITY;
  /**
   * Whether children may get more than their parent has: upstream's permissions, larger limits, any directory. Upstream
   * allows that. Children inherit this setting, whatever their config says.
   */
  upstreamPermissions = false;
  /** Whether SQL may take long where only the scheduler's thread can run it: all other processes wait meanwhile. */
  canRunLongSql = false;
  /** OS programs that it may run: absolute paths by the names that guests use. */
  commands: ReadonlyMap<string, string> = NO_COMMANDS;
  /** Environment variables that it may set for them. Many make programs run other code, and nobody knows all of those. */
  commandVariables: ReadonlySet<string> = NO_VARIABLES;
  /** Which host functions its module may import. */
  hostFunctions: HostPermission = ANY_HOST;
  /** Which addresses it may connect to and listen on. Upstream has no such permission. */
  network: NetworkPermission = ANY_NETWORK;
  preopenedDirectories: PreopenedDirectory[] = [];
  commandLineArguments: string[] = [];
  environmentVariables: [key: string, value: string][] = [];

  /** Copies the config for a spawn, so that later changes of the guest's resource do not affect a running process. */
  copy(): ProcessConfig {
    const copy = new ProcessConfig();
    copy.maxMemory = this.maxMemory;
    copy.maxFuel = this.maxFuel;
    copy.canCompileModules = this.canCompileModules;
    copy.canCreateConfigs = this.canCreateConfigs;
    copy.canSpawnProcesses = this.canSpawnProcesses;
    copy.maxProcesses = this.maxProcesses;
    copy.maxMailbox = this.maxMailbox;
    copy.maxHostMemory = this.maxHostMemory;
    copy.upstreamPermissions = this.upstreamPermissions;
    copy.canRunLongSql = this.canRunLongSql;
    copy.commands = this.commands;
    copy.commandVariables = this.commandVariables;
    copy.hostFunctions = this.hostFunctions;
    copy.network = this.network;
    copy.preopenedDirectories = this.preopenedDirectories.slice();
    copy.commandLineArguments = this.commandLineArguments.slice();
    copy.environmentVariables = this.environmentVariables.slice();
    return copy;
  }

  /** Returns the config of a root process: all permissions, default limits. */
  static forRoot(): ProcessConfig {
    const config = new ProcessConfig();
    config.canCompileModules = true;
    config.canCreateConfigs = true;
    config.canSpawnProcesses = true;
    config.maxHostMemory = ROOT_HOST_MEMORY;
    return config;
  }
}
