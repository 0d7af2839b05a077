import type { DebugProtocol } from '@vscode/debugprotocol';
import type { Arguments } from '../arguments.ts';
import { AdapterError, ErrorId } from '../errors.ts';
import { evaluated } from '../evaluated.ts';
import { request } from '../request.ts';
import type { Session } from '../session.ts';
import { setManagedValue } from '../values/managed/evaluate.ts';
import { describedValue, setValue } from '../values/source-variables.ts';
import { setNamedWasmVariable } from '../wasm-variables.ts';
import { NO_VALUE } from './set-variable.ts';

/** What somebody sets: an expression that names a variable or a part of one, and the text of the value. */
interface Assignment {
  readonly expression: string;
  readonly value: string;
  readonly frameId: number;
}

export const setExpression = request({
  parse: (args: Arguments) => ({
    expression: args.text('expression'),
    value: args.typed('value', NO_VALUE),
    frameId: args.integer('frameId'),
  }),
  handle: assign,
});

/** Sets what an expression names. @returns its new value */
export async function assign(
  session: Session,
  { expression, value, frameId }: Assignment,
): Promise<DebugProtocol.SetExpressionResponse['body']> {
  const { debuggee, ids } = session;
  const frame = ids.frameOf(frameId);
  if (frame === undefined) throw new AdapterError(ErrorId.NoFrame, `There is no frame ${frameId} any more`);
  const managed = await setManagedValue(debuggee, ids, frame, expression, value);
  if (managed !== null) return { value: managed };
  const { source, found } = await evaluated(session, frame, expression);
  const [, name] = /^\s*\$?(\w+)\s*$/.exec(expression) ?? [];
  if (found.kind === 'result' && name !== undefined)
    return { value: await setNamedWasmVariable(debuggee, frame, `$${name}`, value) };
  if (source === null || found.kind === 'result')
    throw new AdapterError(ErrorId.BadValue, `${expression} is no variable, and cannot be set`);
  await setValue(debuggee, frame, source, found.value, found.path, value);
  const after = (await debuggee.frames.of(frame)) ?? source;
  const {
    value: text,
    type,
    variablesReference,
  } = await describedValue(after, ids, frame, found.value, found.path);
  return { value: text, variablesReference, ...(type === undefined ? {} : { type }) };
}
