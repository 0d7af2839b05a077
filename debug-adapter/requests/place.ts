import type { CustomRequests } from '../protocol.ts';
import { request } from '../request.ts';

/** Finds the location of a frame in the text of its function. */
export const place = request({
  parse: (args) => {
    const functionName = args.optionalText('functionName');
    return {
      module: args.text('module'),
      functionIndex: args.integer('functionIndex'),
      offset: args.integer('offset'),
      ...(functionName === undefined ? {} : { functionName }),
    };
  },
  async handle(session, frame): Promise<CustomRequests['lunatic/source']['result']> {
    const { source, line } = await session.debuggee.disassemblies.place(frame);
    return { source, line: session.toClientLine(line), column: session.toClientColumn(0) };
  },
});
