import { request } from '../request.ts';
import { processOf } from './process-of.ts';

/** Pauses one process. The others go on. */
export const pause = request({
  parse: (args) => args.integer('threadId'),
  async handle(session, threadId): Promise<null> {
    const process = processOf(session, threadId);
    await session.debuggee.stops.pause(process);
    return null;
  },
});
