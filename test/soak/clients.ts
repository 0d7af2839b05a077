import type { ProcessKey } from '../../runtime/inspect/protocol.ts';
import { InspectClient } from '../../runtime/internal.ts';
import type { Random } from '../fuzz/random.ts';
import type { Session } from './session.ts';
import type { Workload } from './workload.ts';

/** Inspection clients that come, look at everything, and go, some without a word. */
export const clients: Workload = {
  name: 'clients',
  weight: 4,
  async run({ url }: Session, random: Random): Promise<void> {
    const client = await InspectClient.connect(url, { client: 'soak' });
    try {
      await client.request('watch', {
        processes: random.pick([10, 100, false] as const),
        output: random.chance(0.5),
        traps: random.chance(0.1),
      });
      for (let i = random.between(1, 20); i > 0; i--) await look(client, random);
    } finally {
      client.close();
      await client.closed;
    }
  },
};

async function look(client: InspectClient, random: Random): Promise<void> {
  const { processes } = await client.request('process/list', { limit: 20 });
  const keys = processes.map(({ key }) => key);
  if (keys.length === 0) return;
  const process: ProcessKey = random.pick(keys);
  const ask = random.pick([
    () => client.request('process/get', { process }),
    () => client.request('process/peers', { process }),
    () => client.request('process/config', { process }),
    () => client.request('process/stack', { process }),
    () => client.request('process/mailbox', { process }),
    () => client.request('process/memory', { process, offset: 0, count: 65_536 }),
    () =>
      client.request('process/pause', { process }).then(() => client.request('process/resume', { process })),
    () => client.request('processes/pause', {}).then(() => client.request('processes/resume', {})),
    () => client.request('module/bytes', { module: 'm1' }),
  ]);
  // It may have ended meanwhile.
  await ask().catch(() => {});
}
