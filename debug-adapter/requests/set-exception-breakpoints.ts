import type { DebugProtocol } from '@vscode/debugprotocol';
import { request } from '../request.ts';
import { ExceptionFilter } from './initialize.ts';

export const setExceptionBreakpoints = request({
  parse: (args) => args.texts('filters'),
  async handle({ debuggee }, filters): Promise<DebugProtocol.SetExceptionBreakpointsResponse['body']> {
    const wanted = new Set(filters);
    await debuggee.holdFailures({
      traps: wanted.has(ExceptionFilter.Traps),
      failedExits: wanted.has(ExceptionFilter.FailedExits),
    });
    const known: readonly string[] = Object.values(ExceptionFilter);
    return { breakpoints: filters.map((filter) => ({ verified: known.includes(filter) })) };
  },
});
