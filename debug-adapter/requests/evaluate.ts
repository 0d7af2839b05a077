import type { DebugProtocol } from '@vscode/debugprotocol';
import { runCommand } from '../console.ts';
import { AdapterError, ErrorId } from '../errors.ts';
import { request } from '../request.ts';

/** Runs a command of the debug console. */
export const evaluate = request({
  parse: (args) => ({ expression: args.text('expression'), context: args.optionalText('context') ?? 'repl' }),
  async handle(session, { expression, context }): Promise<DebugProtocol.EvaluateResponse['body']> {
    if (context !== 'repl') {
      throw new AdapterError(ErrorId.Refused, 'Only the debug console understands commands');
    }
    return { variablesReference: 0, ...(await runCommand(session, expression)) };
  },
});
