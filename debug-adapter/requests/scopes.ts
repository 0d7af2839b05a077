import type { DebugProtocol } from '@vscode/debugprotocol';
import { AdapterError, ErrorId } from '../errors.ts';
import { request } from '../request.ts';
import { isManaged } from '../values/managed/variables.ts';

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
    const wasm: DebugProtocol.Scope[] = [];
    if (debuggee.client.welcome.debug === true) {
      const { frames } = await debuggee.stops.stack(process);
      const { globals } = await debuggee.client.request('process/globals', { process });
      const variablesReference = ids.container({ kind: 'locals', process, depth });
      const source = depth < frames.length ? await debuggee.frames.of(frame) : null;
      if (source !== null) {
        const { inlined } = frame;
        const of = (kind: 'variables' | 'statics') => ids.container({ kind, process, depth, inlined });
        const expensive = false;
        wasm.push(
          { name: 'Locals', presentationHint: 'locals', variablesReference: of('variables'), expensive },
          // All entries of a unit are read for them.
          { name: 'Statics', variablesReference: of('statics'), expensive: true },
          { name: 'WebAssembly', variablesReference, expensive: true },
        );
      } else if (depth < frames.length && (await isManaged(debuggee, frame))) {
        const managed = (kind: 'managed locals' | 'managed statics') =>
          ids.container({ kind, process, depth });
        wasm.push(
          {
            name: 'Locals',
            presentationHint: 'locals',
            variablesReference: managed('managed locals'),
            expensive: false,
          },
          { name: 'Statics', variablesReference: managed('managed statics'), expensive: true },
          { name: 'WebAssembly', variablesReference, expensive: true },
        );
      } else if (depth < frames.length)
        wasm.push({ name: 'Locals', presentationHint: 'locals', variablesReference, expensive: false });
      if (globals.length > 0) wasm.push({ ...scope('Globals', 'globals'), namedVariables: globals.length });
    }
    return {
      scopes: [
        ...wasm,
        { ...scope('Mailbox', 'mailbox'), indexedVariables: mailbox },
        scope('Links and monitors', 'peers'),
        { ...scope('Config', 'config'), expensive: true },
        scope('Memory', 'memory'),
      ],
    };
  },
});
