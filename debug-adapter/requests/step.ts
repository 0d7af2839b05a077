import type { StepKind } from '../../runtime/inspect/protocol.ts';
import { AdapterError, ErrorId } from '../errors.ts';
import { type Request, request } from '../request.ts';
import { processOf } from './process-of.ts';

/** Lets one process go on to another line, or place in the code; the others stay as they are. */
function step(kind: StepKind): Request {
  return request({
    parse: (args) => ({
      threadId: args.integer('threadId'),
      byInstruction: args.optionalText('granularity') === 'instruction',
    }),
    async handle(session, { threadId, byInstruction }): Promise<null> {
      const { debuggee } = session;
      const process = processOf(session, threadId);
      if (debuggee.client.isRunning && !debuggee.breakpoints.areSupported) {
        const message =
          'The program was started without stepping; `lunatic run --inspect=debug` starts it with that';
        throw new AdapterError(ErrorId.NotSupported, message);
      }
      await debuggee.step(process, kind, byInstruction);
      return null;
    },
  });
}

export const next = step('over');
export const stepIn = step('into');
export const stepOut = step('out');
