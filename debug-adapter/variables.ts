import type { DebugProtocol } from '@vscode/debugprotocol';
import { InspectError, type MessageInfo, type ProcessKey } from '../runtime/inspect/protocol.ts';
import {
  bytesOf,
  configRows,
  countOf,
  dataOf,
  hexOf,
  jsonText,
  messageLine,
  processName,
  textOf,
} from '../runtime/inspect/view/index.ts';
import { type Inspected, InspectRequestError } from '../runtime/internal.ts';
import { AdapterError, ErrorId } from './errors.ts';
import type { Container, Ids } from './ids.ts';
import { memoryReference } from './memory-reference.ts';
import type { Session } from './session.ts';
import { managedVariables } from './values/managed/variables.ts';
import { sourceVariables } from './values/source-variables.ts';
import { wasmVariables } from './wasm-variables.ts';

/** The most indexed variables in a response to a request without a count. */
const MAX_PAGE = 1000;

/** The most memories of a module, as engines limit them. A peer that has more is not asked for them. */
const MOST_MEMORIES = 100;

/** Containers whose variables are numbered. */
const INDEXED: ReadonlySet<Container['kind']> = new Set(['mailbox', 'links', 'monitors', 'config-list']);

/** Which variables of a container are requested. */
export interface Range {
  readonly start: number;
  readonly count: number | undefined;
  /** `indexed` or `named`; undefined for all. */
  readonly filter: string | undefined;
}

/** Reads the variables of a scope, or of another variable. */
export async function readVariables(
  { debuggee, ids }: Session,
  container: Container,
  { start, count = MAX_PAGE, filter }: Range,
): Promise<DebugProtocol.Variable[]> {
  const { client } = debuggee;
  const { kind, process } = container;
  if (kind === 'variables' || kind === 'statics' || kind === 'value')
    return await sourceVariables(debuggee, ids, container, { start, count, filter });
  if (kind === 'managed locals' || kind === 'managed statics' || kind === 'managed object')
    return await managedVariables(debuggee, ids, container, { start, count, filter });
  const isIndexed = INDEXED.has(kind);
  if (filter !== undefined && filter !== (isIndexed ? 'indexed' : 'named')) return [];
  switch (kind) {
    case 'mailbox':
      return await mailbox(client, ids, process, start, count);
    case 'message':
      return messageFields(await messageAt(client, process, container.index));
    case 'peers':
      return await peers(client, ids, process);
    case 'links':
      return (await links(client, process)).slice(start, start + count);
    case 'monitors':
      return (await monitors(client, process)).slice(start, start + count);
    case 'config':
      return await config(client, ids, process);
    case 'config-list':
      return (await configList(client, process, container.name)).slice(start, start + count);
    case 'locals':
    case 'globals':
      return await wasmVariables(debuggee, container);
    case 'memory':
      return await memories(client, process);
  }
}

async function mailbox(
  client: Inspected,
  ids: Ids,
  process: ProcessKey,
  start: number,
  count: number,
): Promise<DebugProtocol.Variable[]> {
  const found: DebugProtocol.Variable[] = [];
  // A page may hold fewer messages than requested.
  while (found.length < count) {
    const from = start + found.length;
    const page = await client.request('process/mailbox', {
      process,
      start: from,
      count: count - found.length,
    });
    for (const message of page.messages) {
      const index = start + found.length;
      found.push({
        name: `[${index}]`,
        value: messageLine(message),
        variablesReference: ids.container({ kind: 'message', process, index }),
      });
    }
    if (page.messages.length === 0 || start + found.length >= page.length) break;
  }
  return found;
}

async function messageAt(client: Inspected, process: ProcessKey, index: number): Promise<MessageInfo> {
  const { messages } = await client.request('process/mailbox', { process, start: index, count: 1 });
  const [message] = messages;
  if (message === undefined) {
    throw new AdapterError(ErrorId.NoMessage, `Message ${index} is in the mailbox no more`);
  }
  return message;
}

function messageFields({ kind, tag, size, data, resources, process }: MessageInfo): DebugProtocol.Variable[] {
  const fields = [plain('kind', kind), plain('tag', tag)];
  if (process !== undefined) fields.push(plain('process', `#${process}`));
  if (kind !== 'data') return fields;
  fields.push(plain('size', countOf(size, 'byte')));
  const bytes = dataOf(data);
  const rest = size > bytes.length ? ` … and ${countOf(size - bytes.length, 'byte')} more` : '';
  const text = textOf(bytes, size);
  if (text !== undefined && text !== '') fields.push(plain('text', `${jsonText(text)}${rest}`));
  if (bytes.length > 0) fields.push(plain('bytes', `${hexOf(bytes)}${rest}`));
  for (const [i, resource] of resources.entries()) fields.push(plain(`resource ${i}`, resource));
  return fields;
}

async function peers(client: Inspected, ids: Ids, process: ProcessKey): Promise<DebugProtocol.Variable[]> {
  const found = await client.request('process/peers', { process });
  const group = (name: string, kind: 'links' | 'monitors', count: number): DebugProtocol.Variable => ({
    name,
    value: countOf(count, 'process'),
    variablesReference: count === 0 ? 0 : ids.container({ kind, process }),
    indexedVariables: count,
  });
  return [
    group('linked to', 'links', found.links.length),
    group('monitored by', 'monitors', found.monitors.length),
  ];
}

async function links(client: Inspected, process: ProcessKey): Promise<DebugProtocol.Variable[]> {
  const { links } = await client.request('process/peers', { process });
  return links.map(({ peer, tag }, i) =>
    plain(`[${i}]`, tag === '0' ? processName(peer) : `${processName(peer)}, tag ${tag}`),
  );
}

async function monitors(client: Inspected, process: ProcessKey): Promise<DebugProtocol.Variable[]> {
  const { monitors } = await client.request('process/peers', { process });
  return monitors.map((peer, i) => plain(`[${i}]`, processName(peer)));
}

async function config(client: Inspected, ids: Ids, process: ProcessKey): Promise<DebugProtocol.Variable[]> {
  const rows = configRows(await client.request('process/config', { process }));
  return rows.map(({ name, value, entries = [] }) =>
    entries.length === 0
      ? plain(name, value)
      : {
          ...{ name, value, indexedVariables: entries.length },
          variablesReference: ids.container({ kind: 'config-list', process, name }),
        },
  );
}

async function configList(
  client: Inspected,
  process: ProcessKey,
  name: string,
): Promise<DebugProtocol.Variable[]> {
  const rows = configRows(await client.request('process/config', { process }));
  const entries = rows.find((row) => row.name === name)?.entries ?? [];
  return entries.map((entry, i) => plain(`[${i}]`, entry));
}

/** The memories of a process: the first one, and the others by their indices. */
async function memories(client: Inspected, process: ProcessKey): Promise<DebugProtocol.Variable[]> {
  const found: DebugProtocol.Variable[] = [];
  for (let memory = 0; memory < MOST_MEMORIES; memory++) {
    const size = await sizeOf(client, process, memory);
    if (size === null) return memory === 0 ? [plain('memory', bytesOf(0))] : found;
    const name = memory === 0 ? 'memory' : `memory ${memory}`;
    found.push({ ...plain(name, bytesOf(size)), memoryReference: memoryReference(process, 0, memory) });
  }
  return found;
}

/** Bytes of a memory; null if the process has none of this index. */
async function sizeOf(client: Inspected, process: ProcessKey, memory: number): Promise<number | null> {
  try {
    return (await client.request('process/memory', { process, memory, offset: 0, count: 0 })).size;
  } catch (error) {
    if (error instanceof InspectRequestError && error.code === InspectError.Refused) return null;
    throw error;
  }
}

function plain(name: string, value: string): DebugProtocol.Variable {
  return { name, value, variablesReference: 0 };
}
