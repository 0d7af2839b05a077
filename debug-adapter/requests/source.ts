import type { DebugProtocol } from '@vscode/debugprotocol';
import { AdapterError, ErrorId } from '../errors.ts';
import { request } from '../request.ts';

/** Returns the text of a function. Clients know its language by the name of the source. */
export const source = request({
  parse: (args) => args.integer('sourceReference'),
  async handle({ debuggee }, sourceReference): Promise<DebugProtocol.SourceResponse['body']> {
    const content = await debuggee.disassemblies.text(sourceReference);
    if (content === undefined)
      throw new AdapterError(ErrorId.NoSource, `There is no source ${sourceReference}`);
    return { content };
  },
});
