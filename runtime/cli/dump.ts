import { isAbsolute, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { InspectClient } from '../inspect/client.ts';
import { InspectRequestError } from '../inspect/client.ts';
import { collectDump } from '../inspect/core-dump/collect-dump.ts';
import { writeDump } from '../inspect/core-dump/dump-writer.ts';
import type { ProcessInfo, ProcessKey } from '../inspect/protocol.ts';
import { printable } from '../text/printable.ts';
import { CommandError } from './load.ts';
import { allProcesses, lookAt } from './looking.ts';
import { writePrivate } from './private-files.ts';

/** Bytes of memory in a dump. */
const ROOM = 2 ** 31;

/** Milliseconds within which a process must stand still that is paused, and after which it is looked at again meanwhile. */
const PAUSE_TIME = 10_000;
const LOOK_TIME = 250;

/**
 * Writes a core dump of a process of a program that is inspected, which goes on afterwards if it ran.
 * @returns a line that names the file
 * @throws CommandError
 */
export async function dumpProcess(
  url: string,
  named: string,
  { output }: { readonly output?: string },
): Promise<string> {
  return await lookAt(url, 'dump', async (client) => {
    const process = await find(client, named);
    const path = resolve(
      output ?? `${process.environment === 1 ? '' : `${process.environment}-`}${process.id}.coredump`,
    );
    try {
      await pause(client, process.key);
      const { program, cwd } = client.welcome;
      const file = isAbsolute(program) ? program : cwd === undefined ? null : resolve(cwd, program);
      writePrivate(path, writeDump(await collectDump(client, process.key, { file, room: ROOM })));
    } catch (error) {
      if (error instanceof InspectRequestError)
        throw new CommandError(`Process ${process.id} cannot be dumped: ${printable(error.message)}`, {
          cause: error,
        });
      if (!(error instanceof Error && 'syscall' in error)) throw error;
      throw new CommandError(`The core dump cannot be written: ${printable(error.message)}`, {
        cause: error,
      });
    }
    return `a core dump of process ${process.id} was written to ${printable(path)}\n`;
  });
}

/** Pauses a process, and waits until it stands still: one that computes does so at the next site to which it comes. */
async function pause(client: InspectClient, process: ProcessKey): Promise<void> {
  let tell = () => {};
  const stopped = new Promise<boolean>((done) => {
    tell = () => done(true);
  });
  const listener = client.on('process/stopped', (event) => {
    if (event.process.key === process) tell();
  });
  try {
    const info = await client.request('process/get', { process });
    if (standsStill(info)) return;
    await client.request('process/pause', { process });
    const end = performance.now() + PAUSE_TIME;
    // Nobody is told when it ends meanwhile, or when others have paused it just before.
    while (!standsStill(await client.request('process/get', { process }))) {
      if (performance.now() > end)
        throw new CommandError(
          `Process ${info.id} cannot be dumped: it has not stood still within ${PAUSE_TIME / 1000} s of being paused`,
        );
      if (await Promise.race([stopped, delay(LOOK_TIME, false, { ref: false })])) return;
    }
  } finally {
    listener.dispose();
  }
}

function standsStill({ state }: ProcessInfo): boolean {
  return state === 'paused' || state === 'held';
}

async function find(client: InspectClient, named: string): Promise<ProcessInfo> {
  const all = await allProcesses(client);
  const found = all.filter(
    ({ id, key, names }) => named === `${id}` || named === key || names.includes(named),
  );
  const [process, other] = found;
  if (process === undefined)
    throw new CommandError(`There is no process ${printable(named)}: \`lunatic ps\` lists all`);
  if (other !== undefined)
    throw new CommandError(
      `There are several processes ${printable(named)}: write ${found.map(({ key }) => key).join(' or ')}`,
    );
  return process;
}
