import { Namespace } from '../hostcall/function.ts';
import { hostTrap } from '../kernel/trap.ts';
import { Where } from '../kernel/where.ts';

/**
 * `lunatic::scheduler`: what a program may say of the schedulers that run it. Upstream has no such functions: a guest that imports
 * them runs only here.
 */
export const scheduler = new Namespace('lunatic::scheduler');

scheduler.define(
  'place_children',
  '(where: i32) -> i32',
  { since: 'not in upstream' },
  'Sets where children of the caller, and theirs, begin: 0 beside it unless another scheduler has nothing to do, 1 beside it, 2 on another scheduler if there can be one. Returns what was set before.',
  (context) => (where: number) => {
    const { current } = context.scheduler;
    if (where !== Where.Usual && where !== Where.Beside && where !== Where.Apart)
      throw hostTrap(`children are placed by 0, 1 or 2, not by ${where}`);
    const before = current.childrenWhere;
    current.childrenWhere = where;
    return before;
  },
);
