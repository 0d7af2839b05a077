import { resolve } from 'node:path';
import { openCoreDump } from '../core-dump.ts';
import { Debuggee } from '../debuggee.ts';
import { Output } from '../output.ts';
import { dumpedFile } from '../program-file.ts';
import type { Session } from '../session.ts';

/** What of the arguments of `launch` matters where nothing is run. */
export interface CoreDumpArguments {
  readonly coreDump: string;
  /** Path of its module, if it is not where it was; empty if it is. */
  readonly program: string;
  readonly cwd: string | undefined;
  readonly sourceFileMap: Readonly<Record<string, string>>;
}

/** Makes a core dump the debuggee of a session. */
export async function launchCoreDump(
  session: Session,
  { coreDump, program, cwd, sourceFileMap }: CoreDumpArguments,
): Promise<void> {
  const folder = resolve(cwd ?? process.cwd());
  await session.open(async () => {
    const client = openCoreDump(
      resolve(folder, coreDump),
      program === '' ? undefined : resolve(folder, program),
    );
    const output = new Output((event) => session.sendEvent(event));
    const options = { client, file: dumpedFile(client), output, session, sourceFileMap };
    return await new Debuggee({
      ...options,
      noDebug: false,
      stopOnEntry: false,
      chosen: { only: [], except: [] },
    }).prepare();
  });
}
