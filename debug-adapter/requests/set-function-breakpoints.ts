import type { DebugProtocol } from '@vscode/debugprotocol';
import type { Arguments } from '../arguments.ts';
import { breakpointInfo } from '../breakpoint-info.ts';
import { termsIn } from '../breakpoint-terms.ts';
import type { WantedBreakpoint } from '../breakpoints.ts';
import { AdapterError } from '../errors.ts';
import { request } from '../request.ts';

/** Sets breakpoints at functions in place of those that there were. */
export const setFunctionBreakpoints = request({
  parse: (args: Arguments) => args.objects('breakpoints').map(wantedIn),
  async handle(session, wanted): Promise<DebugProtocol.SetFunctionBreakpointsResponse['body']> {
    const set = await session.debuggee.breakpoints.set('functions', wanted);
    return { breakpoints: set.map((breakpoint) => breakpointInfo(session, breakpoint)) };
  },
});

/** What one of them is to be. The others count also if it makes no sense. */
function wantedIn(breakpoint: Arguments): WantedBreakpoint {
  try {
    const name = breakpoint.typed('name', "Type the name of a function, as in 'shop::Basket::add'");
    return { target: { kind: 'function', name }, terms: termsIn(breakpoint) };
  } catch (error) {
    if (!(error instanceof AdapterError)) throw error;
    return { target: { kind: 'function', name: '' }, fault: error.message };
  }
}
