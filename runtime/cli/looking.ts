import { InspectClient, InspectConnectError } from '../inspect/client.ts';
import { MAX_PAGE, type ProcessInfo, type ProcessKey } from '../inspect/protocol.ts';
import { CommandError } from './load.ts';

/** Milliseconds within which a program must answer. A program that only computes still does. */
const ANSWER_TIME = 5000;

/**
 * Connects to a program, lets `look` ask it, and disconnects.
 * @throws CommandError if the program cannot be reached, or ends meanwhile
 */
export async function lookAt<Seen>(
  url: string,
  command: string,
  look: (client: InspectClient) => Promise<Seen>,
): Promise<Seen> {
  let client: InspectClient;
  try {
    client = await InspectClient.connect(url, { client: `lunatic ${command}`, timeout: ANSWER_TIME });
  } catch (error) {
    if (error instanceof InspectConnectError) throw new CommandError(error.message, { cause: error });
    throw error;
  }
  const gone = client.closed.then(() => {
    throw new CommandError('The program has ended meanwhile');
  });
  // When the connection is closed below, nobody waits for it any more.
  gone.catch(() => {});
  try {
    return await Promise.race([look(client), gone]);
  } finally {
    await client.close();
  }
}

/** All processes, asked for page by page. Some may end or start meanwhile. */
export async function allProcesses(client: InspectClient): Promise<ProcessInfo[]> {
  const found = new Map<ProcessKey, ProcessInfo>();
  for (let after: ProcessKey | undefined, last = false; !last; ) {
    const page = await client.request('process/list', {
      limit: MAX_PAGE,
      ...(after === undefined ? {} : { after }),
    });
    for (const info of page.processes) found.set(info.key, info);
    after = page.next;
    last = after === undefined;
  }
  return [...found.values()];
}
