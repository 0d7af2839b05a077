import { BROKEN_FUZZERS } from './broken-fuzzers.ts';
import { debugSessions } from './debug-sessions.ts';
import type { Fuzzer } from './fuzzer.ts';
import { hostCalls } from './host-calls.ts';
import { limits } from './limits.ts';
import { preemption } from './preemption.ts';

/** All fuzzers, in the order in which they run. */
export const FUZZERS: readonly Fuzzer[] = [hostCalls, preemption, limits, debugSessions];

/** The fuzzer of a name, also one of those that are broken. */
export function fuzzerOf(name: string): Fuzzer {
  const found = [...FUZZERS, ...BROKEN_FUZZERS].find((fuzzer) => fuzzer.name === name);
  if (found === undefined) throw new Error(`there is no fuzzer ${name}`);
  return found;
}
