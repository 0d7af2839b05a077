/** What expressions mean in calls. */
import type { DebugProtocol } from '@vscode/debugprotocol';
import { ExpressionError, quoted } from '../runtime/internal.ts';
import type { Debuggee } from './debuggee.ts';
import { AdapterError, ErrorId } from './errors.ts';
import type { FrameRef } from './ids.ts';
import type { Session } from './session.ts';
import { type Evaluated, evaluateExpression, NothingThere } from './values/evaluate.ts';
import { evaluateThere } from './values/evaluate-there.ts';
import type { SourceFrame } from './values/frames.ts';
import { managedValue } from './values/managed/evaluate.ts';
import { isManaged } from './values/managed/variables.ts';
import { Names } from './values/names.ts';
import { describedValue } from './values/source-variables.ts';
import { namedWasmVariable } from './wasm-variables.ts';

/** Locals and globals of WebAssembly have names that begin so; no command does. */
export const WASM_VARIABLE = /^\s*(\$\S+)\s*$/;

/** What an expression means in a call, as clients display it. @throws AdapterError if it means nothing there */
export async function evaluationOf(
  session: Session,
  frame: FrameRef,
  expression: string,
): Promise<DebugProtocol.EvaluateResponse['body']> {
  const name = WASM_VARIABLE.exec(expression)?.[1];
  if (name !== undefined && /^\$\w+$/.test(name)) {
    const { value, type } = await namedWasmVariable(session.debuggee, frame, name);
    return { result: value, variablesReference: 0, ...(type === undefined ? {} : { type }) };
  }
  const managed = await managedValue(session.debuggee, session.ids, frame, expression);
  if (managed !== null) {
    const { value: result, name: _, evaluateName: __, presentationHint: ___, ...described } = managed;
    return { ...described, result };
  }
  const { source, found } = await evaluated(session, frame, expression);
  if (found.kind === 'result' || source === null)
    return found.kind === 'result'
      ? { result: found.text, type: found.type, variablesReference: 0 }
      : NOTHING;
  const { value: result, ...described } = await describedValue(
    source,
    session.ids,
    frame,
    found.value,
    found.path,
  );
  const { type, variablesReference, namedVariables, indexedVariables, memoryReference } = described;
  return {
    result,
    variablesReference,
    ...(type === undefined ? {} : { type }),
    ...(namedVariables === undefined ? {} : { namedVariables }),
    ...(indexedVariables === undefined ? {} : { indexedVariables }),
    ...(memoryReference === undefined ? {} : { memoryReference }),
  };
}

const NOTHING = { result: '', variablesReference: 0 };

/** @throws AdapterError if it is no expression, or has no value in the frame */
export async function evaluated(
  { debuggee }: Session,
  frame: FrameRef,
  expression: string,
): Promise<{ source: SourceFrame | null; found: Evaluated }> {
  if (debuggee.client.welcome.debug !== true)
    throw new AdapterError(
      ErrorId.Refused,
      'The program was started without debugging: its variables are not known',
    );
  const source = await debuggee.frames.of(frame);
  const names = new Names(debuggee, frame, source);
  // Of which class an object of AssemblyScript is, the runtime alone looks at while it calculates.
  const isTheirs = source === null && (await isManaged(debuggee, frame));
  const there = isTheirs ? await evaluatedThere(debuggee, frame, expression) : null;
  if (there?.found !== undefined) return { source, found: there.found };
  try {
    return { source, found: await evaluateExpression(expression, names, source?.shower ?? null) };
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    const isAbsent = error instanceof NothingThere;
    const known = isAbsent ? null : (there ?? (await evaluatedThere(debuggee, frame, expression)));
    if (known?.found !== undefined) return { source, found: known.found };
    if (error.beginsWithName) throw new AdapterError(ErrorId.BadValue, error.message);
    const message = (isTheirs ? there?.problem : undefined) ?? error.message;
    throw new AdapterError(ErrorId.BadValue, `${message.charAt(0).toUpperCase()}${message.slice(1)}`);
  }
}

/** @returns what is wrong with an expression where it has no value for the runtime; null if there is no such call */
async function evaluatedThere(
  debuggee: Debuggee,
  frame: FrameRef,
  expression: string,
): Promise<{ found?: Evaluated; problem?: string } | null> {
  const there = await evaluateThere(debuggee, frame, expression);
  if (there === null || 'problem' in there) return there;
  const { text, type } = there;
  // Elsewhere, texts are displayed in quotes as well.
  return { found: { kind: 'result', text: type === 'text' ? quoted(text) : text, type } };
}
