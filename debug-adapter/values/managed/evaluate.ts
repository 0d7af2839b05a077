import type { DebugProtocol } from '@vscode/debugprotocol';
import type { Debuggee } from '../../debuggee.ts';
import type { FrameRef, Ids } from '../../ids.ts';
import { isManaged, type ManagedContainer, managedVariables, setManagedVariable } from './variables.ts';

/** A local of the source, or a part of one: `cherry.next.ages["two"]`. */
const PATH = /^\s*([A-Za-z_]\w*)((?:\.\w+|\[(?:\d+|"[^"\\]*")\])*)\s*$/;
const STEP = /\.(\w+)|(\[[^\]]*\])/g;

/** What is numbered is looked for among so many. */
const MAX_PARTS = 10_000;

/** What an expression names, in the container that it is in. */
interface Found {
  readonly variable: DebugProtocol.Variable;
  readonly container: ManagedContainer;
}

/** The object of AssemblyScript, or the part of one, that an expression names; null if it names none. */
export async function managedValue(
  debuggee: Debuggee,
  ids: Ids,
  frame: FrameRef,
  expression: string,
): Promise<DebugProtocol.Variable | null> {
  return (await find(debuggee, ids, frame, expression))?.variable ?? null;
}

/** Sets what an expression names. @returns its new value; null if it names no local or part of an object */
export async function setManagedValue(
  debuggee: Debuggee,
  ids: Ids,
  frame: FrameRef,
  expression: string,
  text: string,
): Promise<string | null> {
  const found = await find(debuggee, ids, frame, expression);
  return found && (await setManagedVariable(debuggee, ids, found.container, found.variable.name, text));
}

async function find(
  debuggee: Debuggee,
  ids: Ids,
  frame: FrameRef,
  expression: string,
): Promise<Found | null> {
  const [, name, path = ''] = PATH.exec(expression) ?? [];
  if (name === undefined || !(await isManaged(debuggee, frame))) return null;
  const { process, depth } = frame;
  const steps = [...path.matchAll(STEP)];
  let inside: ManagedContainer = { kind: 'managed locals', process, depth };
  let parts = await managedVariables(debuggee, ids, inside, ALL);
  let found = parts.find((part) => part.name === name);
  if (found === undefined) {
    inside = { kind: 'managed statics', process, depth };
    parts = await managedVariables(debuggee, ids, inside, ALL);
    found = parts.find((part) => part.name === name);
    const [, field] = steps[0] ?? [];
    const ofClass = field === undefined ? undefined : parts.find((part) => part.name === `${name}.${field}`);
    if (found === undefined && ofClass !== undefined) {
      found = ofClass;
      steps.shift();
    }
  }
  for (const [, member, key] of steps) {
    const container = ids.containerOf(found?.variablesReference ?? 0);
    if (container?.kind !== 'managed object') return null;
    inside = container;
    parts = await managedVariables(debuggee, ids, container, ALL);
    found = parts.find((part) => part.name === (member ?? key));
  }
  return found === undefined ? null : { variable: found, container: inside };
}

const ALL = { start: 0, count: MAX_PARTS, filter: undefined } as const;
