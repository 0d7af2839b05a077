import type { LoadedModule, LoadOptions } from '../kernel/module.ts';
import { ModuleLimitError } from '../kernel/module-error.ts';
import type { ProcessConfig } from '../permissions/config.ts';
import { displayName } from '../text/display-name.ts';
import { CommandError } from './load.ts';
import type { PermissionFlags } from './permission-options.ts';

/** The limits of modules that a command line sets. */
export function moduleLimits({ maxTable, maxTables }: PermissionFlags): LoadOptions {
  return { tableLimit: maxTable === undefined ? undefined : maxTable + 1, maxTables };
}

/** What is wrong with a module, and the option that allows it if there is one. */
export function limitText(error: Error): string {
  if (!(error instanceof ModuleLimitError)) return error.message;
  const option = error.limit === 'tables' ? '--max-tables' : '--max-table';
  return `${error.message}; ${option}=${error.needed} allows it`;
}

/**
 * Refuses a module that is beyond the limits of every process.
 * @throws CommandError that names the option that allows it
 */
export function checkLimits(path: string, module: LoadedModule, config: ProcessConfig): void {
  try {
    module.checkLimits(config);
  } catch (error) {
    if (!(error instanceof ModuleLimitError)) throw error;
    throw new CommandError(`Module '${displayName(path)}' cannot run: ${limitText(error)}`, { cause: error });
  }
}
