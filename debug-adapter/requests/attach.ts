import { InitializedEvent } from '@vscode/debugadapter';
import { InspectClient } from '../../runtime/internal.ts';
import type { Arguments } from '../arguments.ts';
import { Debuggee } from '../debuggee.ts';
import { Output } from '../output.ts';
import type { AttachArguments } from '../protocol.ts';
import { request } from '../request.ts';
import { CLIENT_NAME } from './launch.ts';

export const attach = request({
  parse: (args: Arguments): Required<AttachArguments> => ({
    url: args.text('url').trim(),
    stopOnEntry: args.optionalBoolean('stopOnEntry') ?? false,
    noDebug: args.optionalBoolean('noDebug') ?? false,
  }),

  async handle(session, { url, stopOnEntry, noDebug }): Promise<null> {
    session.begin();
    const client = await InspectClient.connect(url, { client: CLIENT_NAME });
    const send = session.sendEvent.bind(session);
    const output = new Output(send);
    session.use(new Debuggee({ client, output, ids: session.ids, send, noDebug, stopOnEntry }));
    return null;
  },

  afterwards(session) {
    session.sendEvent(new InitializedEvent());
  },
});
