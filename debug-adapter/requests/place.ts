import type { CustomRequests } from '../protocol.ts';
import { request } from '../request.ts';

/** Finds the location of a frame in its source, or else in the text of its function. */
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
    const { calls } = session.debuggee;
    const [call = { frame, depth: 0, inlined: 0, symbol: null }] = await calls.of([frame]);
    const { source, line, column } = await calls.locate(call);
    return { source, line: session.toClientLine(line), column: session.toClientColumn(column) };
  },
});
