import type { DebugProtocol } from '@vscode/debugprotocol';
import type { Arguments } from '../arguments.ts';
import { AdapterError, ErrorId } from '../errors.ts';
import { request } from '../request.ts';
import { setManagedVariable } from '../values/managed/variables.ts';
import { setSourceVariable } from '../values/source-variables.ts';
import { setWasmVariable } from '../wasm-variables.ts';

/** What somebody is told who sets a variable to nothing. */
export const NO_VALUE = 'Type the value that it is to have: a number, or what its type displays';

export const setVariable = request({
  parse: (args: Arguments) => ({
    reference: args.integer('variablesReference'),
    name: args.text('name'),
    value: args.typed('value', NO_VALUE),
  }),
  async handle(
    { debuggee, ids },
    { reference, name, value },
  ): Promise<DebugProtocol.SetVariableResponse['body']> {
    const container = ids.containerOf(reference);
    if (container === undefined)
      throw new AdapterError(ErrorId.NoVariables, `There are no variables ${reference} any more`);
    if (container.kind === 'variables' || container.kind === 'statics' || container.kind === 'value') {
      const { value: text, ...set } = await setSourceVariable(debuggee, ids, container, name, value);
      const { type, variablesReference, namedVariables, indexedVariables } = set;
      return {
        value: text,
        variablesReference,
        ...(type === undefined ? {} : { type }),
        ...(namedVariables === undefined ? {} : { namedVariables }),
        ...(indexedVariables === undefined ? {} : { indexedVariables }),
      };
    }
    if (
      container.kind === 'managed locals' ||
      container.kind === 'managed statics' ||
      container.kind === 'managed object'
    )
      return { value: await setManagedVariable(debuggee, ids, container, name, value) };
    if (container.kind !== 'locals' && container.kind !== 'globals')
      throw new AdapterError(ErrorId.BadValue, `${name} cannot be set`);
    return { value: await setWasmVariable(debuggee, container, name, value) };
  },
});
