import { BulkWork } from './bulk-work.ts';
import { planCalls, WORK_LIMIT } from './call-plan.ts';
import { Op } from './opcodes.ts';
import type { Pass } from './pass.ts';
import { PreemptCode } from './preempt-code.ts';
import { writeChargeTo } from './write-charge.ts';

/** Bytes from which on a bulk instruction takes longer than the path around it counts for it. */
const SHORTEST_BULK = 1024;

/** Calls `lunatic:kernel`.`tick: () -> ()` every few microseconds of work. */
export const preemptPass: Pass = {
  name: 'preempt',
  declare(plan) {
    const tick = plan.importFunction('tick', { params: [], results: [] });
    const budget = plan.addGlobal('i32', WORK_LIMIT);
    plan.exportStart();
    const charge = writeChargeTo(budget, Op.i32LtS, () => [
      [Op.call, tick.index],
      [Op.i32Const, WORK_LIMIT],
    ]);
    const bulk = new BulkWork(plan, charge, SHORTEST_BULK);
    const apart = plan.addFunction({ params: ['i32'], results: [] }, (out) => {
      out.u8(0);
      charge(out, () => {
        out.u8(Op.localGet);
        out.u32(0);
      });
      out.u8(Op.end);
    });
    const calls = planCalls(plan.module);
    const depth = calls.callsDeep.includes(1) ? plan.addGlobal('i32', 0) : null;
    // A process that is killed leaves it as it was.
    if (depth !== null) plan.reset.set('lunatic:depth', depth);
    plan.editCode((walk) => {
      const targets = {
        tick: tick.index,
        budget: budget.index,
        charge: apart.index,
        depth: depth === null ? -1 : depth.index,
      };
      return new PreemptCode(walk, calls, targets, bulk);
    });
  },
};
