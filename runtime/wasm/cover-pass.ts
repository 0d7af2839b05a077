import { CoverCode } from './cover-code.ts';
import type { CoverMap } from './cover-map.ts';
import type { Pass } from './pass.ts';

const PAGE = 0x1_0000;

/**
 * Notes which code is executed, for coverage. Imports from `lunatic:kernel` the memory `cover`, which has a byte for each flag of the
 * map: `CoverMap` tells which are set where. Flags cost much less than counters: a constant is stored at a constant address that is
 * known to be in bounds.
 */
export function coverPass(map: CoverMap): Pass {
  return {
    name: 'cover',
    declare(plan) {
      if (map.flags === 0) return;
      const pages = coverPages(map);
      const cover = plan.importMemory('cover', {
        initial: pages,
        maximum: pages,
        shared: false,
        is64: false,
      });
      plan.editCode(() => new CoverCode(map, cover));
    },
  };
}

/** The size of the memory `cover`, in pages. */
export function coverPages({ flags }: CoverMap): number {
  return Math.max(1, Math.ceil(flags / PAGE));
}
