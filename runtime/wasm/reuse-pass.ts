import type { ModulePlan } from './module-plan.ts';
import type { Pass } from './pass.ts';

/** Setting more globals back takes longer than making a new instance. */
const MOST_GLOBALS = 32;

/** Exports what an instance must get back to serve a second time, see `RewrittenModule.state`. */
export const reusePass: Pass = {
  name: 'reuse',
  // What other passes need set back is known when all have declared it.
  conclude(plan) {
    const globals = mutableGlobals(plan);
    if (globals === undefined) return;
    const state = globals.map((index) => plan.addExport(`lunatic:global:${index}`, 'global', index));
    for (const [name, global] of plan.reset) state.push(plan.addExport(name, 'global', global));
    plan.state = state;
  },
};

/** What code can change besides the memory; undefined where that is more than the host can set back. */
function mutableGlobals({ module }: ModulePlan): number[] | undefined {
  if (module.usesGcTypes || module.code.changesTables || module.importedGlobals > 0) return undefined;
  const found: number[] = [];
  for (const [index, { type, mutable }] of module.globals.entries()) {
    if (!mutable) continue;
    // A host sees neither vectors nor what is in a reference.
    if (!['i32', 'i64', 'f32', 'f64'].includes(type) || found.length === MOST_GLOBALS) return undefined;
    found.push(index);
  }
  return found;
}
