import { InspectRequestError } from '../client.ts';
import type { Inspected } from '../inspected.ts';
import {
  InspectError,
  MAX_MEMORY_READ,
  MAX_PAGE,
  type MessageInfo,
  type ProcessInfo,
  type ProcessKey,
} from '../protocol.ts';
import { type DumpContent, type DumpedMemory, MAIN_KEY } from './dump-content.ts';
import { MAX_MESSAGES } from './dump-limits.ts';
import { DumpModule } from './dump-module.ts';
import { leftOutOf, MemoryPieces } from './memory-pieces.ts';

export interface CollectOptions {
  /** The file of the program's own module, by an absolute path; null if it is not known. */
  readonly file: string | null;
  /** Bytes of memory that may be in the dump. */
  readonly room: number;
}

/**
 * Dumps a process of a program that is inspected. It must stand still meanwhile: paused, at a breakpoint, or held after a trap.
 * @throws InspectRequestError with the code `Refused` if it runs or goes on meanwhile, and whatever requests throw
 */
export async function collectDump(
  client: Inspected,
  process: ProcessKey,
  { file, room }: CollectOptions,
): Promise<DumpContent> {
  const info = await client.request('process/get', { process });
  if (info.state !== 'paused' && info.state !== 'held') throw runs(info);
  const { data } = await client.request('module/bytes', { module: info.module });
  const module = new DumpModule(Buffer.from(data, 'base64'), info.module === MAIN_KEY ? file : null);
  const [peers, config, stack, { globals }] = await Promise.all([
    client.request('process/peers', { process }),
    client.request('process/config', { process }),
    client.request('process/stack', { process }),
    client.request('process/globals', { process }),
  ]);
  const calls = stack.frames.map((_, frame) => client.request('process/locals', { process, frame }));
  const locals = await Promise.all(calls);
  const memories = info.memory === 0 ? [] : await readMemories(client, process, module.areMemories64, room);
  const messages = await readMessages(client, info);
  const now = await client.request('process/get', { process });
  // One that went on would have parts of different moments.
  if (now.state !== info.state || now.since !== info.since) throw runs(info);
  const { runtime, program, arguments: args, cwd } = client.welcome;
  return {
    about: {
      runtime,
      time: Date.now(),
      program: file ?? program,
      arguments: args,
      ...(cwd === undefined ? {} : { cwd }),
      process: { ...info, module: MAIN_KEY },
      peers,
      config,
      module: module.about,
      ...(stack.missing === undefined ? {} : { stackMissing: stack.missing }),
      frames: stack.frames.map(({ offset, functionName }, depth) => {
        const missing = locals[depth]?.missing;
        return {
          offset,
          ...(functionName === undefined ? {} : { functionName }),
          ...(missing === undefined ? {} : { localsMissing: missing }),
        };
      }),
      globals: globals.map(({ index }) => index),
      ...leftOutOf(memories),
    },
    messages,
    frames: stack.frames.map((frame, depth) => module.frame(frame, locals[depth]?.locals ?? [])),
    globals: module.globals(globals),
    memories,
    module: module.embedded,
  };
}

function runs({ id }: ProcessInfo): InspectRequestError {
  return new InspectRequestError(
    InspectError.Refused,
    `process ${id} runs: it must be paused, or held after a failure, for a core dump`,
  );
}

/** All memories, of which the first ones have most room. @param are64 by memory: whether its addresses have 64 bits */
async function readMemories(
  client: Inspected,
  process: ProcessKey,
  are64: readonly boolean[],
  room: number,
): Promise<(DumpedMemory & Pick<MemoryPieces, 'leftOut'>)[]> {
  const memories: (DumpedMemory & Pick<MemoryPieces, 'leftOut'>)[] = [];
  let left = room;
  for (const [memory, is64] of are64.entries()) {
    const found = await readMemory(client, process, memory, left);
    left -= found.pieces.reduce((sum, { bytes }) => sum + bytes.length, 0);
    memories.push({ ...found, is64 });
  }
  return memories;
}

async function readMemory(client: Inspected, process: ProcessKey, memory: number, room: number) {
  const found = new MemoryPieces(room);
  for (let offset = 0; ; offset += MAX_MEMORY_READ) {
    const range = { process, memory, offset, count: MAX_MEMORY_READ };
    const part = await client.request('process/memory', range);
    found.add(offset, Buffer.from(part.data, 'base64'));
    if (offset + MAX_MEMORY_READ < part.size) continue;
    return { pages: Math.floor(part.size / 65_536), pieces: found.pieces, leftOut: found.leftOut };
  }
}

async function readMessages(
  client: Inspected,
  { key: process, mailbox }: ProcessInfo,
): Promise<MessageInfo[]> {
  const messages: MessageInfo[] = [];
  while (messages.length < Math.min(mailbox, MAX_MESSAGES)) {
    const page = await client.request('process/mailbox', {
      process,
      start: messages.length,
      count: MAX_PAGE,
    });
    messages.push(...page.messages);
    if (page.messages.length === 0) break;
  }
  return messages;
}
