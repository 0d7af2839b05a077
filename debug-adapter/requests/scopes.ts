import type { DebugProtocol } from '@vscode/debugprotocol';
import { AdapterError, ErrorId } from '../errors.ts';
import { request } from '../request.ts';

export const scopes = request({
  parse: (args) => args.integer('frameId'),
  async handle({ debuggee, ids }, frameId): Promise<DebugProtocol.ScopesResponse['body']> {
    const frame = ids.frameOf(frameId);
    if (frame === undefined) throw new AdapterError(ErrorId.NoFrame, `There is no frame ${frameId} any more`);
    const { process, depth } = frame;
    const { mailbox } = await debuggee.client.request('process/get', { process });
    const scope = (
      name: string,
      kind: 'globals' | 'mailbox' | 'peers' | 'config' | 'memory',
    ): DebugProtocol.Scope => ({
      name,
      variablesReference: ids.container({ kind, process }),
      expensive: false,
    });
    const forDebugging: DebugProtocol.Scope[] =
      debuggee.client.welcome.debug === true
        ? [
            {
              name: 'Locals',
              presentationHint: 'locals',
              variablesReference: ids.container({ kind: 'locals', process, depth }),
              expensive: false,
            },
            scope('Globals', 'globals'),
          ]
        : [];
    return {
      scopes: [
        ...forDebugging,
        { ...scope('Mailbox', 'mailbox'), indexedVariables: mailbox },
        scope('Links and monitors', 'peers'),
        { ...scope('Config', 'config'), expensive: true },
        scope('Memory', 'memory'),
      ],
    };
  },
});
