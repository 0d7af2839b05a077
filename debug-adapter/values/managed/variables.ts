import type { DebugProtocol } from '@vscode/debugprotocol';
import type { ModuleKey, ProcessKey } from '../../../runtime/inspect/protocol.ts';
import { type ManagedClass, readManagedClasses } from '../../../runtime/internal.ts';
import type { Debuggee } from '../../debuggee.ts';
import { AdapterError, ErrorId } from '../../errors.ts';
import type { Container, FrameRef, Ids } from '../../ids.ts';
import { memoryReference } from '../../memory-reference.ts';
import { setWasmVariable, wasmVariables } from '../../wasm-variables.ts';
import { ManagedObjects, type ManagedPart } from './objects.ts';

/** The global that says where the runtime describes the classes. */
const TYPE_INFO = '$~lib/rt/__rtti_base';

/** The containers of variables of AssemblyScript. */
export type ManagedContainer = Extract<Container, { readonly kind: 'managed locals' | 'managed object' }>;

/** By debuggee and module: its classes. */
const known = new WeakMap<Debuggee, Map<ModuleKey, Promise<ReadonlyMap<number, ManagedClass>>>>();

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
  const locals = await wasmVariables(debuggee, { kind: 'locals', process, depth });
  const variables: DebugProtocol.Variable[] = [];
  for (const local of locals) {
    // Those without names are the compiler's.
    const name = /^\$([A-Za-z_][\w.|]*)$/.exec(local.name)?.[1];
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

/** Sets a local that is a number. Returns its new value. */
export async function setManagedVariable(
  debuggee: Debuggee,
  ids: Ids,
  container: ManagedContainer,
  name: string,
  text: string,
): Promise<string> {
  const range = { start: 0, count: 0, filter: 'named' };
  const variables = await managedVariables(debuggee, ids, container, range);
  const found = variables.find((variable) => variable.name === name);
  if (container.kind === 'managed object') throw unsettable(name);
  if (found !== undefined) checkSettable(name, found);
  const { process, depth } = container;
  return await setWasmVariable(debuggee, { kind: 'locals', process, depth }, `$${name}`, text);
}

/** @throws AdapterError unless it is a local that is a number */
export function checkSettable(
  name: string,
  { memoryReference, presentationHint }: DebugProtocol.Variable,
): void {
  const isPart = presentationHint?.attributes?.includes('readOnly') ?? false;
  if (isPart || memoryReference !== undefined) throw unsettable(name);
}

function unsettable(name: string): AdapterError {
  return new AdapterError(ErrorId.BadValue, `${name} cannot be set: only locals that are numbers can`);
}

async function variableOf(
  objects: ManagedObjects,
  ids: Ids,
  { process, depth }: { process: ProcessKey; depth: number },
  { name, text, type, pointer }: ManagedPart,
): Promise<DebugProtocol.Variable> {
  const presentationHint = { attributes: ['readOnly'] };
  if (pointer === null) return { name, value: text, type, variablesReference: 0, presentationHint };
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
  const { frames } = await debuggee.stack(process);
  const module = frames[depth]?.module;
  if (module === undefined) return null;
  const classes = await classesOf(debuggee, module);
  if (classes.size === 0) return null;
  const globals = await wasmVariables(debuggee, { kind: 'globals', process });
  const typeInfo = globals.find(({ name }) => name === TYPE_INFO)?.value;
  if (typeInfo === undefined) return null;
  return new ManagedObjects(debuggee.frames.memoryOf(process), classes, Number(typeInfo) >>> 0);
}

function classesOf(debuggee: Debuggee, module: ModuleKey): Promise<ReadonlyMap<number, ManagedClass>> {
  let modules = known.get(debuggee);
  if (modules === undefined) {
    modules = new Map();
    known.set(debuggee, modules);
  }
  let classes = modules.get(module);
  if (classes === undefined) {
    classes = readClasses(debuggee, module);
    classes.catch(() => modules.delete(module));
    modules.set(module, classes);
  }
  return classes;
}

async function readClasses(
  debuggee: Debuggee,
  module: ModuleKey,
): Promise<ReadonlyMap<number, ManagedClass>> {
  const { data } = await debuggee.client.request('module/bytes', { module });
  return readManagedClasses(new Uint8Array(Buffer.from(data, 'base64')));
}
