/** Every list of passes that can be used together. */
import {
  CoverMap,
  coverPass,
  draftPass,
  dropCustomsPass,
  everyInstruction,
  growthPass,
  memoryPass,
  meterPass,
  type Pass,
  ProbeMap,
  preemptPass,
  probePass,
  reusePass,
} from '../../../runtime/wasm/index.ts';
import { countPass } from './count-pass.ts';

/** Probes before every instruction. */
export const probeEverywhere: Pass = {
  name: 'probe',
  declare: (plan) =>
    probePass(ProbeMap.of(plan.module, { offsets: everyInstruction(plan.module) })).declare?.(plan),
};

/** Sets a flag for every instruction that may not be executed though those before it are. */
export const coverEverywhere: Pass = {
  name: 'cover',
  declare(plan) {
    const offsets = everyInstruction(plan.module);
    const lines = offsets.map((_, i) => i + 1);
    coverPass(CoverMap.of(plan.module, { offsets, lines })).declare?.(plan);
  },
};

const TURNS: readonly (readonly Pass[])[] = [[], [preemptPass], [meterPass]];

/** These passes change sections and call targets, but do not write into code. */
const SECTION_PASSES = [draftPass, reusePass, dropCustomsPass];

/** Combinations of the passes that write into code, and all that the kernel uses, together with the count pass. */
export const combinations: readonly (readonly Pass[])[] = [
  ...combine([[memoryPass, growthPass], [countPass]]),
  ...TURNS.map((passes) => [memoryPass, ...passes, growthPass, ...SECTION_PASSES, countPass]),
  [memoryPass, coverEverywhere, preemptPass, growthPass, draftPass, countPass],
  ...TURNS.map((passes) => [
    ...[memoryPass, probeEverywhere, ...passes, growthPass],
    ...[...SECTION_PASSES, countPass],
  ]),
];

/** Every subset of the passes without two that exclude each other. */
export const allCombinations: readonly (readonly Pass[])[] = combine([
  [memoryPass, growthPass],
  ...SECTION_PASSES.map((pass) => [pass]),
  [probeEverywhere],
  [coverEverywhere],
  [countPass],
]);

function combine(optional: readonly (readonly Pass[])[]): Pass[][] {
  let lists: Pass[][] = TURNS.map((passes) => [...passes]);
  for (const passes of optional) lists = lists.flatMap((list) => [list, [...list, ...passes]]);
  return lists;
}

export function namesOf(passes: readonly Pass[]): string {
  return passes.map(({ name }) => name).join(', ') || 'no pass';
}
