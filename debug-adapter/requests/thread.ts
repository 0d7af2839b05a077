import { keyFromText } from '../../runtime/inspect/protocol.ts';
import type { CustomRequests } from '../protocol.ts';
import { request } from '../request.ts';

/** Returns the thread of a process, which is shown from now on. */
export const thread = request({
  parse: (args) => keyFromText(args.text('process')),
  async handle({ debuggee }, process): Promise<CustomRequests['lunatic/thread']['result']> {
    const info = await debuggee.client.request('process/get', { process });
    return { threadId: debuggee.threads.show(info) };
  },
});
