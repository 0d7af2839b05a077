import { BulkWork } from './bulk-work.ts';
import { MeterCode } from './meter-code.ts';
import { Op } from './opcodes.ts';
import type { Pass } from './pass.ts';
import { writeChargeTo } from './write-charge.ts';

/** Bytes from which on a bulk instruction costs more fuel than another one. */
const SHORTEST_BULK = 256;

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
    const charge = writeChargeTo(tank, Op.i32LeS, () => [
      [Op.call, refuel.index],
      [Op.globalGet, tank.index],
      [Op.i32Add],
    ]);
    const bulk = new BulkWork(plan, charge, SHORTEST_BULK);
    plan.editCode(() => new MeterCode(refuel.index, tank.index, bulk));
  },
};
