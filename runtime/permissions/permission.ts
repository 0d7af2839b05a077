import type { ProcessConfig } from './config.ts';
import { mayBindSomewhere, mayConnectSomewhere, mayListenSomewhere } from './network-permission.ts';

/** Something that a config may deny whatever a process asks for in particular. */
export interface Permission {
  /** What may be done, behind "may": `spawn processes`. */
  readonly what: string;
  /** The option of `lunatic run` that denies it, or allows it where it is denied unless something is named. */
  readonly option: string;
  isGrantedBy(config: ProcessConfig): boolean;
}

/** What calls of host functions may need. Where a rule decides about each place or name, it is denied if no rule allows anything. */
export const PERMISSIONS = {
  spawn: {
    what: 'spawn processes',
    option: '--no-spawn',
    isGrantedBy: (config) => config.canSpawnProcesses,
  },
  compile: {
    what: 'compile modules',
    option: '--no-compile',
    isGrantedBy: (config) => config.canCompileModules,
  },
  configs: {
    what: 'create configs',
    option: '--no-configs',
    isGrantedBy: (config) => config.canCreateConfigs,
  },
  connect: { what: 'connect anywhere', option: '--allow-net', isGrantedBy: mayConnectSomewhere },
  listen: { what: 'listen anywhere', option: '--allow-listen', isGrantedBy: mayListenSomewhere },
  datagrams: { what: 'bind a UDP socket', option: '--allow-listen', isGrantedBy: mayBindSomewhere },
  commands: {
    what: 'run OS programs',
    option: '--allow-command',
    isGrantedBy: ({ commands }) => commands.size > 0,
  },
  commandVariables: {
    what: 'set environment variables of OS programs',
    option: '--allow-command-env',
    isGrantedBy: ({ commandVariables }) => commandVariables.size > 0,
  },
  directories: {
    what: 'use a directory',
    option: '--dir',
    isGrantedBy: ({ preopenedDirectories }) => preopenedDirectories.length > 0,
  },
} as const satisfies Record<string, Permission>;

export type PermissionName = keyof typeof PERMISSIONS;
