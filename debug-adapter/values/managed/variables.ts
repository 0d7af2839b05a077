import type { DebugProtocol } from '@vscode/debugprotocol';
import type { ProcessKey } from '../../../runtime/inspect/protocol.ts';
import type { Debuggee } from '../../debuggee.ts';
import { AdapterError, ErrorId } from '../../errors.ts';
import type { Container, FrameRef, Ids } from '../../ids.ts';
import { memoryReference } from '../../memory-reference.ts';
import { setWasmVariable, wasmVariables } from '../../wasm-variables.ts';
import { numberThere } from '../evaluate-there.ts';
import { TYPE_INFO } from './classes.ts';
import { numberBytes, numberText } from './numbers.ts';
import { ManagedObjects, type ManagedPart } from './objects.ts';

/** What a local is called, and what a global that is not one of the library is: behind its file, which may be that of another. */
const LOCAL = /^\$([A-Za-z_][\w.|]*)$/;
const STATIC = /^\$(?!~lib\/)(?:.*\/)([A-Za-z_][\w.]*)$/;

/** Parts among which one is looked for by its key. */
const MAX_PARTS = 10_000;

/** The containers of variables of AssemblyScript. */
export type ManagedContainer = Extract<
  Container,
  { readonly kind: 'managed locals' | 'managed statics' | 'managed object' }
>;

/** Whether a call is in code of AssemblyScript whose objects can be told from numbers. */
export async function isManaged(debuggee: Debuggee, { process, depth }: FrameRef): Promise<boolean> {
  return (await objectsOf(debuggee, process, depth)) !== null;
}

/** The locals of a call that have names, or the parts of an object. */
export async function managedVariables(
  debuggee: Debuggee,
  ids: Ids,
  container: ManagedContainer,
  { start, count, filter }: { start: number; count: number; filter: string | undefined },
): Promise<DebugProtocol.Variable[]> {
  const { process, depth } = container;
  const objects = await objectsOf(debuggee, process, depth);
  if (objects === null) return [];
  const toVariable = (part: ManagedPart) => variableOf(objects, ids, { process, depth }, part);
  if (container.kind === 'managed object') {
    const shown = await objects.show(container.address);
    if (shown === null) return [];
    const named = filter === 'indexed' ? [] : await shown.named();
    const indexed = filter === 'named' ? [] : await shown.page(start, Math.min(count, shown.count - start));
    return await Promise.all([...named, ...indexed].map(toVariable));
  }
  const isStatic = container.kind === 'managed statics';
  const locals = await wasmVariables(
    debuggee,
    isStatic ? { kind: 'globals', process } : { kind: 'locals', process, depth },
  );
  const variables: DebugProtocol.Variable[] = [];
  for (const local of locals) {
    // Those without names are the compiler's.
    const name = (isStatic ? STATIC : LOCAL).exec(local.name)?.[1];
    if (local.name === '') variables.push(local);
    if (name === undefined) continue;
    const pointer = local.type === 'i32' ? Number(local.value) >>> 0 : 0;
    const shown = await objects.show(pointer);
    const evaluateName = /^\w+$/.test(name) ? { evaluateName: name } : {};
    if (shown === null) variables.push({ ...local, name, ...evaluateName });
    else {
      const part = { name, text: shown.text, type: shown.type, pointer };
      variables.push({ ...(await toVariable(part)), ...evaluateName });
    }
  }
  return variables;
}

/** Sets a local, or a part of an object, that is a number. Returns its new value. */
export async function setManagedVariable(
  debuggee: Debuggee,
  ids: Ids,
  container: ManagedContainer,
  name: string,
  text: string,
): Promise<string> {
  if (container.kind === 'managed object') return await setPart(debuggee, container, name, text);
  const range = { start: 0, count: 0, filter: 'named' };
  const variables = await managedVariables(debuggee, ids, container, range);
  const found = variables.find((variable) => variable.name === name);
  if (found?.memoryReference !== undefined) throw unsettable(name);
  const { process, depth } = container;
  if (container.kind === 'managed locals')
    return await setWasmVariable(debuggee, { kind: 'locals', process, depth }, `$${name}`, text);
  const globals = await wasmVariables(debuggee, { kind: 'globals', process });
  const global = globals.find((candidate) => STATIC.exec(candidate.name)?.[1] === name);
  return await setWasmVariable(debuggee, { kind: 'globals', process }, global?.name ?? `$${name}`, text);
}

async function setPart(
  debuggee: Debuggee,
  { process, depth, address }: Extract<ManagedContainer, { readonly kind: 'managed object' }>,
  name: string,
  text: string,
): Promise<string> {
  const objects = await objectsOf(debuggee, process, depth);
  const shown = await objects?.show(address);
  const index = /^\[(\d{1,9})\]$/.exec(name)?.[1];
  const parts = shown == null ? [] : [...(await shown.named())];
  if (shown != null && parts.every((part) => part.name !== name))
    parts.push(...(await shown.page(0, MAX_PARTS)));
  if (shown != null && index !== undefined && Number(index) >= MAX_PARTS)
    parts.push(...(await shown.page(Number(index), 1)));
  const place = parts.find((part) => part.name === name)?.at;
  if (place === undefined) throw unsettable(name);
  const bytes =
    numberBytes(place.type, text) ??
    numberBytes(place.type, (await numberThere(debuggee, { process, depth, inlined: 0 }, text)) ?? '');
  if (bytes === null)
    throw new AdapterError(
      ErrorId.BadValue,
      `${name} takes a value of type ${place.type}, which '${text}' is not`,
    );
  const data = Buffer.from(bytes).toString('base64');
  await debuggee.client.request('process/set-memory', { process, offset: place.address, data });
  debuggee.frames.forget(process);
  return numberText(new DataView(bytes.buffer), place.type);
}

function unsettable(name: string): AdapterError {
  return new AdapterError(
    ErrorId.BadValue,
    `${name} cannot be set: AssemblyScript shares its strings and objects, so only numbers can`,
  );
}

async function variableOf(
  objects: ManagedObjects,
  ids: Ids,
  { process, depth }: { process: ProcessKey; depth: number },
  { name, text, type, pointer, at }: ManagedPart,
): Promise<DebugProtocol.Variable> {
  const presentationHint = { attributes: ['readOnly'] };
  if (pointer === null)
    return {
      name,
      value: text,
      type,
      variablesReference: 0,
      ...(at === undefined ? { presentationHint } : {}),
    };
  const shown = await objects.show(pointer);
  const hasParts = shown !== null && shown.type !== 'String';
  return {
    name,
    value: text,
    type,
    presentationHint,
    memoryReference: memoryReference(process, pointer),
    variablesReference: hasParts
      ? ids.container({ kind: 'managed object', process, depth, address: pointer })
      : 0,
    ...(shown === null || shown.count === 0 ? {} : { indexedVariables: shown.count, namedVariables: 0 }),
  };
}

async function objectsOf(
  debuggee: Debuggee,
  process: ProcessKey,
  depth: number,
): Promise<ManagedObjects | null> {
  const { frames } = await debuggee.stops.stack(process);
  const module = frames[depth]?.module;
  if (module === undefined) return null;
  const classes = await debuggee.classes.of(module);
  if (classes.size === 0) return null;
  const globals = await wasmVariables(debuggee, { kind: 'globals', process });
  const typeInfo = globals.find(({ name }) => name === `$${TYPE_INFO}`)?.value;
  if (typeInfo === undefined) return null;
  return new ManagedObjects(debuggee.frames.memoryOf(process), classes, Number(typeInfo) >>> 0);
}
