import type { DebugProtocol } from '@vscode/debugprotocol';
import type { Arguments } from '../arguments.ts';
import { breakpointInfo } from '../breakpoint-info.ts';
import { request } from '../request.ts';

/** Sets breakpoints at functions in place of those that there were. */
export const setFunctionBreakpoints = request({
  parse: (args: Arguments) => args.objects('breakpoints').map((breakpoint) => breakpoint.text('name')),
  async handle(session, names): Promise<DebugProtocol.SetFunctionBreakpointsResponse['body']> {
    const targets = names.map((name) => ({ kind: 'function' as const, name }));
    const set = await session.debuggee.breakpoints.set('functions', targets);
    return { breakpoints: set.map((breakpoint) => breakpointInfo(session, breakpoint)) };
  },
});
