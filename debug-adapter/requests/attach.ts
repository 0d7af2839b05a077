import { InitializedEvent } from '@vscode/debugadapter';
import { InspectClient } from '../../runtime/internal.ts';
import type { Arguments } from '../arguments.ts';
import { Debuggee } from '../debuggee.ts';
import { Output } from '../output.ts';
import { chosenProcesses } from '../process-patterns.ts';
import { checkedFile } from '../program-file.ts';
import type { AttachArguments } from '../protocol.ts';
import { request } from '../request.ts';
import { CLIENT_NAME } from './launch.ts';

type Parsed = Required<Omit<AttachArguments, 'trace' | 'token'>> & {
  readonly trace: true | string | undefined;
};

export const attach = request({
  states: ['idle'],
  parse: (args: Arguments): Parsed => ({
    url: args.text('url').trim(),
    stopOnEntry: args.optionalBoolean('stopOnEntry') ?? false,
    noDebug: args.optionalBoolean('noDebug') ?? false,
    sourceFileMap: args.paths('sourceFileMap'),
    stopIn: args.texts('stopIn'),
    stopNotIn: args.texts('stopNotIn'),
    trace: args.switchOrText('trace'),
  }),

  async handle(session, args): Promise<null> {
    const { url, stopOnEntry, noDebug, sourceFileMap, trace } = args;
    const chosen = chosenProcesses('attach', args);
    session.trace(trace, process.cwd());
    await session.open(async () => {
      const client = await InspectClient.connect(url, { client: CLIENT_NAME });
      const output = new Output((event) => session.sendEvent(event));
      return await new Debuggee({
        client,
        file: await checkedFile(client),
        output,
        session,
        noDebug,
        stopOnEntry,
        sourceFileMap,
        chosen,
      }).prepare();
    });
    return null;
  },

  afterwards(session) {
    session.sendEvent(new InitializedEvent());
  },
});
