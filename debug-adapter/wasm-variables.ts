import type { DebugProtocol } from '@vscode/debugprotocol';
import type { GlobalInfo, LocalInfo, ProcessKey, StackFrame } from '../runtime/inspect/protocol.ts';
import type { Debuggee } from './debuggee.ts';
import { AdapterError, ErrorId } from './errors.ts';
import type { Container, FrameRef } from './ids.ts';
import { numberThere } from './values/evaluate-there.ts';
import { readValue, valueText } from './wasm-values.ts';

/** The containers of what the instructions of a module work on. */
export type WasmContainer = Extract<Container, { readonly kind: 'locals' | 'globals' }>;

interface Named<Info> {
  readonly name: string;
  readonly info: Info;
}

/** The locals of a call, or the globals of a process. */
export async function wasmVariables(
  debuggee: Debuggee,
  container: WasmContainer,
): Promise<DebugProtocol.Variable[]> {
  if (container.kind === 'globals') {
    const globals = await globalsOf(debuggee, container.process);
    return globals.map(({ name, info }) => variable(name, info, info.mutable));
  }
  const { locals, missing } = await localsOf(debuggee, container.process, container.depth);
  if (missing !== undefined) return [note(missing)];
  return locals.map(({ name, info }) => variable(name, info, container.depth === 0));
}

/** The local of a call, or the global of its process, that has this name. */
export async function namedWasmVariable(
  debuggee: Debuggee,
  { process, depth }: FrameRef,
  name: string,
): Promise<DebugProtocol.Variable> {
  const locals = await wasmVariables(debuggee, { kind: 'locals', process, depth });
  const globals = await wasmVariables(debuggee, { kind: 'globals', process });
  const found = [...locals, ...globals].find((variable) => variable.name === name);
  if (found !== undefined) return found;
  const hasFailed = debuggee.stops.held.get(process)?.why === 'failure';
  throw new AdapterError(
    ErrorId.NoVariables,
    hasFailed ? `There is no ${name} here, or it cannot be read after a failure` : `There is no ${name} here`,
  );
}

/** Sets one of them, and returns its new value. */
export async function setWasmVariable(
  debuggee: Debuggee,
  container: WasmContainer,
  name: string,
  text: string,
): Promise<string> {
  const { process } = container;
  const found =
    container.kind === 'globals'
      ? await globalsOf(debuggee, process)
      : (await localsOf(debuggee, process, container.depth)).locals;
  const info = found.find((candidate) => candidate.name === name)?.info;
  if (info === undefined)
    throw new AdapterError(ErrorId.NoVariables, `There is no variable ${name} any more`);
  const depth = container.kind === 'locals' ? container.depth : 0;
  const data =
    readValue(info.type, text) ??
    readValue(info.type, (await numberThere(debuggee, { process, depth, inlined: 0 }, text)) ?? '');
  if (data === null)
    throw new AdapterError(
      ErrorId.BadValue,
      `${name} takes a value of type ${info.type}, which '${text}' is not`,
    );
  if (container.kind === 'globals') {
    await debuggee.client.request('process/set-global', { process, global: info.index, data });
  } else {
    if (depth > 0) throw new AdapterError(ErrorId.BadValue, 'Only locals of the innermost call can be set');
    await debuggee.client.request('process/set-local', { process, local: info.index, data });
  }
  // Variables of the source may be there.
  debuggee.frames.forget(process);
  return valueText(info.type, data);
}

/** Sets the local of a call, or the global of its process, that has this name. Returns its new value. */
export async function setNamedWasmVariable(
  debuggee: Debuggee,
  { process, depth }: FrameRef,
  name: string,
  text: string,
): Promise<string> {
  const locals = { kind: 'locals', process, depth } as const;
  const isLocal = (await localsOf(debuggee, process, depth)).locals.some((local) => local.name === name);
  return await setWasmVariable(debuggee, isLocal ? locals : { kind: 'globals', process }, name, text);
}

async function localsOf(
  debuggee: Debuggee,
  process: ProcessKey,
  depth: number,
): Promise<{ locals: Named<LocalInfo>[]; missing?: string }> {
  const { locals, missing } = await debuggee.client.request('process/locals', { process, frame: depth });
  const { frames } = await debuggee.stops.stack(process);
  const frame = frames[depth];
  if (missing !== undefined || frame === undefined) return { locals: [], missing: missing ?? 'it is gone' };
  const names = await debuggee.disassemblies.localNames(frame.module, frame.functionIndex);
  return { locals: locals.map((info) => ({ name: `$${names.get(info.index) ?? info.index}`, info })) };
}

async function globalsOf(debuggee: Debuggee, process: ProcessKey): Promise<Named<GlobalInfo>[]> {
  const { globals } = await debuggee.client.request('process/globals', { process });
  const module = await moduleOf(debuggee, process);
  const names = module === undefined ? new Map() : await debuggee.disassemblies.globalNames(module);
  return globals.map((info) => ({ name: `$${names.get(info.index) ?? `global${info.index}`}`, info }));
}

/** The global of a process that has this name; undefined if there is none. */
export async function globalNamed(
  debuggee: Debuggee,
  process: ProcessKey,
  name: string,
): Promise<GlobalInfo | undefined> {
  const globals = await globalsOf(debuggee, process);
  return globals.find((global) => global.name === name)?.info;
}

async function moduleOf(debuggee: Debuggee, process: ProcessKey): Promise<StackFrame['module'] | undefined> {
  return (await debuggee.client.request('process/get', { process })).module;
}

function variable(name: string, info: LocalInfo | GlobalInfo, canBeSet: boolean): DebugProtocol.Variable {
  return {
    name,
    value: valueText(info.type, info.data),
    type: info.type,
    evaluateName: name,
    variablesReference: 0,
    ...(canBeSet ? {} : { presentationHint: { attributes: ['readOnly', 'constant'] } }),
  };
}

function note(text: string): DebugProtocol.Variable {
  return { name: '', value: text, variablesReference: 0, presentationHint: { attributes: ['readOnly'] } };
}
