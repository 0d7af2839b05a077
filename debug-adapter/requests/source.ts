import type { DebugProtocol } from '@vscode/debugprotocol';
import { AdapterError, ErrorId } from '../errors.ts';
import { request } from '../request.ts';

/** The text of a function. The client knows its language by the source's name. */
export const source = request({
  parse: (args) => args.integer('sourceReference'),
  async handle({ debuggee }, sourceReference): Promise<DebugProtocol.SourceResponse['body']> {
    const content = await debuggee.disassemblies.text(sourceReference);
    if (content === undefined)
      throw new AdapterError(ErrorId.NoSource, `There is no source ${sourceReference}`);
    return { content };
  },
});
