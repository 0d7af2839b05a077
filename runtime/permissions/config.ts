import { ANY_NETWORK, type NetworkPermission } from './network-permission.ts';

/** A host directory that a process may see. */
export interface PreopenedDirectory {
  readonly guestPath: string;
  readonly hostPath: string;
}

/** The largest `max_memory`, and the default: 65,535 pages fit, 65,536 do not (abi 2.3). */
export const DEFAULT_MAX_MEMORY = 4_294_967_295;

const NO_COMMANDS: ReadonlyMap<string, string> = new Map();

/** Permissions and limits of a process (abi 4.1). Shared by reference once a process runs with it. */
export class ProcessConfig {
  /** Bytes. */
  maxMemory = DEFAULT_MAX_MEMORY;
  /** Units of 100,000 instructions; 0 is unlimited. */
  maxFuel = 0;
  canCompileModules = false;
  canCreateConfigs = false;
  canSpawnProcesses = false;
  /** Processes that its environment may have when one with this config spawns another. */
  maxProcesses = Number.POSITIVE_INFINITY;
  /** Bytes of messages that it may leave unread, with something for each; with more it is killed. */
  maxMailbox = Number.POSITIVE_INFINITY;
  /**
   * Whether children may get what their parent does not have: permissions of upstream's, larger limits, any directory.
   * Upstream lets them. Children inherit this, whatever their config says.
   */
  upstreamPermissions = false;
  /** Programs of the operating system that it may run: absolute paths by the names that guests use. */
  commands: ReadonlyMap<string, string> = NO_COMMANDS;
  /** Whom it may connect to, and where it may listen. Upstream has no such permission. */
  network: NetworkPermission = ANY_NETWORK;
  preopenedDirectories: PreopenedDirectory[] = [];
  commandLineArguments: string[] = [];
  environmentVariables: [key: string, value: string][] = [];

  /** What a spawn takes, so that later changes of the resource do not reach a running process. */
  copy(): ProcessConfig {
    const copy = new ProcessConfig();
    copy.maxMemory = this.maxMemory;
    copy.maxFuel = this.maxFuel;
    copy.canCompileModules = this.canCompileModules;
    copy.canCreateConfigs = this.canCreateConfigs;
    copy.canSpawnProcesses = this.canSpawnProcesses;
    copy.maxProcesses = this.maxProcesses;
    copy.maxMailbox = this.maxMailbox;
    copy.upstreamPermissions = this.upstreamPermissions;
    copy.commands = this.commands;
    copy.network = this.network;
    copy.preopenedDirectories = this.preopenedDirectories.slice();
    copy.commandLineArguments = this.commandLineArguments.slice();
    copy.environmentVariables = this.environmentVariables.slice();
    return copy;
  }

  /** The config of a root process: all permissions, default limits. */
  static forRoot(): ProcessConfig {
    const config = new ProcessConfig();
    config.canCompileModules = true;
    config.canCreateConfigs = true;
    config.canSpawnProcesses = true;
    return config;
  }
}
