import { checkGrowth } from './growth-check.ts';
import type { WasmModule } from './module.ts';
import type { Pass } from './pass.ts';

/** A process has fewer table elements than this, unless whoever runs it allows more (abi 2.3). */
export const TABLE_LIMIT = 100_000;

/**
 * Makes the module's own memories imports, and gives tables the maximum of the host. The engine holds each memory to its own
 * maximum; if there are several, a check before each `memory.grow` holds all of them together to the import
 * `lunatic:kernel`.`pages`.
 * @param tableLimit what the number of a table's elements stays below
 */
export function memoryPassFor(tableLimit: number): Pass {
  return {
    name: 'memory',
    declare(plan) {
      const { memories } = plan.module;
      plan.exportStart();
      plan.tableMaximum = tableLimit - 1;
      if (memories.length === 0 || !canBeProvided(plan.module)) return;
      plan.importOwnMemories(
        memories.map(({ initial, maximum, is64 }) => ({
          initial,
          ...(maximum === undefined ? {} : { maximum }),
          is64,
        })),
      );
      if (memories.length > 1) checkGrowth(plan);
    },
  };
}

export const memoryPass: Pass = memoryPassFor(TABLE_LIMIT);

function canBeProvided({ memories, importedMemories }: WasmModule): boolean {
  return importedMemories === 0 && memories.every(({ shared }) => !shared);
}
