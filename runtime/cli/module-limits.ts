import { LinkError } from '../host/linker.ts';
import { HostRefusal, ModuleError } from '../kernel/module-error.ts';
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

/**
 * What is wrong with a module, with the options that allow it, or that forbid it.
 * @param hostFunctions what the command line allows
 */
export function limitText(error: Error, hostFunctions: HostPermission): string {
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
