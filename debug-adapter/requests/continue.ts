import type { DebugProtocol } from '@vscode/debugprotocol';
import { request } from '../request.ts';
import { processOf } from './process-of.ts';

/**
 * Lets one process go on. Processes stand still for reasons of their own, so the others stay as they are, unless the client
 * asks that all of them go on.
 */
export const continueRequest = request({
  parse: (args) => ({
    threadId: args.integer('threadId'),
    singleThread: args.optionalBoolean('singleThread') ?? true,
  }),
  async handle(session, { threadId, singleThread }): Promise<DebugProtocol.ContinueResponse['body']> {
    const { debuggee } = session;
    const process = processOf(session, threadId);
    await debuggee.stops.resume(process);
    if (!singleThread) await debuggee.stops.resumeAll();
    return { allThreadsContinued: !singleThread };
  },
});
