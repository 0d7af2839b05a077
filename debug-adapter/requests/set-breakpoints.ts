import type { DebugProtocol } from '@vscode/debugprotocol';
import { request } from '../request.ts';

/** Refuses breakpoints. Clients send this request even if none is set. */
export const setBreakpoints = request({
  parse: (args) => args.objects('breakpoints').length,
  handle: (_, count): DebugProtocol.SetBreakpointsResponse['body'] => ({
    breakpoints: Array.from({ length: count }, () => ({
      verified: false,
      message: 'Breakpoints are not supported yet',
    })),
  }),
});
