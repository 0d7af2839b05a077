import { type Command, InvalidArgumentError } from 'commander';
import { HostRuleError, hostRules } from '../permissions/host-permission.ts';
import { listenRules } from '../permissions/network-permission.ts';
import { NetworkRuleError, NetworkRules } from '../permissions/network-rules.ts';
import { wholeNumber } from './options.ts';

/** What the command line says about what a program may do. A missing field means what upstream does. */
export interface PermissionFlags {
  readonly allowNet?: readonly string[];
  readonly denyNet?: readonly string[];
  readonly allowListen?: readonly string[];
  /** False: the network is closed, except for what is allowed. */
  readonly net?: boolean;
  /** OS programs that the program may run, by name or path. */
  readonly allowCommand?: readonly string[];
  /** Environment variables that it may set for them. */
  readonly allowCommandEnv?: readonly string[];
  /** Host functions that its modules may import: namespaces, or functions with theirs. */
  readonly allowHost?: readonly string[];
  readonly denyHost?: readonly string[];
  /** False: processes may not spawn, compile modules or create configs. */
  readonly spawn?: boolean;
  readonly compile?: boolean;
  readonly configs?: boolean;
  /** Bytes. */
  readonly maxMemory?: number;
  /** Units of 100,000 instructions. */
  readonly maxFuel?: number;
  readonly maxProcesses?: number;
  /** Bytes. */
  readonly maxMailbox?: number;
  /** Bytes. */
  readonly maxHostMemory?: number;
  /** What the elements of a table stay within. */
  readonly maxTable?: number;
  /** How many tables a process may have. */
  readonly maxTables?: number;
  /** How many memories a process may have. */
  readonly maxMemories?: number;
  /** Whether memories and tables may be 64-bit. */
  readonly memory64?: boolean;
  /** Whether modules may have objects on the engine's heap, which has no limits. */
  readonly allowGc?: boolean;
  /** Whether SQL may take long where all processes wait for it. */
  readonly allowLongSql?: boolean;
  /** False: the current directory is not preopened. */
  readonly cwd?: boolean;
  /** False: the program does not get the environment variables of this command. */
  readonly inheritEnv?: boolean;
  /** `NAME=VALUE`, or the name of a variable of this command. */
  readonly env?: readonly string[];
  /** Whether children may get what their parents do not have. */
  readonly upstreamPermissions?: boolean;
}

/** The part that decides whether a module may run. */
export type ModuleFlags = Pick<
  PermissionFlags,
  | 'allowHost'
  | 'denyHost'
  | 'maxMemory'
  | 'maxHostMemory'
  | 'maxTable'
  | 'maxTables'
  | 'maxMemories'
  | 'memory64'
  | 'allowGc'
>;

/** Adds the options that decide whether a module may run. */
export function withModuleOptions(command: Command): Command {
  return command
    .option(
      '--allow-host <functions>',
      'let modules import these namespaces and functions and no others: lunatic::message,lunatic::sqlite::open; repeatable',
      collectHostRules,
    )
    .option(
      '--deny-host <functions>',
      'do not let modules import these, whatever is allowed; repeatable',
      collectHostRules,
    )
    .option(
      '--max-memory <size>',
      'memory that a process may have: a number of bytes, or one with K, M or G',
      parseSize,
    )
    .option(
      '--max-host-memory <size>',
      'what the runtime may keep for the program besides the memories of processes (messages, timers, names, configs, modules), written like that of --max-memory; 2G unless given',
      parseSize,
    )
    .option(
      '--max-table <elements>',
      'elements that a table of a process may have; 99999 unless given',
      parseCount,
    )
    .option('--max-tables <n>', 'tables that a module may have; 1 unless given', parseCount)
    .option('--max-memories <n>', 'memories that a module may have; 1 unless given', parseCount)
    .option('--memory64', 'allow 64-bit memories and tables')
    .option(
      '--allow-gc',
      'allow structs, arrays and stored exceptions: the program can then use up the heap of the engine, which ends the whole command',
    );
}

/** Adds the options that limit what a program may do. */
export function withPermissionOptions(command: Command): Command {
  return withModuleOptions(command)
    .option(
      '--allow-net <rules>',
      'let the program connect to these and nowhere else: 10.0.0.0/8,[::1]:80,*.example.org:443; repeatable',
      collectConnectRules,
    )
    .option(
      '--allow-listen <rules>',
      'let the program listen at these and nowhere else: 127.0.0.1:8080; repeatable',
      collectListenRules,
    )
    .option(
      '--deny-net <rules>',
      'do not let the program connect to these, whatever is allowed; repeatable',
      collectConnectRules,
    )
    .option('--no-net', 'do not let the program connect or listen, except where that is allowed')
    .option(
      '--allow-command <programs>',
      'let the program run these OS programs: git,/usr/bin/ls; repeatable',
      collectWords,
    )
    .option(
      '--allow-command-env <names>',
      'let the program set these environment variables of OS programs: LANG,TZ; repeatable',
      collectNames,
    )
    .option('--no-spawn', 'do not let processes spawn others')
    .option('--no-compile', 'do not let processes compile modules')
    .option('--no-configs', 'do not let processes make configs for others')
    .option('--max-fuel <units>', 'instructions that a process may execute, in units of 100,000', parseCount)
    .option('--max-processes <n>', 'processes that the program may have at a time', parseCount)
    .option(
      '--max-mailbox <size>',
      'total size of the messages that a process may leave unread, written like that of --max-memory',
      parseSize,
    )
    .option(
      '--allow-long-sql',
      'let statements of SQLite take long in transactions, temporary tables and attached databases: all other processes wait meanwhile',
    )
    .option('--no-cwd', 'do not let the program use the current directory')
    .option('--no-inherit-env', 'do not give the program the environment variables of this command')
    .option(
      '--env <variable>',
      'give the program NAME=VALUE, or the variable NAME of this command; repeatable',
      collectVariables,
    )
    .option(
      '--upstream-permissions',
      'let processes give others permissions that they do not have, as upstream does',
    );
}

function split(value: string): string[] {
  return value
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
}

function collectWords(value: string, previous: readonly string[] = []): string[] {
  const words = split(value);
  if (words.length === 0) throw new InvalidArgumentError('It names none.');
  return [...previous, ...words];
}

function collectNames(value: string, previous: readonly string[] = []): string[] {
  if (value.includes('='))
    throw new InvalidArgumentError('It must be names alone, as LANG,TZ: the program sets the values.');
  return collectWords(value, previous);
}

/** Refuses what would be taken for an address where a port was meant: `--deny-net=::1:80` would not deny what it seems to. */
function collectAddresses(value: string, previous: readonly string[] = []): string[] {
  const words = collectWords(value, previous);
  for (const word of words) {
    const [, address, last] = /^([^[\]/]*::[^[\]/]*):(\d{1,5})$/.exec(word) ?? [];
    if (address !== undefined)
      throw new InvalidArgumentError(
        `'${word}' may be an address, or one with a port: write [${word}] or [${address}]:${last}.`,
      );
  }
  return words;
}

function collectConnectRules(value: string, previous: readonly string[] = []): string[] {
  return checked(collectAddresses(value, previous), (rules) => new NetworkRules(rules));
}

function collectListenRules(value: string, previous: readonly string[] = []): string[] {
  return checked(collectAddresses(value, previous), listenRules);
}

function collectHostRules(value: string, previous: readonly string[] = []): string[] {
  return checked(collectWords(value, previous), hostRules);
}

function checked(rules: string[], check: (rules: string[]) => unknown): string[] {
  try {
    check(rules);
  } catch (error) {
    if (!(error instanceof NetworkRuleError || error instanceof HostRuleError)) throw error;
    throw new InvalidArgumentError(error.message);
  }
  return rules;
}

function collectVariables(value: string, previous: readonly string[] = []): string[] {
  if (value === '' || value.startsWith('=')) throw new InvalidArgumentError('It must be NAME or NAME=VALUE.');
  return [...previous, value];
}

const UNITS: Readonly<Record<string, number>> = { '': 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30 };

function parseSize(value: string): number {
  const [, count, unit = ''] = /^([0-9]{1,15})([KMG]?)$/i.exec(value) ?? [];
  if (count === undefined)
    throw new InvalidArgumentError('It must be a number of bytes, as 1048576 or 1M, of at most 15 digits.');
  return Number(count) * (UNITS[unit.toLowerCase()] ?? 1);
}

const parseCount = wholeNumber(1, 999_999_999_999_999);
