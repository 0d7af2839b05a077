import type { InspectClient } from '../inspect/client.ts';
import { InspectRequestError } from '../inspect/client.ts';
import { InspectError, type ProcessInfo, type Stack } from '../inspect/protocol.ts';
import { processActivity, processLine } from '../inspect/view/index.ts';
import type { LocatedStack } from '../testing/test-options.ts';
import { displayName } from '../text/display-name.ts';
import { jsonText } from '../text/json-text.ts';
import { InspectedSources } from './inspected-sources.ts';
import { allProcesses, lookAt } from './looking.ts';
import { stackStyle } from './stack-style.ts';

const STDOUT = 1;

/** The number of requests that are sent before their answers are awaited. */
const AT_ONCE = 100;

/**
 * Lists the processes of a program with what each is doing and its stack, as SIGUSR1 does, or as JSON.
 * @throws CommandError
 */
export async function listStacks(url: string, { json }: { readonly json: boolean }): Promise<string> {
  return await lookAt(url, 'stacks', async (client) => {
    const processes = await allProcesses(client);
    const sources = new InspectedSources(client, stackStyle(STDOUT, undefined));
    const found: { info: ProcessInfo; stack: Stack; located: LocatedStack }[] = [];
    for (let i = 0; i < processes.length; i += AT_ONCE) {
      const some = processes.slice(i, i + AT_ONCE);
      const stacks = await Promise.all(some.map((info) => stackOf(client, info)));
      for (const [at, info] of some.entries()) {
        const stack = stacks[at];
        if (stack === undefined) continue;
        found.push({ info, stack, located: await sources.locate(stack.frames) });
      }
    }
    if (json) {
      return `${jsonText(
        found.map(({ info, stack, located }) => ({ ...info, stack: located.frames, missing: stack.missing })),
        2,
      )}\n`;
    }
    return found.length === 0
      ? 'no process has begun\n'
      : found.map(({ info, stack, located }) => `${describe(info, stack, located)}\n`).join('');
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

function describe(info: ProcessInfo, { missing }: Stack, { lines }: LocatedStack): string {
  const text = processLine({
    id: info.id,
    names: info.names.map(displayName),
    activity: displayName(processActivity(info)),
    messages: info.mailbox,
    stack: [],
    lines,
  });
  return missing === undefined ? text : `${text}\n    no stack: ${displayName(missing)}`;
}
