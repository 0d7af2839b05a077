import type { DebugProtocol } from '@vscode/debugprotocol';
import type { Arguments } from '../arguments.ts';
import { isCommand, runCommand } from '../console.ts';
import { AdapterError, ErrorId } from '../errors.ts';
import { evaluationOf, WASM_VARIABLE } from '../evaluated.ts';
import { request } from '../request.ts';
import { assign } from './set-expression.ts';

/** `here.x = 5` or `pointer->x = 5`, which the console takes. */
const ASSIGNMENT = /^\s*((?:->|[^=!<>'"])*[^=!<>'"\s+\-*/%&|^])\s*=(?!=)\s*(\S.*?)\s*$/s;

/** Evaluates an expression in a call, sets a variable, or runs a command of the debug console. */
export const evaluate = request({
  parse: (args: Arguments) => ({
    expression: args.typed(
      'expression',
      "Type an expression, or in the debug console 'help' for its commands",
    ),
    context: args.optionalText('context') ?? 'repl',
    frameId: args.optionalInteger('frameId'),
  }),
  async handle(session, { expression, context, frameId }): Promise<DebugProtocol.EvaluateResponse['body']> {
    const frame = frameId === undefined ? undefined : session.ids.frameOf(frameId);
    const isInConsole = context === 'repl';
    const name = WASM_VARIABLE.exec(expression)?.[1];
    // A variable that is called as a command is meant in parentheses.
    if (isInConsole && name === undefined && (frame === undefined || isCommand(expression)))
      return { variablesReference: 0, ...(await runCommand(session, expression)) };
    if (frame === undefined)
      throw new AdapterError(
        ErrorId.NoFrame,
        `${expression.trim()} has a value only in a call of a process that has stopped`,
      );
    const [, target, value] = (isInConsole && ASSIGNMENT.exec(expression)) || [];
    if (target === undefined || value === undefined || frameId === undefined)
      return await evaluationOf(session, frame, expression);
    const { value: result, ...set } = await assign(session, { expression: target, value, frameId });
    return { variablesReference: 0, ...set, result };
  },
});
