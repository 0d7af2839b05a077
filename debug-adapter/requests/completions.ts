import type { DebugProtocol } from '@vscode/debugprotocol';
import { completeCommand } from '../console.ts';
import { request } from '../request.ts';

/** Completes what is being typed into the debug console. */
export const completions = request({
  parse: (args) => ({ text: args.optionalText('text') ?? '', column: args.integer('column') }),
  handle(session, { text, column }): DebugProtocol.CompletionsResponse['body'] {
    return { targets: completeCommand(text.slice(0, column - session.toClientColumn(0))) };
  },
});
