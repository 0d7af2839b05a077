import { keyFromText } from '../../runtime/inspect/protocol.ts';
import type { CustomRequests } from '../protocol.ts';
import { request } from '../request.ts';
import { processOf } from './process-of.ts';

/** Returns the process of a thread. */
export const threadProcess = request({
  parse: (args) => args.integer('threadId'),
  async handle(session, threadId): Promise<CustomRequests['lunatic/processOf']['result']> {
    return { process: processOf(session, threadId) };
  },
});

/** Returns the thread of a process, which is shown from now on. */
export const thread = request({
  parse: (args) => keyFromText(args.text('process')),
  async handle({ debuggee }, process): Promise<CustomRequests['lunatic/thread']['result']> {
    const info = await debuggee.client.request('process/get', { process });
    return { threadId: debuggee.threads.show(info) };
  },
});
