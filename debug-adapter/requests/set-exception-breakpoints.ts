import type { DebugProtocol } from '@vscode/debugprotocol';
import type { Arguments } from '../arguments.ts';
import type { Wanted } from '../debuggee.ts';
import { AdapterError } from '../errors.ts';
import { readPattern } from '../process-patterns.ts';
import { request } from '../request.ts';
import { ExceptionFilter } from './initialize.ts';

const KNOWN: readonly string[] = Object.values(ExceptionFilter);

/** Sets what holds processes: all of them, or those that a condition means, as in `entry worker`. */
export const setExceptionBreakpoints = request({
  parse: (args: Arguments) => [
    ...args.texts('filters').map((filter) => ({ filter, condition: '' })),
    ...args.objects('filterOptions').map((option) => ({
      filter: option.text('filterId'),
      condition: option.optionalText('condition')?.trim() ?? '',
    })),
  ],
  async handle({ debuggee }, filters): Promise<DebugProtocol.SetExceptionBreakpointsResponse['body']> {
    const wanted = new Map<string, Wanted>();
    const breakpoints = filters.map(({ filter, condition }): DebugProtocol.Breakpoint => {
      if (!KNOWN.includes(filter)) return { verified: false };
      try {
        const all = condition === '' || [readPattern(condition, 'The condition')];
        const others = wanted.get(filter) ?? [];
        // A filter may be there several times: what one of them means is meant.
        wanted.set(filter, all === true || others === true || [...(others || []), ...all]);
        return { verified: true };
      } catch (error) {
        if (!(error instanceof AdapterError)) throw error;
        return { verified: false, message: error.message };
      }
    });
    await debuggee.holdAt({
      traps: wanted.get(ExceptionFilter.Traps) ?? false,
      failedExits: wanted.get(ExceptionFilter.FailedExits) ?? false,
      spawns: wanted.get(ExceptionFilter.Spawns) ?? false,
    });
    return { breakpoints };
  },
});
