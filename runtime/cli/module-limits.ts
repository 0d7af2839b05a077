import { LinkError } from '../host/linker.ts';
import {
  type Excess,
  HostRefusal,
  ModuleError,
  type ModuleLimit,
  ModuleLimitError,
} from '../kernel/module-error.ts';
import type { ModuleLimits } from '../kernel/module-excesses.ts';
import type { HostPermission } from '../permissions/host-permission.ts';
import { printable } from '../text/printable.ts';
import { WasmFormatError } from '../wasm/index.ts';
import { CommandError } from './load.ts';
import type { ModuleFlags } from './permission-options.ts';

/** The limits of modules that a command line sets. */
export function moduleLimits({
  maxTable,
  maxTables,
  maxMemories,
  memory64,
  allowGc,
}: ModuleFlags): ModuleLimits {
  return {
    tableLimit: maxTable === undefined ? undefined : maxTable + 1,
    maxTables,
    maxMemories,
    memory64,
    gc: allowGc,
  };
}

/** The options that allow so much. */
const OPTIONS: Readonly<Record<ModuleLimit, (needed: number) => string>> = {
  tables: (needed) => `--max-tables=${needed}`,
  'table elements': (needed) => `--max-table=${needed}`,
  memories: (needed) => `--max-memories=${needed}`,
  'bytes of memory': (needed) => `--max-memory=${needed}`,
  'bytes of the host': (needed) => `--max-host-memory=${needed}`,
  'bits of addresses': () => '--memory64',
  'objects of the engine': () => '--allow-gc',
};

function optionFor({ limit, needed }: Excess): string {
  return OPTIONS[limit](needed);
}

/** What a module has too much of, with the option that allows it. */
export function excessText(excess: Excess): string {
  return `${excess.text}; ${optionFor(excess)} allows it`;
}

/**
 * What is wrong with a module, with the options that allow it, or that forbid it.
 * @param hostFunctions what the command line allows
 */
export function limitText(error: Error, hostFunctions: HostPermission): string {
  if (error instanceof ModuleLimitError) {
    const options = error.excesses.map(optionFor);
    return `${error.message}; ${options.join(' ')} ${options.length === 1 ? 'allows' : 'allow'} it`;
  }
  return error instanceof HostRefusal ? `${error.message}; ${refusing(hostFunctions)}` : error.message;
}

function refusing({ allow, deny }: HostPermission): string {
  if (deny.size === 0) return '--allow-host does not name them';
  return allow === null ? '--deny-host forbids them' : '--allow-host and --deny-host do not allow them';
}

/**
 * Loads a module, or checks it.
 * @throws CommandError that names the file, and the options that allow the module, or that forbid it;
 *   whatever else `load` throws
 */
export function loadNamed<T>(path: string, hostFunctions: HostPermission, load: () => T): T {
  try {
    return load();
  } catch (error) {
    const isModules =
      error instanceof ModuleError || error instanceof LinkError || error instanceof WasmFormatError;
    if (!isModules) throw error;
    const what = error instanceof WasmFormatError ? 'is malformed' : 'cannot run';
    throw new CommandError(`Module '${printable(path)}' ${what}: ${limitText(error, hostFunctions)}`, {
      cause: error,
    });
  }
}
