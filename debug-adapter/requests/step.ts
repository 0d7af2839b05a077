import type { DebugProtocol } from '@vscode/debugprotocol';
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
      target: args.optionalInteger('targetId'),
    }),
    async handle(session, { threadId, byInstruction, target }): Promise<null> {
      const { debuggee } = session;
      const process = processOf(session, threadId);
      if (debuggee.client.isRunning && !debuggee.breakpoints.areSupported) {
        const message = 'The program was started without stepping; `--inspect=debug` starts it with that';
        throw new AdapterError(ErrorId.NotSupported, message);
      }
      await debuggee.stops.step(process, kind, byInstruction, kind === 'into' ? target : undefined);
      return null;
    },
  });
}

export const next = step('over');
export const stepIn = step('into');
export const stepOut = step('out');

/** The functions into which a step from the innermost call may go. */
export const stepInTargets = request({
  parse: (args) => args.integer('frameId'),
  async handle({ ids, debuggee }, frameId): Promise<DebugProtocol.StepInTargetsResponse['body']> {
    const frame = ids.frameOf(frameId);
    if (frame === undefined) throw new AdapterError(ErrorId.NoFrame, `There is no frame ${frameId} any more`);
    // Deeper calls would have to end first.
    const found = frame.depth + frame.inlined > 0 ? [] : await debuggee.stops.stepTargets(frame.process);
    return { targets: found.map(([id, label]) => ({ id, label })) };
  },
});
