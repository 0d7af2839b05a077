import type { ModulePlan } from './module-plan.ts';
import type { Pass } from './pass.ts';

/** The most globals to set back: for more of them, making a new instance is faster. */
const MOST_GLOBALS = 32;

/** Exports the globals that must be set back before an instance is used again; see `RewrittenModule.state`. */
export const reusePass: Pass = {
  name: 'reuse',
  // Globals of other passes that must be set back are known once all passes have declared them.
  conclude(plan) {
    const globals = mutableGlobals(plan);
    if (globals === undefined) return;
    const state = globals.map((index) => plan.addExport(`lunatic:global:${index}`, 'global', index));
    for (const [name, global] of plan.reset) state.push(plan.addExport(name, 'global', global));
    plan.state = state;
  },
};

/** The globals that code can change; undefined if it can change more than the host can set back. */
function mutableGlobals({ module }: ModulePlan): number[] | undefined {
  if (module.usesGcTypes || module.code.changesTables || module.importedGlobals > 0) return undefined;
  const found: number[] = [];
  for (const [index, { type, mutable }] of module.globals.entries()) {
    if (!mutable) continue;
    // JavaScript can neither read vectors nor what a reference refers to.
    if (!['i32', 'i64', 'f32', 'f64'].includes(type) || found.length === MOST_GLOBALS) return undefined;
    found.push(index);
  }
  return found;
}
