import type { Pass } from './pass.ts';

/** A process has fewer table elements than this, unless whoever runs it allows more (abi 2.3). */
export const TABLE_LIMIT = 100_000;

/**
 * Makes the module's own memory the import `lunatic:kernel`.`memory`, and gives tables the maximum of the host.
 * @param tableLimit what the number of a table's elements stays below
 */
export function memoryPassFor(tableLimit: number): Pass {
  return {
    name: 'memory',
    declare(plan) {
      const { memories, importedMemories, exports } = plan.module;
      plan.exportStart();
      plan.tableMaximum = tableLimit - 1;
      const [own] = memories;
      const isLone = memories.length === 1 && importedMemories === 0;
      if (own === undefined || !isLone || own.shared || own.is64) return;
      const { initial, maximum } = own;
      const exported = exports.some(({ kind }) => kind === 'memory');
      plan.importOwnMemory({ initial, ...(maximum === undefined ? {} : { maximum }), exported });
    },
  };
}

export const memoryPass: Pass = memoryPassFor(TABLE_LIMIT);
