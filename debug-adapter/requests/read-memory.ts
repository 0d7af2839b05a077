import type { DebugProtocol } from '@vscode/debugprotocol';
import { MAX_MEMORY_READ } from '../../runtime/inspect/protocol.ts';
import { readMemoryReference } from '../memory-reference.ts';
import { request } from '../request.ts';

/** The most bytes that one request reads. */
const MAX_COUNT = 16 * 2 ** 20;

/** Reads a memory of a process. */
export const readMemory = request({
  parse: (args) => ({
    reference: readMemoryReference(args.text('memoryReference')),
    from: args.optionalInteger('offset') ?? 0,
    count: Math.max(0, args.integer('count')),
  }),
  async handle({ debuggee }, { reference, from, count }): Promise<DebugProtocol.ReadMemoryResponse['body']> {
    const { process, address, memory } = reference;
    const offset = Math.max(0, address + from);
    const wanted = Math.min(count, MAX_COUNT);
    const pieces: Buffer[] = [];
    let read = 0;
    let size = 0;
    do {
      const next = Math.min(wanted - read, MAX_MEMORY_READ);
      const piece = await debuggee.client.request('process/memory', {
        ...{ process, memory },
        offset: offset + read,
        count: next,
      });
      const bytes = Buffer.from(piece.data, 'base64');
      pieces.push(bytes);
      read += bytes.length;
      size = piece.size;
      // The memory ends here.
      if (bytes.length < next) break;
    } while (read < wanted);
    // Only bytes behind the end of the memory are unreadable. Bytes beyond the bound can be requested again.
    const unreadable = Math.max(0, Math.min(count, offset + count - size));
    return {
      address: `0x${offset.toString(16)}`,
      data: Buffer.concat(pieces).toString('base64'),
      ...(unreadable > 0 && read < count ? { unreadableBytes: unreadable } : {}),
    };
  },
});
