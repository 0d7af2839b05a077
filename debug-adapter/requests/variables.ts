import type { DebugProtocol } from '@vscode/debugprotocol';
import { AdapterError, ErrorId } from '../errors.ts';
import { request } from '../request.ts';
import { readVariables } from '../variables.ts';

export const variables = request({
  parse: (args) => ({
    reference: args.integer('variablesReference'),
    start: args.optionalInteger('start') ?? 0,
    // By the specification, 0 means all.
    count: args.optionalInteger('count') || undefined,
    filter: args.optionalText('filter'),
  }),
  async handle(
    session,
    { reference, start, count, filter },
  ): Promise<DebugProtocol.VariablesResponse['body']> {
    const container = session.ids.containerOf(reference);
    if (container === undefined) {
      throw new AdapterError(ErrorId.NoVariables, `There are no variables ${reference} any more`);
    }
    return { variables: await readVariables(session, container, { start, count, filter }) };
  },
});
