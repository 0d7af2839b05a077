import type { Pass } from './pass.ts';

/**
 * Leaves custom sections out, except for branch hints. Engines show names in stacks, and guests choose them; debug sections
 * are most of a module, and engines copy them. Whoever looks for either finds it in the original.
 */
export const dropCustomsPass: Pass = {
  name: 'drop customs',
  declare(plan) {
    plan.dropsCustoms = true;
  },
};
