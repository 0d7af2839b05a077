import { LinkError } from '../host/linker.ts';
import type { LoadOptions } from '../kernel/module.ts';
import { ModuleError, type ModuleLimit, ModuleLimitError } from '../kernel/module-error.ts';
import { printable } from '../text/printable.ts';
import { WasmFormatError } from '../wasm/index.ts';
import { CommandError } from './load.ts';
import type { PermissionFlags } from './permission-options.ts';

/** The limits of modules that a command line sets. */
export function moduleLimits({
  maxTable,
  maxTables,
  maxMemories,
  memory64,
  allowGc,
}: PermissionFlags): LoadOptions {
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
  'bits of addresses': () => '--memory64',
  'objects of the engine': () => '--allow-gc',
};

/** What is wrong with a module, and the option that allows it if there is one. */
export function limitText(error: Error): string {
  if (!(error instanceof ModuleLimitError)) return error.message;
  return `${error.message}; ${OPTIONS[error.limit](error.needed)} allows it`;
}

/**
 * Loads a module, or checks it.
 * @throws CommandError that names the file, and the option that allows the module if it is beyond the limits of every process;
 *   whatever else `load` throws
 */
export function loadNamed<T>(path: string, load: () => T): T {
  try {
    return load();
  } catch (error) {
    const isModules =
      error instanceof ModuleError || error instanceof LinkError || error instanceof WasmFormatError;
    if (!isModules) throw error;
    const what = error instanceof WasmFormatError ? 'is malformed' : 'cannot run';
    throw new CommandError(`Module '${printable(path)}' ${what}: ${limitText(error)}`, { cause: error });
  }
}
