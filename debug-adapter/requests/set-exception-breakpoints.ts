import type { DebugProtocol } from '@vscode/debugprotocol';
import { request } from '../request.ts';
import { TRAPS_FILTER } from './initialize.ts';

export const setExceptionBreakpoints = request({
  parse: (args) => args.texts('filters'),
  async handle({ debuggee }, filters): Promise<DebugProtocol.SetExceptionBreakpointsResponse['body']> {
    await debuggee.holdTraps(filters.includes(TRAPS_FILTER));
    return { breakpoints: filters.map((filter) => ({ verified: filter === TRAPS_FILTER })) };
  },
});
