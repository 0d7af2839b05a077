import type { DebugProtocol } from '@vscode/debugprotocol';
import type { Arguments } from '../arguments.ts';
import { runCommand } from '../console.ts';
import { AdapterError, ErrorId } from '../errors.ts';
import { request } from '../request.ts';
import { namedWasmVariable } from '../wasm-variables.ts';

/** Locals and globals have names that begin so; no command does. */
const VARIABLE = /^\s*(\$\S+)\s*$/;

/** Reads a local or global of a call, or runs a command of the debug console. */
export const evaluate = request({
  parse: (args: Arguments) => ({
    expression: args.text('expression'),
    context: args.optionalText('context') ?? 'repl',
    frameId: args.optionalInteger('frameId'),
  }),
  async handle(session, { expression, context, frameId }): Promise<DebugProtocol.EvaluateResponse['body']> {
    const [, name] = VARIABLE.exec(expression) ?? [];
    if (name === undefined) {
      if (context === 'repl') return { variablesReference: 0, ...(await runCommand(session, expression)) };
      throw new AdapterError(
        ErrorId.Refused,
        'Only names of locals and globals are understood here, as in $count',
      );
    }
    const frame = frameId === undefined ? undefined : session.ids.frameOf(frameId);
    if (frame === undefined)
      throw new AdapterError(
        ErrorId.NoFrame,
        `${name} has a value only in a call of a process that has stopped`,
      );
    const { value, type } = await namedWasmVariable(session.debuggee, frame, name);
    return { result: value, variablesReference: 0, ...(type === undefined ? {} : { type }) };
  },
});
