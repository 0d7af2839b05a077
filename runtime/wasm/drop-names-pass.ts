import type { Pass } from './pass.ts';

/** Leaves the name section out. Engines show names in stacks, and guests choose them. */
export const dropNamesPass: Pass = {
  name: 'drop names',
  declare(plan) {
    plan.dropped.add('name');
  },
};
