import type { Pass } from './pass.ts';

/** A process must have fewer than 100,000 table elements. */
const TABLE_MAXIMUM = 99_999;

/** Makes the module's own memory the import `lunatic:kernel`.`memory`, and gives tables the maximum of the host. */
export const memoryPass: Pass = {
  name: 'memory',
  declare(plan) {
    const { memories, importedMemories, exports } = plan.module;
    plan.exportStart();
    plan.tableMaximum = TABLE_MAXIMUM;
    const [own] = memories;
    const isLone = memories.length === 1 && importedMemories === 0;
    if (own === undefined || !isLone || own.shared || own.is64) return;
    const { initial, maximum } = own;
    const exported = exports.some(({ kind }) => kind === 'memory');
    plan.importOwnMemory({ initial, ...(maximum === undefined ? {} : { maximum }), exported });
  },
};
