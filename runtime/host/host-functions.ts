import type { HostFunction } from '../hostcall/function.ts';
import { allHostFunctions } from './table.ts';

/** Every function that guests can import, for those who look at all of them. */
export const HOST_FUNCTIONS: readonly HostFunction[] = allHostFunctions();
