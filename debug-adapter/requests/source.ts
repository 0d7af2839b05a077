import type { DebugProtocol } from '@vscode/debugprotocol';
import { AdapterError, ErrorId } from '../errors.ts';
import { request } from '../request.ts';

/** Returns the text of a function, or of a source file that a module brings along. Clients know its language by the name of the source. */
export const source = request({
  parse: (args) => args.integer('sourceReference'),
  async handle({ debuggee, ids }, sourceReference): Promise<DebugProtocol.SourceResponse['body']> {
    const source = ids.sourceOf(sourceReference);
    const content =
      source !== undefined && 'file' in source
        ? await debuggee.sources.of(source.module).contentOf(source.file)
        : await debuggee.disassemblies.text(sourceReference);
    if (content === undefined || content === null)
      throw new AdapterError(ErrorId.NoSource, `There is no source ${sourceReference}`);
    return { content };
  },
});
