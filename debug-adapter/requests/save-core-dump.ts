import { dirname, isAbsolute } from 'node:path';
import { keyFromText } from '../../runtime/inspect/protocol.ts';
import { collectDump, writeDump, writePrivate } from '../../runtime/internal.ts';
import type { Arguments } from '../arguments.ts';
import { AdapterError, ErrorId } from '../errors.ts';
import { request } from '../request.ts';

/** Bytes of memory in a dump. */
const ROOM = 2 ** 31;

/** Writes a core dump of a process that stands still. */
export const saveCoreDump = request({
  parse: (args: Arguments) => ({
    process: args.text('process'),
    path: args.text('path'),
  }),
  async handle(session, { process, path }): Promise<null> {
    if (!isAbsolute(path))
      throw new AdapterError(ErrorId.BadArguments, "lunatic/saveCoreDump: 'path' must be an absolute path");
    const { client, path: file } = session.debuggee;
    const content = await collectDump(client, keyFromText(process), { file, room: ROOM });
    try {
      writePrivate(path, writeDump(content));
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      const message = `The core dump cannot be written to ${dirname(path)}: ${why}`;
      throw new AdapterError(ErrorId.DumpNotWritten, message, { cause: error });
    }
    return null;
  },
});
