import type { DebugProtocol } from '@vscode/debugprotocol';
import type { Arguments } from '../arguments.ts';
import { breakpointInfo, readReference } from '../breakpoint-info.ts';
import { termsIn } from '../breakpoint-terms.ts';
import { AdapterError, ErrorId } from '../errors.ts';
import { request } from '../request.ts';

/** Sets breakpoints at instructions in place of those that there were. */
export const setInstructionBreakpoints = request({
  parse: (args: Arguments) =>
    args.objects('breakpoints').map((breakpoint) => ({
      reference: breakpoint.text('instructionReference'),
      offset: breakpoint.optionalInteger('offset') ?? 0,
      terms: termsIn(breakpoint),
    })),
  async handle(session, wanted): Promise<DebugProtocol.SetInstructionBreakpointsResponse['body']> {
    const breakpoints = wanted.map(({ reference, offset, terms }) => {
      const place = readReference(reference);
      if (place === null || place.offset + offset < 0)
        throw new AdapterError(ErrorId.BadArguments, `There is no instruction '${reference}'`);
      const target = { kind: 'instruction' as const, module: place.module, offset: place.offset + offset };
      return { target, terms };
    });
    const set = await session.debuggee.breakpoints.set('instructions', breakpoints);
    return { breakpoints: set.map((breakpoint) => breakpointInfo(session, breakpoint)) };
  },
});
