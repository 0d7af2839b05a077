import type { DebugProtocol } from '@vscode/debugprotocol';
import type { Arguments } from '../arguments.ts';
import { termsIn } from '../breakpoint-terms.ts';
import { request } from '../request.ts';

/** Sets breakpoints on data in place of those that there were. */
export const setDataBreakpoints = request({
  parse: (args: Arguments) =>
    args.objects('breakpoints').map((breakpoint) => ({
      dataId: breakpoint.text('dataId'),
      terms: termsIn(breakpoint),
    })),
  async handle({ debuggee }, wanted): Promise<DebugProtocol.SetDataBreakpointsResponse['body']> {
    return { breakpoints: await debuggee.dataBreakpoints.set(wanted) };
  },
});
