import { WORK_LIMIT } from './call-plan.ts';
import type { Pass } from './pass.ts';
import { PreemptCode } from './preempt-code.ts';

/** Calls `lunatic:kernel`.`tick: () -> ()` every few microseconds of work. */
export const preemptPass: Pass = {
  name: 'preempt',
  declare(plan) {
    const tick = plan.importFunction('tick', { params: [], results: [] });
    const budget = plan.addGlobal('i32', WORK_LIMIT);
    plan.exportStart();
    plan.editCode((walk) => new PreemptCode(walk, tick.index, budget.index));
  },
};
