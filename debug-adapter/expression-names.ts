/** The names that expressions can use, to be offered while somebody types. */
import type { DebugProtocol } from '@vscode/debugprotocol';
import { AdapterError } from './errors.ts';
import { evaluated, evaluationOf } from './evaluated.ts';
import type { FrameRef } from './ids.ts';
import type { Session } from './session.ts';
import { isManaged } from './values/managed/variables.ts';
import { readVariables } from './variables.ts';

/** More of them would not be read. */
const MAX_NAMES = 1000;
/** Pointers that are followed to a part on their own. */
const MAX_POINTERS = 8;
const NAMED = { start: 0, count: 0, filter: 'named' } as const;

/** Parts of what is known of every process. */
const OF_PROCESS = ['id', 'parent', 'entry', 'name'];
/** Functions, and what can be said of all programs. */
const EVERYWHERE = ['process', 'memory', 'len', 'text', 'contains'];

type Item = DebugProtocol.CompletionItem;

/** The names of variables in a call: those of its source, of its statics, and of WebAssembly. */
export async function namesIn(session: Session, frame: FrameRef): Promise<Item[]> {
  const { debuggee } = session;
  const { process, depth, inlined } = frame;
  const found: DebugProtocol.Variable[] = [];
  const add = async (container: Parameters<typeof readVariables>[1]) => {
    found.push(...(await readVariables(session, container, { ...NAMED, count: MAX_NAMES })));
  };
  if ((await debuggee.frames.of(frame)) !== null) {
    await add({ kind: 'variables', process, depth, inlined });
    await add({ kind: 'statics', process, depth, inlined });
  } else if (await isManaged(debuggee, frame)) {
    await add({ kind: 'managed locals', process, depth });
    await add({ kind: 'managed statics', process, depth });
  }
  await add({ kind: 'locals', process, depth });
  await add({ kind: 'globals', process });
  // Parts of the object of a method are named without it.
  const own = found.some(({ name }) => name === 'this') ? await namesBehind(session, frame, 'this') : [];
  const known = EVERYWHERE.map((label): Item => ({ label, type: 'function' }));
  return [...distinct(found, 'variable'), ...own, ...known];
}

/** The names of the parts of what an expression means. */
export async function namesBehind(session: Session, frame: FrameRef, path: string): Promise<Item[]> {
  if (path === 'process') return OF_PROCESS.map((label): Item => ({ label, type: 'property' }));
  let { variablesReference } = await evaluationOf(session, frame, path);
  for (let i = 0; i < MAX_POINTERS; i++) {
    const container = session.ids.containerOf(variablesReference);
    if (container === undefined) return [];
    const parts = await readVariables(session, container, { ...NAMED, count: MAX_NAMES });
    const target = parts.find(({ name }) => name === '*');
    if (target === undefined) return distinct(parts, 'field');
    ({ variablesReference } = target);
  }
  return [];
}

/** The constants of the enum that an expression is; none if it is no enum, or nothing. */
export async function constantsOf(session: Session, frame: FrameRef, path: string): Promise<Item[]> {
  try {
    const { source, found } = await evaluated(session, frame, path);
    const type = found.kind === 'value' ? await source?.reader.typeOf(found.value) : null;
    if (type?.kind !== 'enum') return [];
    return type.enumerators.slice(0, MAX_NAMES).map(({ name: label }) => ({ label, type: 'enum' }));
  } catch (error) {
    if (error instanceof AdapterError) return [];
    throw error;
  }
}

/** Variables whose names an expression can have, each once. */
function distinct(variables: readonly DebugProtocol.Variable[], type: 'variable' | 'field'): Item[] {
  const items = new Map<string, Item>();
  for (const { name, type: detail } of variables) {
    const label = name.replace(/ \(hidden\)$/, '');
    if (!/^[$\w]+(?:::\w+)*$/.test(label) || items.has(label)) continue;
    items.set(label, { label, type, ...(detail === undefined ? {} : { detail }) });
  }
  return [...items.values()].slice(0, MAX_NAMES);
}
