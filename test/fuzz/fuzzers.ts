import type { Fuzzer } from './fuzzer.ts';
import { hostCalls } from './host-calls.ts';
import { limits } from './limits.ts';
import { preemption } from './preemption.ts';

/** All fuzzers, in the order in which they run. */
export const FUZZERS: readonly Fuzzer[] = [hostCalls, preemption, limits];
