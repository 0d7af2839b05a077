import type { DebugProtocol } from '@vscode/debugprotocol';
import type { Arguments } from '../arguments.ts';
import { breakpointInfo } from '../breakpoint-info.ts';
import { termsIn } from '../breakpoint-terms.ts';
import { request } from '../request.ts';

/** Sets breakpoints at functions in place of those that there were. */
export const setFunctionBreakpoints = request({
  parse: (args: Arguments) =>
    args
      .objects('breakpoints')
      .map((breakpoint) => ({ name: breakpoint.text('name'), terms: termsIn(breakpoint) })),
  async handle(session, breakpoints): Promise<DebugProtocol.SetFunctionBreakpointsResponse['body']> {
    const wanted = breakpoints.map(({ name, terms }) => ({
      target: { kind: 'function' as const, name },
      terms,
    }));
    const set = await session.debuggee.breakpoints.set('functions', wanted);
    return { breakpoints: set.map((breakpoint) => breakpointInfo(session, breakpoint)) };
  },
});
