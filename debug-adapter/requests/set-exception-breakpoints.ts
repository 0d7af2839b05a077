import type { DebugProtocol } from '@vscode/debugprotocol';
import type { Arguments } from '../arguments.ts';
import { request } from '../request.ts';

/** Sets what stops processes besides places in their code: all of them, or those that a condition means. */
export const setExceptionBreakpoints = request({
  parse: (args: Arguments) => [
    ...args.texts('filters').map((filter) => ({ filter, condition: '' })),
    ...args.objects('filterOptions').map((option) => ({
      filter: option.text('filterId'),
      condition: option.optionalText('condition')?.trim() ?? '',
    })),
  ],
  async handle({ debuggee }, filters): Promise<DebugProtocol.SetExceptionBreakpointsResponse['body']> {
    return { breakpoints: await debuggee.eventFilters.set(filters) };
  },
});
