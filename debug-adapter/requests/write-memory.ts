import type { DebugProtocol } from '@vscode/debugprotocol';
import { MAX_MEMORY_READ } from '../../runtime/inspect/protocol.ts';
import { AdapterError, ErrorId } from '../errors.ts';
import { readMemoryReference } from '../memory-reference.ts';
import { request } from '../request.ts';

/** Writes to a memory of a process that stands still. */
export const writeMemory = request({
  parse: (args) => ({
    reference: readMemoryReference(args.text('memoryReference')),
    from: args.optionalInteger('offset') ?? 0,
    data: args.optionalText('data') ?? '',
  }),
  async handle({ debuggee }, { reference, from, data }): Promise<DebugProtocol.WriteMemoryResponse['body']> {
    const { process, address, memory } = reference;
    const offset = address + from;
    const bytes = Buffer.from(data, 'base64');
    if (offset < 0) throw new AdapterError(ErrorId.BadValue, `There is no address ${offset}`);
    try {
      for (let written = 0; written < bytes.length; written += MAX_MEMORY_READ) {
        const piece = bytes.subarray(written, written + MAX_MEMORY_READ).toString('base64');
        await debuggee.client.request('process/set-memory', {
          ...{ process, memory },
          offset: offset + written,
          data: piece,
        });
      }
    } finally {
      // A part may have been written.
      debuggee.frames.forget(process);
    }
    return { offset: from, bytesWritten: bytes.length };
  },
});
