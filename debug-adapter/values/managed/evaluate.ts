import type { DebugProtocol } from '@vscode/debugprotocol';
import type { Debuggee } from '../../debuggee.ts';
import type { FrameRef, Ids } from '../../ids.ts';
import { isManaged, managedVariables } from './variables.ts';

/** A local of the source, or a part of one: `cherry.next.ages["two"]`. */
const PATH = /^\s*([A-Za-z_]\w*)((?:\.\w+|\[(?:\d+|"[^"\\]*")\])*)\s*$/;
const STEP = /\.(\w+)|(\[[^\]]*\])/g;

/** What is numbered is looked for among so many. */
const MAX_PARTS = 10_000;

/** The object of AssemblyScript, or the part of one, that an expression names; null if it names none. */
export async function managedValue(
  debuggee: Debuggee,
  ids: Ids,
  frame: FrameRef,
  expression: string,
): Promise<DebugProtocol.Variable | null> {
  const [, name, path = ''] = PATH.exec(expression) ?? [];
  if (name === undefined || !(await isManaged(debuggee, frame))) return null;
  const { process, depth } = frame;
  let parts = await managedVariables(debuggee, ids, { kind: 'managed locals', process, depth }, ALL);
  let found = parts.find((part) => part.name === name);
  for (const [, member, key] of path.matchAll(STEP)) {
    const container = ids.containerOf(found?.variablesReference ?? 0);
    if (container?.kind !== 'managed object') return null;
    parts = await managedVariables(debuggee, ids, container, ALL);
    found = parts.find((part) => part.name === (member ?? key));
  }
  return found ?? null;
}

const ALL = { start: 0, count: MAX_PARTS, filter: undefined } as const;
