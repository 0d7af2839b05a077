import { MeterCode } from './meter-code.ts';
import type { Pass } from './pass.ts';

/** Counts fuel and calls `lunatic:kernel`.`refuel: () -> i32` for more, which preempts as well. */
export const meterPass: Pass = {
  name: 'meter',
  excludes: ['preempt'],
  declare(plan) {
    const refuel = plan.importFunction('refuel', { params: [], results: ['i32'] });
    const tank = plan.addGlobal('i32', 0);
    // The budget of the preempt pass may carry over from one process to the next, but fuel must not.
    plan.reset.set('lunatic:fuel', tank);
    plan.exportStart();
    plan.editCode(() => new MeterCode(refuel.index, tank.index));
  },
};
