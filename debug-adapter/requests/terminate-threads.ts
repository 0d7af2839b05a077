import { request } from '../request.ts';
import { processOf } from './process-of.ts';

/** Kills processes. */
export const terminateThreads = request({
  parse: (args) => args.integers('threadIds'),
  async handle(session, threadIds): Promise<null> {
    const { client } = session.debuggee;
    const processes = threadIds.map((threadId) => processOf(session, threadId));
    await Promise.all(processes.map((process) => client.request('process/kill', { process })));
    return null;
  },
});
