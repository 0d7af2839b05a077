import { dirname, isAbsolute } from 'node:path';
import { keyFromText, type ProcessKey } from '../../runtime/inspect/protocol.ts';
import { collectDump, writeDump, writePrivate } from '../../runtime/internal.ts';
import type { Arguments } from '../arguments.ts';
import { AdapterError, ErrorId } from '../errors.ts';
import { request } from '../request.ts';
import { processOf } from './process-of.ts';

/** Bytes of memory in a dump. */
const ROOM = 2 ** 31;

/** Writes a core dump of a process that stands still, by its key or by its thread. */
export const saveCoreDump = request({
  parse: (args: Arguments) => ({
    process: args.optionalText('process'),
    threadId: args.optionalInteger('threadId'),
    path: args.text('path'),
  }),
  async handle(session, { process, threadId, path }): Promise<null> {
    if (!isAbsolute(path))
      throw new AdapterError(ErrorId.BadArguments, "lunatic/saveCoreDump: 'path' must be an absolute path");
    const { client, path: file } = session.debuggee;
    const content = await collectDump(client, keyOf(), { file, room: ROOM });
    try {
      writePrivate(path, writeDump(content));
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      const message = `The core dump cannot be written to ${dirname(path)}: ${why}`;
      throw new AdapterError(ErrorId.DumpNotWritten, message, { cause: error });
    }
    return null;

    function keyOf(): ProcessKey {
      if (process !== undefined) return keyFromText(process);
      if (threadId !== undefined) return processOf(session, threadId);
      throw new AdapterError(
        ErrorId.BadArguments,
        "lunatic/saveCoreDump: 'process' or 'threadId' must be there",
      );
    }
  },
});
