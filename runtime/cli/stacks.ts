import type { InspectClient } from '../inspect/client.ts';
import { InspectRequestError } from '../inspect/client.ts';
import { InspectError, type ProcessInfo, type Stack } from '../inspect/protocol.ts';
import { processActivity, processLine } from '../inspect/view/index.ts';
import { displayName } from '../text/display-name.ts';
import { jsonText } from '../text/json-text.ts';
import { allProcesses, lookAt } from './looking.ts';

/** The number of requests that are sent before their answers are awaited. */
const AT_ONCE = 100;

/**
 * Lists the processes of a program with what each is doing and its stack, as SIGUSR1 does, or as JSON.
 * @throws CommandError
 */
export async function listStacks(url: string, { json }: { readonly json: boolean }): Promise<string> {
  return await lookAt(url, 'stacks', async (client) => {
    const processes = await allProcesses(client);
    const found: { info: ProcessInfo; stack: Stack }[] = [];
    for (let i = 0; i < processes.length; i += AT_ONCE) {
      const some = processes.slice(i, i + AT_ONCE);
      const stacks = await Promise.all(some.map((info) => stackOf(client, info)));
      for (const [at, info] of some.entries()) {
        const stack = stacks[at];
        if (stack !== undefined) found.push({ info, stack });
      }
    }
    if (json) {
      return `${jsonText(
        found.map(({ info, stack }) => ({ ...info, stack: stack.frames, missing: stack.missing })),
        2,
      )}\n`;
    }
    return found.length === 0
      ? 'no process has begun\n'
      : found.map(({ info, stack }) => `${describe(info, stack)}\n`).join('');
  });
}

/** The stack of a process; undefined if it has ended meanwhile. */
async function stackOf(client: InspectClient, { key }: ProcessInfo): Promise<Stack | undefined> {
  try {
    return await client.request('process/stack', { process: key });
  } catch (error) {
    if (error instanceof InspectRequestError && error.code === InspectError.NoProcess) return undefined;
    throw error;
  }
}

function describe(info: ProcessInfo, { frames, missing }: Stack): string {
  const text = processLine({
    id: info.id,
    names: info.names.map(displayName),
    activity: displayName(processActivity(info)),
    messages: info.mailbox,
    stack: frames.map(({ functionIndex, functionName, offset }) => ({
      functionIndex,
      functionName: functionName === undefined ? undefined : displayName(functionName),
      offset,
    })),
  });
  return missing === undefined ? text : `${text}\n    no stack: ${displayName(missing)}`;
}
