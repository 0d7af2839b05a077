import type { DebugProtocol } from '@vscode/debugprotocol';
import type { Arguments } from '../arguments.ts';
import { breakpointInfo, readReference } from '../breakpoint-info.ts';
import { AdapterError, ErrorId } from '../errors.ts';
import { request } from '../request.ts';

/** Sets breakpoints at instructions in place of those that there were. */
export const setInstructionBreakpoints = request({
  parse: (args: Arguments) =>
    args.objects('breakpoints').map((breakpoint) => ({
      reference: breakpoint.text('instructionReference'),
      offset: breakpoint.optionalInteger('offset') ?? 0,
    })),
  async handle(session, wanted): Promise<DebugProtocol.SetInstructionBreakpointsResponse['body']> {
    const targets = wanted.map(({ reference, offset }) => {
      const place = readReference(reference);
      if (place === null || place.offset + offset < 0)
        throw new AdapterError(ErrorId.BadArguments, `There is no instruction '${reference}'`);
      return { kind: 'instruction' as const, module: place.module, offset: place.offset + offset };
    });
    const set = await session.debuggee.breakpoints.set('instructions', targets);
    return { breakpoints: set.map((breakpoint) => breakpointInfo(session, breakpoint)) };
  },
});
